"""`pet-stream demo` and `run` as real processes: how they begin and, above all, how they end."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import json
import os
import re
import signal
import socket
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import av
import pytest

from pet_stream.ingest.segment import POSIX_FOLDER
from tests.waiting import TIMEOUT_S, wait_until
from tools.film.scene import GOP_PICTURES, LOOP_PICTURES, read_picture_number

from ..browser.processes import Process
from ..camera.camera import Camera
from ..webrtc.viewer import Viewer

CHECKOUT = Path(__file__).parents[2]

StartCommand = Callable[..., Process]


@pytest.fixture
def start_command() -> Iterator[StartCommand]:
    """Starts `pet-stream` with arguments; ends what a test leaves running."""
    processes: list[Process] = []

    def start(*arguments: str, **environment: str) -> Process:
        process = Process(
            [sys.executable, "-m", "pet_stream.command_line", *arguments],
            env={**os.environ, **environment},
            cwd=CHECKOUT,
        )
        processes.append(process)
        return process

    yield start
    for process in processes:
        process.stop(signal.SIGKILL)


class Demo:
    def __init__(self, process: Process, url: str, recordings: Path) -> None:
        self.process = process
        self.url = url
        self.recordings = recordings

    def get(self, path: str) -> Any:
        with urllib.request.urlopen(self.url + path, timeout=TIMEOUT_S) as answer:
            return json.load(answer)

    def post(self, path: str, body: dict[str, object]) -> Any:
        request = urllib.request.Request(
            self.url + path,
            json.dumps(body).encode(),
            {"Content-Type": "application/json"},
            method="POST",
        )
        with urllib.request.urlopen(request, timeout=TIMEOUT_S) as answer:
            return json.load(answer)

    def wait_for_picture(self) -> None:
        wait_until(lambda: self.get("/health")["camera"]["state"] == "live")

    def segments(self) -> list[Path]:
        return list(POSIX_FOLDER.glob(f"pet_stream_demo_{self.process.pid}*"))

    def assert_ended(self, exit_code: int) -> None:
        assert exit_code == 0, self.process.log
        assert "Traceback" not in self.process.log
        assert self.segments() == []


@pytest.fixture
def demo(start_command: StartCommand, tmp_path: Path) -> Demo:
    recordings = tmp_path / "recordings"
    process = start_command("demo", "--port", "0", "--record-path", str(recordings))
    url = process.wait_for_line(r"(http://127\.0\.0\.1:\d+)/", TIMEOUT_S)[1]
    return Demo(process, url, recordings)


def test_the_very_first_demo_shows_a_picture_and_leaves_nothing_in_its_home(
    start_command: StartCommand, tmp_path: Path
) -> None:
    home = tmp_path / "home"
    home.mkdir()
    process = start_command(
        *("demo", "--port", "0", "--record-path", str(tmp_path / "recordings")), HOME=str(home)
    )
    url = process.wait_for_line(r"(http://127\.0\.0\.1:\d+)/", TIMEOUT_S)[1]
    demo = Demo(process, url, tmp_path / "recordings")
    demo.wait_for_picture()
    with urllib.request.urlopen(demo.url + "/api/snapshot.jpg", timeout=TIMEOUT_S) as snapshot:
        assert snapshot.read(2) == b"\xff\xd8"
    demo.assert_ended(process.stop(signal.SIGINT))
    assert not list(home.iterdir())


def test_the_host_shows_the_dashboard_and_has_its_own_api(demo: Demo) -> None:
    demo.wait_for_picture()
    with urllib.request.urlopen(demo.url + "/", timeout=TIMEOUT_S) as page:
        assert page.url == demo.url + "/pet-stream/"
        assert page.headers.get_content_type() == "text/html"
    status = demo.get("/api/status")
    assert status["camera"]["state"] == "live"
    assert status["camera"]["segment"] == f"posix:/pet_stream_demo_{demo.process.pid}"


def test_ctrl_c_ends_it(demo: Demo) -> None:
    demo.wait_for_picture()
    assert len(demo.segments()) == 2
    demo.assert_ended(demo.process.stop(signal.SIGINT, is_for_group=True))


def test_ctrl_c_at_the_very_start_ends_it(start_command: StartCommand, tmp_path: Path) -> None:
    process = start_command("demo", "--port", "0", "--record-path", str(tmp_path))
    process.wait_for_line("Embedded camera", TIMEOUT_S)
    demo = Demo(process, "", tmp_path)
    demo.assert_ended(process.stop(signal.SIGINT, is_for_group=True))


def test_sigterm_in_mid_recording_with_a_viewer_finishes_the_file(demo: Demo) -> None:
    demo.wait_for_picture()

    async def watch() -> tuple[list[bytes], int]:
        viewer = Viewer()
        try:
            answer = await asyncio.to_thread(
                demo.post, "/api/webrtc/offer", {"type": "offer", "sdp": await viewer.offer()}
            )
            await viewer.accept(answer["sdp"])
            await asyncio.wait_for(viewer.has(14), TIMEOUT_S)
            assert demo.post("/api/recording/start", {})["status"] == "recording"
            await asyncio.wait_for(viewer.has(60), TIMEOUT_S)
            exit_code = await asyncio.to_thread(demo.process.stop, signal.SIGTERM)
            return viewer.units, exit_code
        finally:
            await viewer.close()

    units, exit_code = asyncio.run(watch())
    demo.assert_ended(exit_code)
    assert len(units) >= 60
    [recording] = demo.recordings.glob("recording_*.mp4")
    numbers = shown_numbers(recording)
    assert len(numbers) > 30
    assert numbers[0] % GOP_PICTURES == 0  # begins with an IDR
    for before, number in itertools.pairwise(numbers):
        assert number == (before + 1) % LOOP_PICTURES or number % GOP_PICTURES == 0


def shown_numbers(recording: Path) -> list[int]:
    """What the decoded pictures show, in order."""
    numbers = []
    with av.open(str(recording)) as container:
        for frame in container.decode(video=0):
            luma = frame.planes[0]
            number = read_picture_number(bytes(luma), luma.line_size)
            assert number is not None
            numbers.append(number)
    return numbers


def test_signals_are_blocked_in_no_child(demo: Demo) -> None:
    demo.wait_for_picture()
    tasks = Path(f"/proc/{demo.process.pid}/task").glob("*/children")
    [camera] = [child for children in tasks for child in children.read_text().split()]
    status = Path(f"/proc/{camera}/status").read_text()
    assert re.search(r"(?m)^SigBlk:\t0+$", status), status


def test_kill_9_leaves_nothing_behind(demo: Demo) -> None:
    demo.wait_for_picture()
    demo.process.stop(signal.SIGKILL)
    wait_until(lambda: demo.segments() == [])


def test_a_taken_port_is_said_before_anything_is_started() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        result = subprocess.run(
            [sys.executable, "-m", "pet_stream.command_line", "demo", "--port", str(port)],
            cwd=CHECKOUT,
            capture_output=True,
            text=True,
            timeout=TIMEOUT_S,
            check=False,
        )
    assert result.returncode == 1
    assert result.stdout == ""
    assert result.stderr.startswith(f"pet-stream: port {port} is taken by another program")
    assert result.stderr.count("\n") == 1


def test_on_the_network_it_shows_where_and_a_qr_code(
    start_command: StartCommand, tmp_path: Path
) -> None:
    process = start_command(
        *("demo", "--host", "0.0.0.0", "--port", "0", "--record-path", str(tmp_path)),
        *("--auth", "off"),
    )
    process.wait_for_line("Ctrl-C stops it", TIMEOUT_S)
    assert process.stop() == 0
    assert re.search(r"On this machine: +http://127\.0\.0\.1:\d+/", process.log)
    assert ("On your network" in process.log) == ("█" in process.log)
    assert "Only this machine" not in process.log


def test_run_serves_a_real_camera_from_the_start(
    start_command: StartCommand, segment_name: str, tmp_path: Path
) -> None:
    """Before the first request, whether the camera is there or not."""
    process = start_command(
        *("run", "--port", "0", "--shm", segment_name, "--detections-shm", "none"),
        *("--record-path", str(tmp_path / "recordings"), "--max-clients", "3"),
    )
    url = process.wait_for_line(r"(http://127\.0\.0\.1:\d+)/", TIMEOUT_S)[1]
    host = Demo(process, url, tmp_path / "recordings")
    health = host.get("/health")
    assert (health["status"], health["max_clients"]) == ("camera_offline", 3)
    with Camera(segment_name, fps=60):
        host.wait_for_picture()
        host.assert_ended(process.stop(signal.SIGTERM))


@pytest.mark.parametrize(
    ("address", "environment", "answered"),
    [
        ("127.0.0.1", {}, set()),
        ("127.1", {}, {"127.1"}),  # a name for Host, and the page is announced under it
        ("127.0.0.1", {"FLASK_PET_STREAM_ALLOWED_HOSTS": "cam.example"}, {"cam.example"}),
        ("127.0.0.1", {"FLASK_PET_STREAM_ALLOWED_HOSTS": "None"}, {"127.1", "cam.example"}),
    ],
)
def test_only_known_names_are_answered(
    start_command: StartCommand,
    tmp_path: Path,
    address: str,
    environment: dict[str, str],
    answered: set[str],
) -> None:
    process = start_command(
        *("run", "--host", address, "--port", "0", "--record-path", str(tmp_path)),
        *("--auth", "off"),
        **environment,
    )
    url = process.wait_for_line(r"(http://127\S+:\d+)/", TIMEOUT_S)[1]
    for name in ("127.1", "cam.example"):
        for path in ("/api/status", "/health"):
            request = urllib.request.Request(url + path, headers={"Host": name})
            if name in answered:
                urllib.request.urlopen(request, timeout=TIMEOUT_S).close()
                continue
            with pytest.raises(urllib.error.HTTPError) as caught:
                urllib.request.urlopen(request, timeout=TIMEOUT_S)
            with caught.value as answer:
                assert answer.code == 421
                assert "PET_STREAM_ALLOWED_HOSTS" in json.load(answer)["error"]


def test_requests_are_not_logged(demo: Demo) -> None:
    for _ in range(3):
        demo.get("/health")
        with contextlib.suppress(urllib.error.HTTPError):
            demo.get("/nothing")
    demo.process.stop()
    assert "GET" not in demo.process.log
