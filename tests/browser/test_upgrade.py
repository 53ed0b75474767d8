"""`pip install -U` under a service that runs, with a page that watches and a recording."""

from __future__ import annotations

import json
import os
import signal
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import av
import pytest
from playwright.sync_api import Page

from pet_stream.version import __version__
from tests.camera.camera import Camera
from tests.process.notify_socket import NotifySocket
from tests.test_package import build, copy_checkout, empty_environment, install, run
from tests.waiting import wait_until

from .chromium import wait_until as wait_in_page
from .player import PLAYER
from .processes import Process
from .test_live_view import LIVE

pytestmark = pytest.mark.browser

NEW_VERSION = "99.0.0"
NOTE_STATES = f"""
window.states = [];
{PLAYER}.addEventListener(
    'pet-stream:state', (event) => states.push([performance.now(), event.detail.state]));
"""


class Service:
    """What systemd would start: `pet-stream run` of an environment of its own."""

    def __init__(self, python: Path, port: int, folder: Path, segment: str) -> None:
        self.url = f"http://127.0.0.1:{port}"
        self._command = [str(python.with_name("pet-stream")), "run", "--port", str(port)]
        self._command += ["--shm", segment, "--detections-shm", "none"]
        self._folder = folder

    @contextmanager
    def running(self) -> Iterator[Process]:
        """From its READY=1 on; ended as systemd ends it."""
        with NotifySocket(self._folder / "notify") as manager:
            environment = {**os.environ, "NOTIFY_SOCKET": manager.name}
            process = Process(self._command, env=environment, cwd=self._folder)
            try:
                manager.receive_until(lambda message: "READY" in message)
                yield process
                assert process.stop(signal.SIGTERM) == 0, process.log
            finally:
                process.stop(signal.SIGKILL)
                Path(manager.name).unlink()
        assert "Traceback" not in process.log, process.log

    def ask(self, path: str, body: dict[str, object] | None = None) -> Any:
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(
            self.url + path, data, {"Content-Type": "application/json"}
        )
        with urllib.request.urlopen(request) as answer:
            return json.load(answer)


@pytest.fixture
def wheels(tmp_path: Path) -> tuple[Path, Path]:
    """This version, and one with another number."""
    tree = copy_checkout(tmp_path / "tree")
    (tmp_path / "old").mkdir()
    (tmp_path / "new").mkdir()
    old = build(tree, tmp_path / "old", "--wheel")
    for name in ("setup.cfg", "pet_stream/version.py"):
        path = tree / name
        path.write_text(path.read_text().replace(__version__, NEW_VERSION))
    return old, build(tree, tmp_path / "new", "--wheel")


def upgrade(python: Path, wheel: Path) -> None:
    pip = [sys.executable, "-m", "pip", "--python", str(python), "install", "-q", "--upgrade"]
    run([*pip, "--no-deps", str(wheel)], cwd=python.parent)


def test_it_costs_viewers_the_restart_and_no_recording(
    camera: Camera,
    segment_name: str,
    page: Page,
    page_errors: list[str],
    free_port: int,
    wheels: tuple[Path, Path],
    tmp_path: Path,
) -> None:
    python = empty_environment(tmp_path / "venv")
    install(python, str(wheels[0]))
    service = Service(python, free_port, tmp_path, segment_name)
    with service.running():
        page.goto(f"{service.url}/pet-stream/")
        page.wait_for_selector(LIVE)
        service.ask("/api/recording/start", {"filename": "before"})
        wait_until(lambda: service.ask("/api/recording/status")["frame_count"] >= 30)

        upgrade(python, wheels[1])
        assert service.ask("/health")["version"] == __version__  # what runs is the old one
        with urllib.request.urlopen(f"{service.url}/pet-stream/") as answer:
            assert answer.status == 200
        page.wait_for_selector(LIVE)
        page.evaluate(NOTE_STATES)
        began_s = time.monotonic()

    with service.running():
        restart_s = time.monotonic() - began_s
        wait_in_page(page, "states.at(-1)?.[1] === 'live'")
        assert service.ask("/health")["version"] == NEW_VERSION
        states = page.evaluate("states")
        page.wait_for_selector(LIVE)
        told = service.ask("/api/recording/status")  # it goes on by itself
        assert told["interrupted"]["resumed_as"] == told["filename"] == "before_2.mp4"
        wait_until(lambda: service.ask("/api/recording/status")["frame_count"] >= 30)
        page.close()
        page_errors.clear()  # requests while there was no server
    print(f"restart {restart_s:.1f} s, no picture {(states[-1][0] - states[0][0]) / 1000:.1f} s")
    for name in ("before.mp4", "before_2.mp4"):
        with av.open(tmp_path / "recordings" / name) as file:
            assert len(list(file.decode(video=0))) >= 30
