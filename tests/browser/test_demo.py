"""`pet-stream demo`, as a person starts, uses and ends it."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page

from tests.waiting import TIMEOUT_S

from .chromium import wait_until
from .conftest import CHECKOUT
from .player import RECORDED
from .processes import Process
from .test_live_view import LIVE
from .test_recording import decoded_count

pytestmark = pytest.mark.browser

COMMAND = [sys.executable, "-m", "pet_stream.command_line"]


def start_demo(folder: Path) -> Process:
    return Process(
        [*COMMAND, "demo", "--port", "0", "--no-open", "--record-path", str(folder / "recordings")],
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
        cwd=CHECKOUT,
    )


@pytest.fixture
def demo(page: Page, tmp_path: Path) -> Iterator[Process]:
    """Started when the browser is ready."""
    demo = start_demo(tmp_path)
    try:
        yield demo
    finally:
        demo.stop(signal.SIGINT)


def test_the_picture_comes_and_ctrl_c_finishes_the_recording_and_ends_all_of_it(
    page: Page, page_errors: list[str], demo: Process, tmp_path: Path, screenshots: Path
) -> None:
    url = demo.wait_for_line(r"(http://\S+)", TIMEOUT_S)[1]
    page.goto(url)
    page.wait_for_selector(LIVE)

    page.click("[data-record]")
    wait_until(page, f"{RECORDED} >= '0:02'")
    (screenshots / "dashboard.png").write_bytes(page.screenshot())

    assert not page_errors
    assert demo.stop(signal.SIGINT) == 0, demo.log
    assert "Traceback" not in demo.log
    assert not list(Path("/dev/shm").glob(f"pet_stream_demo_{demo.pid}*"))
    [recording] = (tmp_path / "recordings").glob("recording_*.mp4")
    page.wait_for_selector('pet-stream[data-player-state="reconnecting"]')
    assert decoded_count(recording) >= 30
    page.close()
    page_errors.clear()  # the page has noticed that its server is gone
