"""The pictures over a WebSocket: by hand, by itself, and in a browser that has no other way."""

from __future__ import annotations

import base64
import signal
import socket
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Page

from tests.camera.camera import Camera
from tests.waiting import wait_until

from .bidi import BidiSession
from .conftest import Footage, Server, running_server
from .player import BADGE, DISTINCT_PICTURES, STATE, STATS, TRANSPORT
from .test_live_view import LIVE, assert_is_footage

pytestmark = pytest.mark.browser

OFFERS = "performance.getEntriesByName(`${origin}/api/webrtc/offer`).length"
FALLBACK = f'{LIVE}[data-player-transport="websocket"]'
MAX_LATENCY_MS = 500
WATCH_MS = 2_000
SURFACES = {"webcodecs": ".picture", "mse": "video"}

NO_WEBRTC = "delete window.RTCPeerConnection"
NO_H264 = """RTCRtpReceiver.getCapabilities = () => ({ codecs: [{ mimeType: 'video/VP8' }] })"""
NO_WAY_THROUGH = """
const set = RTCPeerConnection.prototype.setRemoteDescription;
RTCPeerConnection.prototype.setRemoteDescription = function ({ type, sdp }) {
    return set.call(this, { type, sdp: sdp.replace(/a=candidate.*\\r\\n/g, '') });
};
"""


@pytest.mark.parametrize("decoder", ["webcodecs", "mse"])
def test_chromium_plays_over_a_websocket_when_told_to(
    camera: Camera, server: Server, page: Page, footage: Footage, decoder: str
) -> None:
    page.goto(f"{server.url}/pet-stream/?transport=websocket&decoder={decoder}")
    page.wait_for_selector(FALLBACK)

    def plays_smoothly() -> bool:
        """For a while, at least: the machine may be busy."""
        before = page.evaluate(STATS)
        page.wait_for_timeout(WATCH_MS)
        after = page.evaluate(STATS)
        assert (after["width"], after["height"]) == (footage.width, footage.height)
        decoded, packets, lost = (
            after[name] - before[name] for name in ("framesDecoded", "packets", "packetsLost")
        )
        is_at_rate: bool = decoded / (WATCH_MS / 1000) == pytest.approx(footage.fps, rel=0.15)
        # what a decoder without time for it leaves out counts as lost
        is_whole: bool = lost < 0.15 * packets
        is_soon: bool = after["latencyMs"] < MAX_LATENCY_MS
        return is_at_rate and is_whole and is_soon

    wait_until(plays_smoothly)
    assert_is_footage(page.locator(f"pet-stream {SURFACES[decoder]}").screenshot())
    assert page.evaluate("window.peers.length") == 0


def test_chromium_plays_over_a_websocket_when_the_server_has_no_udp_port_left(
    camera: Camera, segment_name: str, tmp_path: Path, page: Page, page_errors: list[str]
) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as foreign:
        foreign.bind(("127.0.0.1", 0))
        port = foreign.getsockname()[1]
        with running_server(segment_name, tmp_path, ICE_PORTS=f"{port}-{port}") as server:
            page.goto(f"{server.url}/pet-stream/")
            page.wait_for_selector(FALLBACK)
            assert "every port of PET_STREAM_ICE_PORTS is in use" in server.process.log
            page.goto("about:blank")
    assert all("503" in error for error in page_errors)
    page_errors.clear()


@pytest.mark.parametrize(
    "script",
    [
        pytest.param(NO_WEBRTC, id="no WebRTC"),
        pytest.param(NO_H264, id="no H.264 in WebRTC"),
        pytest.param(NO_WAY_THROUGH, id="no way through for UDP"),
    ],
)
def test_the_other_way_is_taken_by_itself(
    camera: Camera, server: Server, page: Page, script: str
) -> None:
    page.add_init_script(script)
    page.goto(f"{server.url}/pet-stream/")
    page.wait_for_selector(FALLBACK)
    assert page.evaluate(BADGE) == "Live, compatibility mode"


@pytest.mark.parametrize("decoder", ["auto", "mse"])
def test_firefox_without_h264_in_webrtc_shows_moving_pictures(
    camera: Camera,
    server: Server,
    firefox_session: BidiSession,
    screenshots: Path,
    footage: Footage,
    decoder: str,
) -> None:
    session = firefox_session
    session.goto(f"{server.url}/pet-stream/?decoder={decoder}")
    session.wait_until(f"{STATE} === 'live'")
    assert session.evaluate(TRANSPORT) == "websocket"
    wait_until(lambda: session.evaluate(DISTINCT_PICTURES) > footage.fps)
    wait_until(lambda: session.evaluate(STATS)["latencyMs"] < MAX_LATENCY_MS)
    assert session.evaluate(BADGE) == "Live, compatibility mode"
    (screenshots / "firefox.png").write_bytes(base64.b64decode(session.screenshot_base64()))

    asked = {
        event["response"]["url"].removeprefix(server.url): event["response"]["status"]
        for event in session.events_of("network.responseCompleted")
    }
    assert "/api/webrtc/offer" not in asked, "it was known that this leads nowhere"
    assert {url for url, status in asked.items() if status >= 400} <= {"/favicon.ico"}
    assert not session.javascript_errors()


def test_a_viewer_over_a_websocket_follows_the_camera(
    server: Server, page: Page, footage: Footage, segment_name: str
) -> None:
    page.goto(f"{server.url}/pet-stream/?transport=websocket")
    page.wait_for_selector('pet-stream[data-player-state="camera-offline"]')
    for _ in range(2):
        with Camera(segment_name, source=footage.path, fps=footage.fps):
            page.wait_for_selector(FALLBACK)
        page.wait_for_selector('pet-stream[data-player-state="camera-offline"]')


def test_firefox_comes_back_after_camera_and_server_were_gone(
    segment_name: str, footage: Footage, tmp_path: Path, firefox_session: BidiSession
) -> None:
    session = firefox_session
    with running_server(segment_name, tmp_path) as server:
        with Camera(segment_name, source=footage.path, fps=footage.fps):
            session.goto(f"{server.url}/pet-stream/")
            session.wait_until(f"{STATE} === 'live'")
        session.wait_until(f"{STATE} === 'camera-offline'")
        with Camera(segment_name, source=footage.path, fps=footage.fps):
            session.wait_until(f"{STATE} === 'live'")
            server.process.stop(signal.SIGKILL)
            session.wait_until(f"{STATE} === 'reconnecting'")
            port = urlsplit(server.url).port
            assert port is not None
            with running_server(segment_name, tmp_path, port=port):
                session.wait_until(f"{STATE} === 'live'")
                wait_until(lambda: session.evaluate(DISTINCT_PICTURES) > footage.fps)


def test_the_way_that_won_is_remembered_over_reloads(
    camera: Camera, server: Server, page: Page
) -> None:
    page.add_init_script(NO_WAY_THROUGH)
    page.goto(f"{server.url}/pet-stream/")
    page.wait_for_selector(FALLBACK)
    assert page.evaluate(OFFERS) == 1
    page.reload()
    page.wait_for_selector(FALLBACK)
    assert page.evaluate(OFFERS) == 0
    metrics = page.request.get(f"{server.url}/metrics").text()
    assert "streaming_total_clients 2.0" in metrics
