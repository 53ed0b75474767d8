"""What late viewers see of cameras that send no second IDR, or B pictures."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page

from tests.doctor.daemon import daemon
from tests.footage import encode, open_gops
from tests.waiting import wait_until

from .chromium import wait_until as wait_in_page
from .conftest import Server, running_server
from .player import BADGE, STATE, STATS, VEIL
from .test_fallback import FALLBACK

pytestmark = pytest.mark.browser

GOP = 30
OPEN: dict[str, Any] = {"bframes": 2, "x264": ("open-gop=1",)}


@contextmanager
def watched(
    segment_name: str, units: Sequence[bytes], folder: Path, page: Page
) -> Iterator[Server]:
    """A camera that began long ago, and a page of it."""
    with (
        daemon(segment_name, units, fps=30, size=(320, 240)),
        running_server(segment_name, folder) as server,
    ):
        page.goto(f"{server.url}/pet-stream/")
        yield server
        page.goto("about:blank")


@pytest.mark.parametrize(
    "make_units",
    [
        lambda: open_gops(gop=GOP, pictures=10 * GOP)[GOP:],
        lambda: encode(profile="high", gop=GOP, pictures=10 * GOP, bframes=2),
    ],
    ids=["I pictures with recovery points", "B pictures"],
)
def test_what_webrtc_does_not_play_comes_over_a_websocket_at_once(
    segment_name: str, tmp_path: Path, page: Page, make_units: Callable[[], list[bytes]]
) -> None:
    with watched(segment_name, make_units(), tmp_path, page):
        page.wait_for_selector(FALLBACK)
        assert page.evaluate(BADGE) == "Live, compatibility mode"
        # An offer may be on its way before the page knows the camera: it is given up then.
        wait_in_page(page, "window.peers.every((peer) => peer.connectionState === 'closed')")
        assert page.evaluate("window.peers.length") <= 1


def test_open_gops_play_on_from_an_i_picture_that_leading_pictures_follow(
    segment_name: str, tmp_path: Path, page: Page
) -> None:
    units = encode(profile="high", gop=GOP, pictures=10 * GOP, **OPEN)[GOP:]
    with watched(segment_name, units, tmp_path, page):
        page.wait_for_selector(FALLBACK)
        wait_until(lambda: (page.evaluate(STATS) or {}).get("framesDecoded", 0) > 3 * GOP)
        assert page.evaluate(STATE) == "live"


def test_who_joins_a_gradual_refresh_is_told_why_there_is_no_picture(
    segment_name: str, tmp_path: Path, page: Page
) -> None:
    units = encode(gop=GOP, pictures=10 * GOP, x264=("intra-refresh=1",))[1:]
    with watched(segment_name, units, tmp_path, page):
        page.wait_for_selector('pet-stream[data-player-state="camera-offline"]')
        wait_until(lambda: "The camera has sent no IDR for" in page.evaluate(VEIL))
        wait_until(lambda: "no IDR" in page.inner_text("[data-health-details]"))
