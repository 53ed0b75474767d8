"""Which way the pictures come is decided by pictures: connections that bring none don't count."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page

from tests.camera.camera import Camera
from tests.footage import encode, write_source
from tests.media.syntax import Sps, pps, slice_nal_unit

from .chromium import inbound_video, wait_until
from .conftest import Server
from .player import PLAYER, VEIL
from .test_live_view import LIVE

pytestmark = pytest.mark.browser

FALLBACK = f'{LIVE}[data-player-transport="websocket"]'
DIRECT = f'{LIVE}[data-player-transport="webrtc"]'
START_CODE = bytes(3) + b"\1"
KEEP_STATES = f"""
window.states = [];
{PLAYER}.addEventListener('pet-stream:state', ({{ detail }}) => states.push(detail.state));
"""
FAILED_BEFORE = """
localStorage.setItem('pet-stream.ways ', JSON.stringify({
    webrtc: { failures: 1, failedAt: Date.now(), until: Date.now() + 2000 },
}));
"""
"""WebRTC has failed in this browser, and in two seconds that will be long enough ago."""


@pytest.fixture(scope="module")
def huge_idrs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """IDRs of 2.9 MB, close to what a slot holds: more RTP packets than Chromium takes."""
    units = encode(
        1920, 1080, pictures=30, gop=30, is_noise=True, x264=["qp=21", "cabac=0", "8x8dct=0"]
    )
    assert 2_800_000 < len(units[0]) < 3_110_400
    path = tmp_path_factory.mktemp("huge") / "idrs"
    write_source(path, units)
    return path


@pytest.fixture
def camera_with_slice_groups(segment_name: str, tmp_path: Path) -> Iterator[Camera]:
    """Baseline as the standard allows it, and no browser plays it."""
    sps = Sps(profile_idc=66, constraint_flags=0)
    parameter_sets = [sps.nal_unit(), pps(slice_groups=2)]
    idr = [*parameter_sets, slice_nal_unit(0, idr=True, sps=sps)]
    pictures = [idr, *([slice_nal_unit(number, sps=sps)] for number in range(1, 14))]
    units = [b"".join(START_CODE + unit for unit in units) for units in pictures]
    write_source(tmp_path / "groups", units)
    with Camera(segment_name, source=tmp_path / "groups", fps=30) as camera:
        yield camera


def test_idrs_that_chromium_does_not_take_by_webrtc_come_the_other_way(
    huge_idrs: Path, server: Server, page: Page, segment_name: str
) -> None:
    with Camera(segment_name, source=huge_idrs, fps=10):
        page.goto(f"{server.url}/pet-stream/")
        wait_until(page, "window.peers.some((peer) => peer.connectionState === 'connected')")
        page.wait_for_selector(FALLBACK)


def test_a_picture_that_freezes_while_packets_come_goes_on_the_other_way(
    camera: Camera, huge_idrs: Path, server: Server, page: Page, segment_name: str
) -> None:
    page.goto(f"{server.url}/pet-stream/")
    page.wait_for_selector(DIRECT)
    camera.stop()
    with Camera(segment_name, source=huge_idrs, fps=10):
        page.wait_for_selector(FALLBACK)


def test_a_way_that_had_failed_is_tried_again_behind_the_picture(
    camera: Camera, server: Server, page: Page
) -> None:
    page.add_init_script(FAILED_BEFORE)
    page.goto(f"{server.url}/pet-stream/")
    page.wait_for_selector(FALLBACK)
    page.evaluate(KEEP_STATES)
    page.wait_for_selector(DIRECT)
    assert set(page.evaluate("states")) == {"live"}, "the picture was gone for it"
    decoded = inbound_video(page)["framesDecoded"]
    wait_until(page, f"{PLAYER}.video.getVideoPlaybackQuality().totalVideoFrames > 30")
    assert inbound_video(page)["framesDecoded"] > decoded


def test_what_no_way_can_play_is_said_and_tried_again(
    camera_with_slice_groups: Camera, server: Server, page: Page
) -> None:
    page.goto(f"{server.url}/pet-stream/")
    page.wait_for_selector('pet-stream[data-player-state="unsupported"]')
    words = page.evaluate(VEIL)
    assert "can decode none of them" in words
    assert "Trying again in" in words
