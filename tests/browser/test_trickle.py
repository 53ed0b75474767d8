"""ICE candidates over the state's WebSocket; in the offer where there is none."""

from __future__ import annotations

import json
from typing import Any

import pytest
from playwright.sync_api import Page

from tests.camera.camera import Camera

from .chromium import wait_until
from .conftest import Server
from .player import PLAYER
from .test_live_view import LIVE

pytestmark = pytest.mark.browser

TOLD_OF_STATE = "document.querySelector('[data-health=ok]')"
NO_WEBSOCKET = "window.WebSocket = class { readyState = 3; close() {} }"


def offer_of(page: Page, url: str) -> str:
    with page.expect_request("**/api/webrtc/offer") as request:
        page.goto(url)
    page.wait_for_selector(LIVE)
    return str(json.loads(request.value.post_data or "{}")["sdp"])


def test_candidates_follow_the_offer_by_websocket(
    camera: Camera, server: Server, page: Page
) -> None:
    sent: list[dict[str, Any]] = []
    errors: list[str] = []

    def keep(text: str | bytes) -> None:
        sent.append(json.loads(text))

    def keep_error(text: str | bytes) -> None:
        if json.loads(text)["type"] == "error":
            errors.append(str(text))

    page.on("websocket", lambda ws: ws.on("framesent", keep))
    page.on("websocket", lambda ws: ws.on("framereceived", keep_error))
    offer_of(page, f"{server.url}/pet-stream/?transport=webrtc")
    wait_until(page, TOLD_OF_STATE)
    sent.clear()
    with page.expect_response("**/api/webrtc/offer") as answer:
        page.evaluate(f"{PLAYER}.retry()")
    page.wait_for_selector(LIVE)
    wait_until(page, "window.peers[1].iceGatheringState === 'complete'")
    page.evaluate(f"{PLAYER}.api.health()")  # what was sent before it has arrived
    candidates = [message for message in sent if message["type"] == "candidate"]
    assert {message["pc_id"] for message in candidates} == {answer.value.json()["pc_id"]}
    assert candidates[-1]["candidate"] is None, "the end of candidates"
    assert all(message["candidate"]["sdpMid"] == "0" for message in candidates[:-1])
    assert not errors


def test_without_the_websocket_they_are_in_the_offer(
    camera: Camera, server: Server, page: Page
) -> None:
    page.add_init_script(NO_WEBSOCKET)
    assert "a=candidate" in offer_of(page, f"{server.url}/pet-stream/?transport=webrtc")


def test_nor_does_an_element_alone_in_a_page_have_one(
    camera: Camera, server: Server, page: Page
) -> None:
    assert "a=candidate" in offer_of(page, server.url)
