"""Mounted in a host like web_monitor.py, served as such hosts are served."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import urllib.request
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import av
import pytest

from tests.camera.camera import Camera
from tests.footage import encode, write_source
from tests.server_process import CHECKOUT, SERVERS, Server, serving
from tests.waiting import TIMEOUT_S, wait_until
from tests.web_monitor import OWN_PATHS
from tests.websocket.client import WebSocket

OFFER = CHECKOUT / "tests" / "webrtc" / "offers" / "chromium-156.sdp"
ATTACHED = "attached to the camera's ring"


@pytest.fixture(scope="session")
def footage(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("footage") / "scene"
    write_source(path, encode(320, 240, fps=30, gop=14, pictures=42))
    return path


@pytest.fixture
def camera(segment_name: str, footage: Path) -> Iterator[Camera]:
    with Camera(segment_name, source=footage, fps=30) as camera:
        yield camera


@pytest.fixture
def server(request: pytest.FixtureRequest, camera: Camera, tmp_path: Path) -> Iterator[Server]:
    name, mounts = getattr(request, "param", ("app.run", "first"))
    with serving(SERVERS[name], tmp_path, camera.segment, MOUNTS=mounts) as server:
        yield server


def served_by(*names: str, mounts: str = "first") -> pytest.MarkDecorator:
    return pytest.mark.parametrize(
        "server", [(name, mounts) for name in names or SERVERS], indirect=True, ids=names or SERVERS
    )


def begin_recording(server: Server) -> str:
    """Wait for the camera, start, wait for pictures; the file's name."""
    wait_until(lambda: server.json("/health")["status"] == "ok")
    name: str = server.json("/api/recording/start", "POST")["filename"]
    wait_until(lambda: server.json("/api/recording/status")["frame_count"] >= 20)
    return name


def answer_an_offer(server: Server) -> None:
    """Its viewer is on the way when the server ends."""
    offer = json.dumps({"type": "offer", "sdp": OFFER.read_text()}).encode()
    assert server.json("/api/webrtc/offer", "POST", offer)["type"] == "answer"


def assert_finished(server: Server, name: str) -> None:
    """The recorder said goodbye, and every picture that it counted can be shown."""
    end = re.search(rf"recording {name} ended: (\d+) pictures", server.process.log)
    assert end is not None, server.process.log
    with av.open(server.recordings / name) as file:
        frames = list(file.decode(video=0))
    assert len(frames) == int(end[1]) >= 20
    assert frames[0].key_frame


@served_by()
def test_one_set_of_threads_in_the_process_that_serves_and_none_elsewhere(server: Server) -> None:
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: server.json("/health"), range(16)))
    assert all(answer["version"] for answer in answers)
    wait_until(lambda: server.json("/health")["status"] == "ok")

    threads = server.json("/threads")
    ours = [name for name in threads["names"] if name.startswith("pet-stream")]
    assert ours == ["pet-stream-camera", "pet-stream-loop", "pet-stream-watcher"]
    # not in the reloader's parent, nor in gunicorn's master
    wait_until(lambda: ATTACHED in server.process.log)
    assert server.process.log.count(ATTACHED) == 1
    assert "streaming_frames_read_total" in server.get("/metrics")
    assert server.json("/api/recordings")["recordings"] == []


@pytest.mark.parametrize("server", [("app.run", "first"), ("app.run", "last")], indirect=True)
def test_the_hosts_own_pages_and_streams_are_undisturbed(server: Server) -> None:
    for path in OWN_PATHS:
        assert server.get(path) == f"own {path}"
    assert server.ask("/api/debug/switch-camera", "POST") == "own"
    for path in ("/stream", "/api/status/stream", "/api/detections/stream"):
        with urllib.request.urlopen(server.url + path, timeout=TIMEOUT_S) as answer:
            assert answer.readline() == b"data: own\n"
    health = server.json("/health")
    assert not [reason for reason in health["reasons"] if "answered by" in reason]


@pytest.mark.slow
@served_by("app.run", "flask run", "gunicorn", "gunicorn --preload")
@pytest.mark.parametrize("with_signal", [signal.SIGTERM, signal.SIGINT])
def test_ends_soon_and_finishes_the_recording(server: Server, with_signal: signal.Signals) -> None:
    name = begin_recording(server)
    answer_an_offer(server)
    assert server.process.stop(with_signal) != -signal.SIGKILL
    assert_finished(server, name)


@pytest.mark.slow
@served_by("app.run", "gunicorn", "gunicorn --preload")
@pytest.mark.parametrize("with_signal", [signal.SIGTERM, signal.SIGINT])
def test_open_pages_do_not_hold_up_the_end(server: Server, with_signal: signal.Signals) -> None:
    """Their requests would last for ever."""
    name = begin_recording(server)
    address = server.url.replace("http://", "ws://")
    with (
        WebSocket(address + "/api/stream/ws") as page,
        WebSocket(address + "/api/stream/h264") as viewer,
        urllib.request.urlopen(server.url + "/api/stream/detections", timeout=TIMEOUT_S),
    ):
        page.text("state")
        viewer.binary()
        assert server.process.stop(with_signal) != -signal.SIGKILL
    assert_finished(server, name)


@pytest.mark.slow
@served_by("flask run --debug")
def test_ctrl_c_at_the_reloader_finishes_the_recording_in_its_quarter_second(
    server: Server,
) -> None:
    name = begin_recording(server)
    server.process.stop(signal.SIGINT, is_for_group=True)
    assert_finished(server, name)


@served_by("gunicorn")
def test_a_half_request_costs_no_recording_when_gunicorn_ends(server: Server) -> None:
    """gunicorn waits for the rest of it, up to its graceful timeout, and is killed then."""
    name = begin_recording(server)
    host, _, port = server.url.removeprefix("http://").partition(":")
    with socket.create_connection((host, int(port))) as stranger:
        stranger.sendall(b"GET / HTTP/1.1\r\nHost: a")
        server.ask("/health")  # it has been accepted by now
        os.kill(server.process.pid, signal.SIGTERM)
        wait_until(lambda: (server.recordings / name).is_file())
        assert "Worker exiting" not in server.process.log
