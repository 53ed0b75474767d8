"""Debian's Firefox has no H.264 over WebRTC: what the page says to such a browser."""

from __future__ import annotations

import base64
from pathlib import Path

import pytest

from tests.camera.camera import Camera

from .bidi import BidiSession
from .conftest import Server

pytestmark = pytest.mark.browser

PLAYER = "document.querySelector('pet-stream')"


def test_firefox_is_told_in_plain_words_that_it_cannot_play_h264_over_webrtc(
    camera: Camera, server: Server, firefox_session: BidiSession, screenshots: Path
) -> None:
    session = firefox_session
    session.goto(f"{server.url}/pet-stream/")
    session.wait_until(f"{PLAYER}?.dataset.playerState === 'unsupported'", 15)
    words = session.evaluate(f"{PLAYER}.shadowRoot.querySelector('.veil').innerText")
    assert "This browser can't show the picture" in words
    assert "H.264" in words
    assert session.evaluate(f"{PLAYER}.shadowRoot.querySelector('.veil').checkVisibility()")
    (screenshots / "firefox.png").write_bytes(base64.b64decode(session.screenshot_base64()))

    statuses = {
        event["response"]["url"].removeprefix(server.url): event["response"]["status"]
        for event in session.events_of("network.responseCompleted")
    }
    assert statuses["/pet-stream/"] == 200
    assert statuses["/api/webrtc/offer"] == 422
    refused = {url for url, status in statuses.items() if status >= 400}
    assert refused <= {"/api/webrtc/offer", "/favicon.ico"}
    assert not session.javascript_errors()
