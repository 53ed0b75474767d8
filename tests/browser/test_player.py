"""What the player does when something goes wrong, or when a person wants something of it."""

from __future__ import annotations

import json
import os
import re
import signal
from contextlib import ExitStack
from pathlib import Path
from urllib.parse import urlsplit

import av
import pytest
from playwright.sync_api import Page

from tests.camera.camera import Camera
from tests.websocket.client import WebSocket

from .chromium import inbound_video, wait_for_decoded, wait_until
from .conftest import Footage, Server, running_server
from .player import HIDE, PLAYER, STATE, VEIL
from .test_live_view import LIVE

pytestmark = pytest.mark.browser

WAYS = ["webrtc", "websocket"]
KEEP_REASONS = f"""
window.reasons = [];
{PLAYER}.addEventListener('pet-stream:state', (event) => reasons.push(event.detail.reason));
"""
SYMBOL_WIDTH = f"{PLAYER}.shadowRoot.querySelector('.symbol svg:not([hidden])').getBBox().width"


def in_state(state: str) -> str:
    return f'pet-stream[data-player-state="{state}"]'


def watch(page: Page, server: Server, way: str) -> None:
    page.goto(f"{server.url}/pet-stream/?transport={way}")
    page.wait_for_selector(LIVE)


@pytest.mark.parametrize("way", WAYS)
def test_it_comes_back_after_the_server_was_killed_and_started_again(
    camera: Camera,
    segment_name: str,
    page: Page,
    page_errors: list[str],
    tmp_path: Path,
    screenshots: Path,
    way: str,
) -> None:
    with running_server(segment_name, tmp_path) as server:
        watch(page, server, way)
        server.process.stop(signal.SIGKILL)
        page.wait_for_selector(in_state("reconnecting"))
        wait_until(page, f"{VEIL}.includes('Trying again in')")
        assert "Last picture at" in page.evaluate(VEIL)
        assert page.evaluate(SYMBOL_WIDTH) > 0, "fetched when it was too late"
        (screenshots / "reconnecting.png").write_bytes(page.screenshot())
    port = urlsplit(server.url).port
    assert port is not None
    with running_server(segment_name, tmp_path, port=port):
        page.wait_for_selector(LIVE)
        page.wait_for_selector('[data-health="ok"]')
    page.close()
    page_errors.clear()  # requests while there was no server


@pytest.mark.parametrize("way", WAYS)
def test_a_server_that_ends_says_so(
    camera: Camera,
    segment_name: str,
    page: Page,
    page_errors: list[str],
    tmp_path: Path,
    way: str,
) -> None:
    with running_server(segment_name, tmp_path) as server:
        watch(page, server, way)
        page.evaluate(KEEP_REASONS)
    page.wait_for_selector(in_state("reconnecting"))
    assert page.evaluate("reasons[0]") == "closed"
    page.close()
    page_errors.clear()  # requests while there was no server


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize(
    ("status", "title", "next_step"),
    [
        (401, "Please sign in", "does not know you"),
        (403, "Not allowed", "asked again when you say so"),
    ],
)
def test_who_may_not_watch_is_told_what_to_do(
    camera: Camera,
    server: Server,
    page: Page,
    page_errors: list[str],
    way: str,
    status: int,
    title: str,
    next_step: str,
) -> None:
    code = {401: "unauthorized", 403: "forbidden"}[status]
    refusal = json.dumps({"error": "no", "code": code})
    page.route("**/api/webrtc/offer", lambda route: route.fulfill(status=status, body=refusal))
    page.route_web_socket(
        "**/api/stream/h264", lambda socket: socket.close(code=4000 + status, reason=code)
    )
    page.goto(f"{server.url}/pet-stream/?transport={way}")
    page.wait_for_selector(in_state("not-allowed"))
    words = page.evaluate(VEIL)
    assert title in words
    assert next_step in words
    page.unroute("**/api/webrtc/offer")
    page_errors.clear()
    if way == "webrtc":
        page.click("pet-stream .retry")
        page.wait_for_selector(LIVE)


