"""What `run` does when nothing else helps, and that its process ends whatever hangs."""

from __future__ import annotations

import json
import os
import signal
import socket
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.apps import NO_CAMERA
from tests.browser.processes import Process
from tests.camera.camera import Camera
from tests.footage import encode, write_source
from tests.frozen_disk import freezable_disk, frozen
from tests.waiting import TIMEOUT_S, wait_until

CHECKOUT = Path(__file__).parents[2]
URL = r"http://127\.0\.0\.1:(\d+)/"
DIES_AT_ONCE = """
import sys, threading
from pet_stream.command_line import main
from pet_stream.pause.pause import Pause
from pet_stream.supervision.attempts import BackOff

def look(pause):
    if threading.current_thread().name.endswith("-camera"):
        raise SystemExit

Pause.look = look
BackOff.delay_s = lambda back_off, failure_count: 0.0
sys.argv = ["pet-stream", "run", "--port", "0"]
main()
"""
"""The camera thread of this `run` dies each time that it is started, and no try is waited for."""


@pytest.fixture
def processes() -> Iterator[list[Process]]:
    started: list[Process] = []
    yield started
    for process in started:
        process.stop(signal.SIGKILL)


def environment(folder: Path, segment: str = NO_CAMERA) -> dict[str, str]:
    settings = {
        "SHM": segment,
        "RECORD_PATH": str(folder),
        "MIN_FREE_MB": "0",
        "KEEP_FREE_MB": "0",
    }
    return {
        **os.environ,
        "PYTHONUNBUFFERED": "1",
        **{f"FLASK_PET_STREAM_{name}": value for name, value in settings.items()},
    }


@pytest.mark.slow  # ten looks of the watcher
def test_run_ends_its_process_when_its_camera_thread_can_t_be_mended(
    tmp_path: Path, processes: list[Process]
) -> None:
    process = Process(
        [sys.executable, "-c", DIES_AT_ONCE],
        env=environment(tmp_path),
        cwd=CHECKOUT,
    )
    processes.append(process)
    process.wait_for_line("pet-stream: the camera thread has died .* did not help", TIMEOUT_S)
    wait_until(lambda: state_of(process.pid) in ("Z", ""))
    assert process.stop() == 1


@pytest.mark.slow  # the disk is waited for
def test_a_process_whose_disk_is_frozen_ends_within_ten_seconds(
    tmp_path: Path, segment_name: str, processes: list[Process]
) -> None:
    """The kernel keeps the thread that waits for the disk; all else of it has gone."""
    source = tmp_path / "scene"
    write_source(source, encode(160, 120, fps=30, gop=10, pictures=30))
    with freezable_disk(tmp_path) as disk, Camera(segment_name, source=source, fps=30):
        process = Process(
            [sys.executable, "-m", "pet_stream.command_line", "run", "--port", "0"],
            env=environment(disk, segment_name),
            cwd=CHECKOUT,
        )
        processes.append(process)
        port = int(process.wait_for_line(URL, TIMEOUT_S)[1])
        ask(port, "/api/recording/start", {})
        wait_until(lambda: ask(port, "/api/recording/status")["frame_count"])
        with frozen(disk):
            wait_until(lambda: ask(port, "/health")["parts"]["recorder"]["state"] == "stuck")
            assert "recorder_stuck" in ask(port, "/health")["reason_codes"]
            begin_s = time.monotonic()
            os.kill(process.pid, signal.SIGTERM)
            wait_until(lambda: state_of(process.pid) in ("Z", ""))
            assert time.monotonic() - begin_s < 10
            with socket.socket() as again:
                again.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                again.bind(("127.0.0.1", port))  # so the next one can serve
        assert process.stop() == 0
        assert list(disk.glob("recording_*"))


def ask(port: int, path: str, body: object = None) -> dict[str, Any]:
    data = None if body is None else json.dumps(body).encode()
    headers = {"Content-Type": "application/json"}
    request = urllib.request.Request(f"http://127.0.0.1:{port}{path}", data, headers)
    with urllib.request.urlopen(request, timeout=TIMEOUT_S) as answer:
        result: dict[str, Any] = json.loads(answer.read())
        return result


def state_of(pid: int) -> str:
    """Of the main thread, as ps(1) shows it; empty: the process has gone."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return ""
