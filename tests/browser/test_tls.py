"""Chromium and a server that speaks HTTPS by a certificate of its own."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from tests.camera.camera import Camera
from tests.waiting import TIMEOUT_S

from .chromium import VIEWPORT
from .conftest import CHECKOUT
from .processes import Process
from .test_fallback import FALLBACK
from .test_live_view import LIVE

pytestmark = pytest.mark.browser


@pytest.fixture
def url(camera: Camera, tmp_path: Path) -> Iterator[str]:
    process = Process(
        [
            *(sys.executable, "-m", "pet_stream.command_line", "run", "--port", "0"),
            *("--shm", camera.segment, "--detections-shm", "none", "--tls-self-signed"),
            *("--record-path", str(tmp_path / "recordings")),
        ],
        env={
            **os.environ,
            "PYTHONUNBUFFERED": "1",
            "FLASK_PET_STREAM_ACCOUNTS": str(tmp_path / "accounts.json"),
        },
        cwd=CHECKOUT,
    )
    try:
        yield process.wait_for_line(r"(https://\S+)/", TIMEOUT_S)[1]
    finally:
        process.stop(signal.SIGINT)
    assert "Traceback" not in process.log


@pytest.fixture
def careless_page(browser: Browser) -> Iterator[Page]:
    """Of somebody who has gone on after the warning."""
    context = browser.new_context(viewport=VIEWPORT, ignore_https_errors=True)
    try:
        yield context.new_page()
    finally:
        context.close()


def test_live_view_and_both_ways_over_https(url: str, careless_page: Page) -> None:
    page = careless_page
    page.goto(url.replace("https:", "http:"))  # as somebody types it
    page.wait_for_selector(LIVE)
    assert page.url == f"{url}/pet-stream/"
    assert page.evaluate("isSecureContext")
    page.goto(f"{url}/pet-stream/?transport=websocket&decoder=webcodecs")
    page.wait_for_selector(FALLBACK)