@pytest.mark.parametrize("way", WAYS)
def test_the_eleventh_viewer_waits_until_one_of_ten_leaves(
    camera: Camera, server: Server, page: Page, page_errors: list[str], way: str
) -> None:
    with ExitStack() as ten:
        address = f"ws{server.url.removeprefix('http')}/api/stream/h264"
        viewers = [ten.enter_context(WebSocket(address)) for _ in range(10)]
        for viewer in viewers:
            viewer.text("format")
        page.goto(f"{server.url}/pet-stream/?transport={way}")
        page.wait_for_selector(in_state("full"))
        words = page.evaluate(VEIL)
        assert "You are next when one leaves" in words
        assert re.search(r"Trying again in [1-5] s", words)
        viewers[0].close()
        page.wait_for_selector(LIVE)
    page_errors.clear()  # 503


@pytest.mark.parametrize("way", WAYS)
def test_a_picture_that_has_stopped_is_never_shown_as_live(
    camera: Camera, server: Server, page: Page, page_errors: list[str], way: str
) -> None:
    watch(page, server, way)
    os.kill(server.process.pid, signal.SIGSTOP)  # as if the network were cut
    try:
        page.wait_for_selector(in_state("reconnecting"))
        # by what is noticed first: no picture, no beat, no answer
        said = "The picture has stopped|Connection lost|Server not reachable"
        wait_until(page, f"/{said}/.test({VEIL})")
    finally:
        os.kill(server.process.pid, signal.SIGCONT)
    page.wait_for_selector(LIVE)
    page_errors.clear()  # requests that took too long


@pytest.mark.parametrize("server", [{"MAX_CLIENTS": "1"}], indirect=True)
@pytest.mark.parametrize("way", WAYS)
def test_one_too_many_waits_in_line_and_is_next(
    camera: Camera, server: Server, page: Page, way: str, screenshots: Path
) -> None:
    watch(page, server, "webrtc")
    other = page.context.new_page()
    other.goto(f"{server.url}/pet-stream/?transport={way}")
    other.wait_for_selector(in_state("full"))
    words = other.evaluate(VEIL)
    assert "All places are taken" in words
    assert "Trying again" in words
    (screenshots / "full.png").write_bytes(other.screenshot())
    page.goto("about:blank")
    other.wait_for_selector(LIVE)


def test_two_tabs_watch_and_know_of_the_same_recording(
    camera: Camera, server: Server, page: Page
) -> None:
    watch(page, server, "webrtc")
    other = page.context.new_page()
    watch(other, server, "websocket")
    details = "document.querySelector('[data-health-details]').innerText"
    wait_until(other, f"{details}.includes('2 viewers')")
    page.click("[data-record]")
    other.wait_for_selector('[data-recorder-phase="recording"]')
    other.click("[data-record]")
    other.click("pet-stream-recorder .end")
    page.wait_for_selector('[data-recorder-phase="idle"]')
    for tab in (page, other):
        tab.wait_for_selector("[data-recordings] [data-recording]")


def test_a_page_whose_state_is_pushed_asks_for_nothing(
    camera: Camera, server: Server, page: Page
) -> None:
    with page.expect_websocket() as opened:
        watch(page, server, "webrtc")
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    for _ in range(2):  # at least a second lies between two of them: it would have asked
        opened.value.wait_for_event("framereceived", lambda frame: '"pong"' in str(frame))
    assert not [url for url in asked if "/health" in url or "/status" in url], asked


def test_without_a_websocket_the_page_asks_once_a_second(
    camera: Camera, server: Server, page: Page
) -> None:
    page.add_init_script("window.WebSocket = class { readyState = 3; close() {} }")
    watch(page, server, "webrtc")
    with page.expect_response("**/api/recording/status"):
        pass
    page.click("[data-record]")
    page.wait_for_selector('[data-recorder-phase="recording"]')


def test_a_hidden_page_stops_watching_and_a_shown_one_goes_on(
    camera: Camera, server: Server, page: Page
) -> None:
    page.goto(server.url)
    page.evaluate("document.body.innerHTML = '<pet-stream pause-after=\"1\"></pet-stream>'")
    page.wait_for_selector(LIVE)
    page.evaluate(f"({HIDE})(true)")
    page.wait_for_selector(in_state("paused"))
    wait_until(
        page,
        "fetch('/health').then((r) => r.json()).then((h) => h.webrtc_clients === 0)",
    )
    page.evaluate(f"({HIDE})(false)")
    page.wait_for_selector(LIVE)


def test_a_page_hidden_for_a_moment_watches_on(camera: Camera, server: Server, page: Page) -> None:
    watch(page, server, "webrtc")
    for is_hidden in (True, False):
        page.evaluate(f"({HIDE})({str(is_hidden).lower()})")
        wait_for_decoded(page, inbound_video(page)["framesDecoded"] + 30)
        assert page.evaluate(STATE) == "live"
    assert page.evaluate("window.peers.length") == 1


