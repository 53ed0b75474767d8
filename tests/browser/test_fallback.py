"""The pictures over a WebSocket: by hand, by itself, and in a browser that has no other way."""

from __future__ import annotations

import base64
import signal
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Page

from tests.camera.camera import Camera

from .bidi import BidiSession
from .conftest import Footage, Server, running_server
from .player import BADGE, DISTINCT_PICTURES, STATE, STATS, TRANSPORT
from .test_live_view import LIVE, LIVE_TIMEOUT_MS, assert_is_footage

pytestmark = pytest.mark.browser

FALLBACK = f'{LIVE}[data-player-transport="websocket"]'
MAX_LATENCY_MS = 500
WATCH_MS = 3_000
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
    page.wait_for_selector(FALLBACK, timeout=LIVE_TIMEOUT_MS)
    page.wait_for_timeout(1_000)  # the first seconds of a decoder are its slowest
    before = page.evaluate(STATS)
    page.wait_for_timeout(WATCH_MS)
    after = page.evaluate(STATS)
    decoded = after["framesDecoded"] - before["framesDecoded"]
    # a machine without time for it leaves pictures out, which then count as lost
    assert 0.5 < decoded / (WATCH_MS / 1000) / footage.fps < 1.3
    packets = after["packets"] - before["packets"]
    assert after["packetsLost"] - before["packetsLost"] < 0.5 * packets
    assert (after["width"], after["height"]) == (footage.width, footage.height)
    assert after["latencyMs"] < MAX_LATENCY_MS
    assert_is_footage(page.locator(f"pet-stream {SURFACES[decoder]}").screenshot())
    assert page.evaluate("window.peers.length") == 0


@pytest.mark.parametrize(
    ("script", "timeout_ms"),
    [
        pytest.param(NO_WEBRTC, 10_000, id="no WebRTC"),
        pytest.param(NO_H264, 10_000, id="no H.264 in WebRTC"),
        pytest.param(NO_WAY_THROUGH, 16_000, id="no way through for UDP"),
    ],
)
def test_the_other_way_is_taken_by_itself(
    camera: Camera, server: Server, page: Page, script: str, timeout_ms: float
) -> None:
    page.add_init_script(script)
    page.goto(f"{server.url}/pet-stream/")
    page.wait_for_selector(FALLBACK, timeout=timeout_ms)
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
    session.wait_until(f"{STATE} === 'live'", 15)
    assert session.evaluate(TRANSPORT) == "websocket"
    assert session.evaluate(DISTINCT_PICTURES) > footage.fps
    assert session.evaluate(STATS)["latencyMs"] < MAX_LATENCY_MS
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
    page.wait_for_selector('pet-stream[data-player-state="camera-offline"]', timeout=15_000)
    for _ in range(2):
        with Camera(segment_name, source=footage.path, fps=footage.fps):
            page.wait_for_selector(FALLBACK, timeout=LIVE_TIMEOUT_MS)
        page.wait_for_selector('pet-stream[data-player-state="camera-offline"]', timeout=15_000)


def test_firefox_comes_back_after_camera_and_server_were_gone(
    segment_name: str, footage: Footage, tmp_path: Path, firefox_session: BidiSession
) -> None:
    session = firefox_session
    with running_server(segment_name, tmp_path) as server:
        with Camera(segment_name, source=footage.path, fps=footage.fps):
            session.goto(f"{server.url}/pet-stream/")
            session.wait_until(f"{STATE} === 'live'", 15)
        session.wait_until(f"{STATE} === 'camera-offline'", 15)
        with Camera(segment_name, source=footage.path, fps=footage.fps):
            session.wait_until(f"{STATE} === 'live'", 15)
            server.process.stop(signal.SIGKILL)
            session.wait_until(f"{STATE} === 'reconnecting'", 10)
            port = urlsplit(server.url).port
            assert port is not None
            with running_server(segment_name, tmp_path, port=port):
                session.wait_until(f"{STATE} === 'live'", 20)
                assert session.evaluate(DISTINCT_PICTURES) > footage.fps
