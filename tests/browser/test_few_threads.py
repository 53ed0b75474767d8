"""The page of a host whose server answers one request at a time."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Page

from tests.camera.camera import Camera
from tests.server_process import APP, GUNICORN, serving
from tests.waiting import wait_until

from .player import DISTINCT_PICTURES
from .test_live_view import LIVE
from .test_trickle import offer_of

pytestmark = pytest.mark.browser


def test_it_plays_records_and_says_why_it_asks_and_keeps_nobody_out(
    camera: Camera, page: Page, page_errors: list[str], tmp_path: Path
) -> None:
    command = ("flask", "--app", "tests.web_monitor", "run", "--without-threads", "--port", "0")
    with serving(command, tmp_path, camera.segment) as server:
        page.goto(f"{server.url}/pet-stream/")
        page.wait_for_selector(LIVE)
        page.wait_for_selector("text=threaded=True")
        page.click("[data-record]")
        page.wait_for_selector('[data-recorder-phase="recording"]')
        wait_until(lambda: server.json("/api/recording/status")["frame_count"] > 10)
        assert page.evaluate(DISTINCT_PICTURES) > 10
        page.click("[data-record]")
        page.wait_for_selector('[data-recorder-phase="idle"]')
        [row] = server.json("/api/recordings")["recordings"]
        page.wait_for_selector(f'[data-recordings] [data-recording="{row["name"]}"]')
        assert not page_errors, "it does not try what is refused"
        page.close()
    page_errors.clear()  # it may have noticed that its server is gone


def test_its_offer_is_complete_and_without_webrtc_the_player_says_what_to_do(
    camera: Camera, page: Page, page_errors: list[str], tmp_path: Path
) -> None:
    with serving((*GUNICORN, APP), tmp_path, camera.segment) as server:
        assert "a=candidate" in offer_of(page, f"{server.url}/pet-stream/")
        page.goto(f"{server.url}/pet-stream/?transport=websocket")
        page.wait_for_selector('pet-stream[data-player-state="full"]')
        assert "--threads 40" in page.locator("pet-stream .note").inner_text()
        page.close()
    assert all("503" in error for error in page_errors)  # of the socket for its pictures
    page_errors.clear()