@pytest.mark.parametrize("way", WAYS)
def test_the_snapshot_is_the_cameras_picture(
    camera: Camera, server: Server, page: Page, footage: Footage, tmp_path: Path, way: str
) -> None:
    watch(page, server, way)
    page.hover("pet-stream .frame")
    with page.expect_download() as download:
        page.click("pet-stream [data-control=snapshot]")
    assert download.value.suggested_filename.startswith("snapshot_2")
    path = tmp_path / "snapshot.png"
    download.value.save_as(path)
    with av.open(str(path)) as file:
        picture = next(file.decode(video=0))
    assert (picture.width, picture.height) == (footage.width, footage.height)


def test_keys_zoom_move_and_open_the_readout(camera: Camera, server: Server, page: Page) -> None:
    watch(page, server, "webrtc")
    frame, stage = page.locator("pet-stream .frame"), page.locator("pet-stream .stage")
    frame.focus()
    for key in ("+", "+", "ArrowRight"):
        page.keyboard.press(key)
    assert "scale(1.96)" in str(stage.get_attribute("style"))
    page.keyboard.press("0")
    assert not stage.get_attribute("style")
    page.keyboard.press("i")
    wait_until(
        page,
        "document.querySelector('pet-stream').shadowRoot"
        ".querySelector('[data-quality=data]').innerText.includes('kbit/s')",
    )
    assert page.locator("pet-stream [data-quality=picture]").inner_text() == "1280\xa0×\xa0720"
    page.keyboard.press("Escape")
    assert page.locator("pet-stream .quality").is_hidden()


def test_wheel_with_the_zoom_key_zooms_where_the_pointer_is(
    camera: Camera, server: Server, page: Page
) -> None:
    watch(page, server, "webrtc")
    box = page.locator("pet-stream .frame").bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + 0.1 * box["width"], box["y"] + 0.5 * box["height"])
    page.keyboard.down("Control")
    page.mouse.wheel(0, -100)
    page.keyboard.up("Control")
    wait_until(
        page, "document.querySelector('pet-stream').shadowRoot.querySelector('[data-zoomed]')"
    )
    x, y, scale = page.evaluate(
        """document.querySelector('pet-stream').shadowRoot.querySelector('.stage').style.transform
            .match(/-?[0-9.]+/g).map(Number)"""
    )
    assert scale > 2
    assert 0.1 * scale + x / 100 == pytest.approx(0.1, abs=0.01)
    assert 0.5 * scale + y / 100 == pytest.approx(0.5, abs=0.01)
    page.hover("pet-stream .frame")
    page.click("pet-stream [data-control=whole]")
    assert not page.locator("pet-stream .stage").get_attribute("style")


@pytest.mark.parametrize("way", WAYS)
def test_small_window_and_full_screen(camera: Camera, server: Server, page: Page, way: str) -> None:
    watch(page, server, way)
    page.locator("pet-stream .frame").focus()
    page.keyboard.press("p")
    wait_until(page, "document.pictureInPictureElement")
    page.keyboard.press("f")
    wait_until(page, "document.fullscreenElement && !document.pictureInPictureElement")
    page.keyboard.press("f")
    wait_until(page, "!document.fullscreenElement")
    assert page.evaluate(STATE) == "live"


def test_the_mouse_drags_a_zoomed_picture_and_a_double_click_fills_the_screen(
    camera: Camera, server: Server, page: Page
) -> None:
    watch(page, server, "webrtc")
    frame, stage = page.locator("pet-stream .frame"), page.locator("pet-stream .stage")
    frame.focus()
    page.keyboard.press("+")
    before = stage.get_attribute("style")
    box = frame.bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + 0.5 * box["width"], box["y"] + 0.4 * box["height"])
    page.mouse.down()
    page.mouse.move(box["x"] + 0.6 * box["width"], box["y"] + 0.4 * box["height"], steps=4)
    page.mouse.up()
    assert stage.get_attribute("style") != before
    assert "scale(1.4)" in str(stage.get_attribute("style"))
    frame.dblclick(position={"x": 0.5 * box["width"], "y": 0.3 * box["height"]})
    wait_until(page, "document.fullscreenElement")
    page.keyboard.press("f")
    wait_until(page, "!document.fullscreenElement")
