"""Record by the page's button, and look at the file."""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from pathlib import Path

import av
import pytest
from playwright.sync_api import Page, Response, WebSocketRoute

from pet_stream.media.h264 import NalUnitType, nal_unit_type, split_annex_b
from tests.camera.camera import Camera

from .chromium import wait_until
from .conftest import Footage, Server
from .player import A_SECOND_RECORDED, RECORDED
from .test_live_view import LIVE

pytestmark = pytest.mark.browser

RECORD_S = 5


def test_five_seconds_recorded_by_the_button_hold_exactly_what_the_camera_sent(
    camera: Camera, server: Server, page: Page, footage: Footage, screenshots: Path
) -> None:
    page.goto(f"{server.url}/pet-stream/")
    page.wait_for_selector(LIVE)
    page.click("[data-record]")
    page.wait_for_selector('[data-recorder-phase="recording"]')
    wait_until(
        page,
        f"{RECORDED} >= '0:0{RECORD_S}'",
    )
    (screenshots / "recording.png").write_bytes(page.screenshot(full_page=True))
    with page.expect_response(f"{server.url}/api/recording/stop") as stop:
        page.click("[data-record]")
    page.wait_for_selector('[data-recorder-phase="idle"]')
    answer = json_of(stop.value)
    row = page.wait_for_selector(f'[data-recordings] [data-recording="{answer["filename"]}"]')
    assert row is not None
    (screenshots / "recorded.png").write_bytes(page.screenshot(full_page=True))

    path = server.recordings / str(answer["filename"])
    assert path.stat().st_size == answer["bytes_written"]
    frame_count = answer["frame_count"]
    assert isinstance(frame_count, int)
    assert frame_count >= RECORD_S * footage.fps // 2
    assert decoded_count(path) == frame_count
    slices = recorded_slices(path)
    assert nal_unit_type(slices[0]) == NalUnitType.IDR_SLICE
    assert_is_part_of(slices, footage)


def test_a_page_knows_its_own_recording_though_the_news_of_it_is_late(
    camera: Camera, server: Server, page: Page
) -> None:
    held: list[str] | None = None

    def on_socket(socket: WebSocketRoute) -> None:
        def on_message(message: str | bytes) -> None:
            if held is None:
                socket.send(message)
            else:
                held.append(str(message))

        sockets.append(socket)
        socket.connect_to_server().on_message(on_message)

    sockets: list[WebSocketRoute] = []
    page.route_web_socket("**/api/stream/ws", on_socket)
    page.goto(f"{server.url}/pet-stream/")
    page.wait_for_selector(LIVE)
    page.wait_for_selector('[data-recorder-phase="idle"]')
    held = []
    with page.expect_response(f"{server.url}/api/recording/start"):
        page.click("[data-record]")
    while not any('"recording":true' in message for message in held):
        page.wait_for_timeout(10)
    assert page.get_attribute("pet-stream-recorder", "data-recorder-phase") == "starting"
    news, held = held, None
    for message in news:
        sockets[-1].send(message)
    page.wait_for_selector('[data-recorder-phase="recording"]')
    wait_until(page, A_SECOND_RECORDED)
    assert not page.inner_text("[data-record-message]")


def json_of(response: Response) -> dict[str, object]:
    assert response.ok, response.text()
    answer: dict[str, object] = response.json()
    return answer


def decoded_count(path: Path) -> int:
    """How many pictures FFmpeg decodes. Raises on the first error in any of them."""
    with av.open(str(path), options={"err_detect": "explode"}) as file:
        file.streams.video[0].codec_context.options = {"err_detect": "explode"}
        return sum(1 for frame in file.decode(video=0) if not frame.is_corrupt)


def recorded_slices(path: Path) -> list[bytes]:
    """The slices in an MP4 file: in it, a length of 4 bytes stands before each NAL unit."""
    slices = []
    with av.open(str(path)) as file:
        for packet in file.demux(video=0):
            data = bytes(packet)
            while data:
                end = 4 + int.from_bytes(data[:4], "big")
                slices += slices_of((data[4:end],))
                data = data[end:]
    return slices


def slices_of(nal_units: Iterable[bytes]) -> list[bytes]:
    kinds = (NalUnitType.NON_IDR_SLICE, NalUnitType.IDR_SLICE)
    return [nal_unit for nal_unit in nal_units if nal_unit_type(nal_unit) in kinds]


def assert_is_part_of(slices: list[bytes], footage: Footage) -> None:
    """Bit for bit what the camera's loop shows, beginning at one of its GOPs."""
    loop = [slices_of(split_annex_b(unit)) for unit in footage.units]
    for start in range(0, len(loop), footage.gop):
        sent = itertools.chain.from_iterable(itertools.cycle(loop[start:] + loop[:start]))
        if all(ours == theirs for ours, theirs in zip(slices, sent, strict=False)):
            return
    pytest.fail("the file is not what the camera sent")
