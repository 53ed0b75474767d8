"""A page of a server that runs one request at a time: it asks for what it would be told."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Page

from tests.camera.camera import Camera
from tests.server_process import APP, GUNICORN, serving

from .test_live_view import LIVE

pytestmark = pytest.mark.browser


def test_with_one_thread_the_page_is_live_records_and_says_what_to_do(
    camera: Camera, page: Page, page_errors: list[str], tmp_path: Path
) -> None:
    with serving((*GUNICORN, APP), tmp_path, camera.segment) as server:
        page.goto(f"{server.url}/pet-stream/")
        page.wait_for_selector(f'{LIVE}[data-player-transport="webrtc"]')
        page.wait_for_selector('[data-health="warn"]')
        assert "--threads 40" in page.locator("[data-health-details]").inner_text()
        for phase in ("recording", "idle"):
            page.click("[data-record]")
            page.wait_for_selector(f'[data-record-panel="{phase}"]')
        page.goto(f"{server.url}/pet-stream/?transport=websocket")
        page.wait_for_selector('pet-stream[data-player-state="full"]')
        assert "--threads 40" in page.locator("pet-stream .note").inner_text()
        page.close()
    assert all("503" in error for error in page_errors)  # of what lasts
    page_errors.clear()
