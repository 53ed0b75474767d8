"""ICE candidates over the state's WebSocket; in the offer where there is none."""

from __future__ import annotations

import json
from typing import Any

import pytest
from playwright.sync_api import Page

from tests.camera.camera import Camera

from .chromium import wait_until
from .conftest import Server
from .test_live_view import LIVE, LIVE_TIMEOUT_MS

pytestmark = pytest.mark.browser

NO_WEBSOCKET = "window.WebSocket = class { readyState = 3; close() {} }"


def offer_of(page: Page, url: str) -> str:
    with page.expect_request("**/api/webrtc/offer", timeout=LIVE_TIMEOUT_MS) as request:
        page.goto(url)
    page.wait_for_selector(LIVE, timeout=LIVE_TIMEOUT_MS)
    return str(json.loads(request.value.post_data or "{}")["sdp"])


def test_candidates_follow_the_offer_by_websocket(
    camera: Camera, server: Server, page: Page
) -> None:
    sent: list[dict[str, Any]] = []
    received: list[dict[str, Any]] = []

    def keep(messages: list[dict[str, Any]], text: str | bytes) -> None:
        messages.append(json.loads(text))

    page.on("websocket", lambda ws: ws.on("framesent", lambda text: keep(sent, text)))
    page.on("websocket", lambda ws: ws.on("framereceived", lambda text: keep(received, text)))
    with page.expect_response("**/api/webrtc/offer", timeout=LIVE_TIMEOUT_MS) as answer:
        offer_of(page, f"{server.url}/pet-stream/?transport=webrtc")
    wait_until(page, "window.peers[0].iceGatheringState === 'complete'", timeout=LIVE_TIMEOUT_MS)
    page.wait_for_timeout(500)  # nothing more comes

    candidates = [message for message in sent if message["type"] == "candidate"]
    assert {message["pc_id"] for message in candidates} == {answer.value.json()["pc_id"]}
    assert candidates[0]["candidate"]["candidate"].startswith("candidate:")
    assert candidates[0]["candidate"]["sdpMid"] == "0"
    assert candidates[-1]["candidate"] is None, "the end of candidates"
    assert not [message for message in received if message["type"] == "error"]


def test_without_the_websocket_they_are_in_the_offer(
    camera: Camera, server: Server, page: Page
) -> None:
    page.add_init_script(NO_WEBSOCKET)
    assert "a=candidate" in offer_of(page, f"{server.url}/pet-stream/?transport=webrtc")


def test_nor_does_an_element_alone_in_a_page_have_one(
    camera: Camera, server: Server, page: Page
) -> None:
    assert "a=candidate" in offer_of(page, server.url)
