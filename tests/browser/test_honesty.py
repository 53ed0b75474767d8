"""Whatever happens, the page says so soon, in one voice, and is live again soon after it.

The cable is in `test_cut.py`.
"""

from __future__ import annotations

import os
import signal
import sys
from contextlib import ExitStack
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Page

from tests.camera.camera import Camera
from tests.waiting import TIMEOUT_S

from .chromium import wait_until
from .conftest import CHECKOUT, Footage, Server, running_server
from .processes import Process
from .watched import Watched, headlines

pytestmark = pytest.mark.browser


def test_whatever_happens_to_camera_and_server(
    footage: Footage,
    segment_name: str,
    tmp_path: Path,
    page: Page,
    page_errors: list[str],
) -> None:
    with ExitStack() as stack:
        camera = stack.enter_context(Camera(segment_name, source=footage.path, fps=footage.fps))
        servers = stack.enter_context(ExitStack())
        server = servers.enter_context(running_server(segment_name, tmp_path))
        port = urlsplit(server.url).port or 0
        watched = Watched(page, f"{server.url}/pet-stream/")

        with watched.trouble("camera frozen") as said:
            os.kill(camera.pid, signal.SIGSTOP)
            watched.wait_until_told()
            os.kill(camera.pid, signal.SIGCONT)
        assert "Camera offline" in headlines(said)

        with watched.trouble("camera dead"):
            camera.kill()
            watched.wait_until_told()
            camera.abandon()
            camera.start()

        with watched.trouble("pause"):
            page.click("[data-pause-toggle]")
            watched.wait_until_told()
            page.click("[data-pause-toggle]")

        for name, how in (("server killed", signal.SIGKILL), ("server stopped", signal.SIGTERM)):
            with watched.trouble(name) as said:
                server.process.stop(how)
                watched.wait_until_told()
                wait_until(page, "told.at(-1).recorder === 'unknown'")
                page.wait_for_timeout(1500)  # long enough for a worse sentence
                server = servers.enter_context(running_server(segment_name, tmp_path, port=port))
            lost = headlines(said)
            if how is signal.SIGTERM:
                assert "The server has stopped" in lost
                assert "Server not reachable" not in lost
            else:
                assert "Server not reachable" in lost
        page.goto("about:blank")
    page_errors.clear()


def test_a_proxy_that_is_stuck(
    camera: Camera, server: Server, page: Page, page_errors: list[str]
) -> None:
    command = [sys.executable, "-m", "tests.browser.relay", str(urlsplit(server.url).port)]
    relay = Process(command, env=dict(os.environ), cwd=CHECKOUT)
    try:
        port = relay.wait_for_line(r"relays at (\d+)", TIMEOUT_S)[1]
        url = f"http://127.0.0.1:{port}/pet-stream/?transport=websocket"
        watched = Watched(page, url)
        with watched.trouble("proxy stuck"):
            relay.send(signal.SIGSTOP)
            watched.wait_until_told()
            relay.send(signal.SIGCONT)
        page.goto("about:blank")
    finally:
        relay.stop(signal.SIGKILL)
    page_errors.clear()
