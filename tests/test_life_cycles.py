"""Each way to begin and end, in the middle of each thing: threads end, nothing waits for ever, and
what is recorded later is whole.

A row is what is done to the app, a column what it is in the middle of.
"""

from __future__ import annotations

import logging
import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from pet_stream.errors import Busy
from pet_stream.event_loop import EventLoopThread
from pet_stream.library import pictures as pictures_module
from pet_stream.media.access_unit import AccessUnit
from pet_stream.stream import Stream
from pet_stream.web_server import WebServer

from .apps import mounted_app, stream_of, thread_names
from .footage import encode
from .frozen_disk import freezable_disk, frozen
from .recording.disks import Gate
from .recording.mp4_files import expected_pictures, film
from .recording.playback import GOP, Camera, access_unit
from .waiting import TIMEOUT_S, wait_until
from .webrtc.viewer import Viewer
from .websocket.client import deaf_client

PATIENCE_S = 20.0
"""For a start or a stop, on a slow machine: what waits for a frozen disk is given up before."""
RUNNING = ["pet-stream-camera", "pet-stream-loop", "pet-stream-watcher"]


@pytest.fixture(scope="module")
def pictures() -> list[AccessUnit]:
    return [access_unit(data) for data in encode(160, 120, gop=GOP, pictures=2 * GOP)]


@pytest.fixture(autouse=True)
def no_logs() -> Iterator[None]:
    """A fork would copy the locks of pytest's own log in whatever state they are."""
    logging.disable()
    yield
    logging.disable(logging.NOTSET)


@dataclass
class Host:
    """An app with a camera that stands still until it is told to publish."""

    app: Flask
    folder: Path
    pictures: list[AccessUnit]
    expected: dict[str, list[AccessUnit]] = field(default_factory=dict)
    """The pictures of each file that must be there in the end."""
    is_disk_frozen: bool = False
    stuck_thread: str = ""
    """Its name; it ends after the column."""
    has_threads: bool = True
    """Whether one more could be started."""
    children: list[int] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.client: FlaskClient = self.app.test_client()
        self.stream = stream_of(self.app)
        self.camera = Camera(self.stream.broadcaster, self.pictures)
        self.camera.clock_ns = time.monotonic_ns() + 60 * 10**9  # never too old on a slow machine

    def start_recording(self, name: str) -> None:
        started = self.client.post("/api/recording/start", json={"filename": name, "preroll_s": 0})
        assert started.status_code == 200, started.get_json()
        self.camera.publish_to_idr()
        self.expected[f"{name}.mp4"] = self.camera.publish(GOP)

    def stop_recording(self) -> None:
        assert self.client.post("/api/recording/stop").status_code == 200

    def see_children_end(self) -> None:
        while self.children:
            child = self.children.pop()
            killer = threading.Timer(PATIENCE_S, os.kill, (child, signal.SIGKILL))
            killer.start()
            assert os.waitpid(child, 0)[1] == 0
            killer.cancel()

    def is_recording(self) -> bool:
        return bool(self.client.get("/api/recording/status").get_json()["recording"])


# ---- columns


@contextmanager
def idle(host: Host) -> Iterator[None]:
    yield


@contextmanager
def recording(host: Host) -> Iterator[None]:
    host.start_recording("cat")
    yield


@contextmanager
def recording_to_a_frozen_disk(host: Host) -> Iterator[None]:
    host.start_recording("cat")
    wait_until(lambda: host.stream.recorder.status.frame_count)
    with frozen(host.folder):
        host.is_disk_frozen = True
        host.expected["cat.mp4"] += host.camera.publish(GOP)
        wait_until(lambda: host.stream.recorder.status.note)
        yield
    host.is_disk_frozen = False


@contextmanager
def claiming_a_frozen_disk(host: Host) -> Iterator[None]:
    """Its folder was never claimed, and the first recording is told to begin in memory."""
    with frozen(host.folder):
        host.is_disk_frozen = True
        host.start_recording("cat")
        yield
    host.is_disk_frozen = False


@contextmanager
def thumbnails_under_way(host: Host) -> Iterator[None]:
    """One is being made, which takes until the end, and others are waited for."""
    names = [f"old_{letter}.mp4" for letter in "abc"]
    host.start_recording("old_a")
    host.stop_recording()
    for name in names[1:]:
        (host.folder / name).write_bytes((host.folder / names[0]).read_bytes())
    gate = Gate()
    make = pictures_module.thumbnail

    def make_slowly(path: Path, width: int) -> bytes | None:
        gate.pass_through()
        return make(path, width)

    def ask(name: str) -> None:
        host.app.test_client().get(f"/api/recordings/{name}/thumbnail").close()

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pictures_module, "thumbnail", make_slowly)
        askers = [threading.Thread(target=ask, args=(name,)) for name in names for _ in range(2)]
        for asker in askers:
            asker.start()
        try:
            assert gate.arrived.wait(TIMEOUT_S)
            yield
        finally:
            gate.open.set()
            for asker in askers:
                asker.join(TIMEOUT_S)
    assert not any(asker.is_alive() for asker in askers)


@contextmanager
def a_viewer_that_vanished(host: Host) -> Iterator[None]:
    """Over WebRTC: it neither sends nor hears anything any more."""
    loop = EventLoopThread("viewer")
    loop.start()
    try:
        viewer = loop.call(_new_viewer(), TIMEOUT_S)
        offer = {"type": "offer", "sdp": loop.call(viewer.offer(), TIMEOUT_S)}
        answer = host.client.post("/api/webrtc/offer", json=offer).get_json()["sdp"]
        loop.call(viewer.accept(answer), TIMEOUT_S)
        wait_until(lambda: host.stream.places.active_count == 1)
        viewer.vanish()
        yield
        loop.call(viewer.close(), TIMEOUT_S)
    finally:
        loop.stop()


async def _new_viewer() -> Viewer:
    return Viewer()


@contextmanager
def a_websocket_that_does_not_answer(host: Host) -> Iterator[None]:
    """It has shaken hands, then reads nothing and answers no ping."""
    server = WebServer("127.0.0.1", 0)
    server.start(host.app)
    try:
        with deaf_client(f"ws://127.0.0.1:{server.port}/api/stream/ws"):
            wait_until(lambda: host.stream.live_state.listener_count == 1)
            yield
    finally:
        server.stop()


@contextmanager
def no_more_threads(host: Host) -> Iterator[None]:
    """As under a limit of the system: none of ours can be started."""
    start_thread = threading.Thread.start

    def refuse(thread: threading.Thread) -> None:
        if thread.name.startswith("pet-stream"):
            raise RuntimeError("can't start new thread")
        start_thread(thread)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(threading.Thread, "start", refuse)
        host.has_threads = False
        refused = host.client.post("/api/recording/start")
        assert (refused.status_code, refused.get_json()["code"]) == (503, "busy")
        yield
    host.has_threads = True


@contextmanager
def a_loop_that_hangs(host: Host) -> Iterator[None]:
    """It is recording, too."""
    host.start_recording("cat")
    is_over = threading.Event()
    host.stream.event_loop.call_soon(is_over.wait, TIMEOUT_S)
    host.stuck_thread = "pet-stream-loop"
    try:
        yield
    finally:
        is_over.set()


@contextmanager
def a_camera_thread_that_hangs(host: Host) -> Iterator[None]:
    host.start_recording("cat")
    is_over, is_caught = threading.Event(), threading.Event()

    def hang() -> None:
        if threading.current_thread().name == "pet-stream-camera":
            is_caught.set()
            is_over.wait(TIMEOUT_S)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(host.stream.pause, "look", hang)
        assert is_caught.wait(TIMEOUT_S)
        patch.undo()
        host.stuck_thread = "pet-stream-camera"
        try:
            yield
        finally:
            is_over.set()


# ---- rows


def start(host: Host) -> None:
    in_time(host.stream.start)
    assert set(RUNNING) <= set(thread_names())


def stop(host: Host) -> None:
    in_time(host.stream.stop)
    in_time(host.stream.stop)
    assert set(RUNNING) & set(thread_names()) <= {host.stuck_thread}
    assert host.stream.places.active_count == host.stream.listener_places.active_count == 0
    assert not host.stream.broadcaster.has_urgent_subscriber


def stop_and_start(host: Host) -> None:
    stop(host)
    if not host.has_threads:
        start_in_vain(host.stream)
        return
    start(host)
    assert not host.is_recording()


def start_in_vain(stream: Stream) -> None:
    """What fails is said, and leaves nothing half running."""
    with pytest.raises(Busy, match="thread"):
        stream.start()
    assert not stream.is_running
    assert not set(RUNNING) & set(thread_names())


def fork(host: Host) -> None:
    """A child has nothing that runs; it starts and stops parts of its own."""
    child = os.fork()
    if child == 0:
        try:
            assert thread_names() == []
            if host.has_threads:
                in_time(host.stream.start)
                assert set(RUNNING) <= set(thread_names())
            else:
                start_in_vain(host.stream)
            in_time(host.stream.stop)
            os._exit(0)
        finally:
            os._exit(1)
    host.children.append(child)
    if not host.is_disk_frozen:  # else the kernel lets nobody end who waits for it
        host.see_children_end()


def in_time(call: Callable[[], object]) -> None:
    caller = threading.Thread(target=call, daemon=True)
    caller.start()
    caller.join(PATIENCE_S)
    assert not caller.is_alive(), f"{call} does not come back: {thread_names()}"


# ---- the table


@pytest.mark.parametrize(
    "column",
    [
        idle,
        recording,
        thumbnails_under_way,
        a_viewer_that_vanished,
        a_websocket_that_does_not_answer,
        no_more_threads,
    ],
)
@pytest.mark.parametrize("row", [start, stop, stop_and_start, fork])
@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_in_the_middle_of(
    row: Callable[[Host], None],
    column: Callable[[Host], AbstractContextManager[None]],
    tmp_path: Path,
    pictures: list[AccessUnit],
) -> None:
    folder = tmp_path / "recordings"
    folder.mkdir()
    go_through(row, column, tmp_path, folder, pictures)


@pytest.mark.slow  # some seconds each: what is given up is waited for first
@pytest.mark.parametrize("column", [recording_to_a_frozen_disk, claiming_a_frozen_disk])
@pytest.mark.parametrize("row", [start, stop, stop_and_start, fork])
@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_while_the_disk_is_frozen(
    row: Callable[[Host], None],
    column: Callable[[Host], AbstractContextManager[None]],
    tmp_path: Path,
    pictures: list[AccessUnit],
) -> None:
    with freezable_disk(tmp_path) as folder:
        go_through(row, column, tmp_path, folder, pictures)


@pytest.mark.slow  # some seconds each: what hangs is waited for first
@pytest.mark.parametrize("column", [a_loop_that_hangs, a_camera_thread_that_hangs])
@pytest.mark.parametrize("row", [start, stop, stop_and_start, fork])
@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_while_a_part_hangs(
    row: Callable[[Host], None],
    column: Callable[[Host], AbstractContextManager[None]],
    tmp_path: Path,
    pictures: list[AccessUnit],
) -> None:
    folder = tmp_path / "recordings"
    folder.mkdir()
    go_through(row, column, tmp_path, folder, pictures)


def go_through(
    row: Callable[[Host], None],
    column: Callable[[Host], AbstractContextManager[None]],
    tmp_path: Path,
    folder: Path,
    pictures: list[AccessUnit],
) -> None:
    with ExitStack() as stack:
        app = stack.enter_context(mounted_app(tmp_path, RECORD_PATH=folder, MIN_FREE_MB=0))
        host = Host(app, folder, pictures)
        in_time(host.stream.start)
        with column(host):
            row(host)
        host.see_children_end()
        in_time(host.stream.start)
        if host.is_recording():
            host.stop_recording()
        host.start_recording("later")
        host.stop_recording()
        in_time(host.stream.stop)
        wait_until(lambda: not thread_names())
        for name, units in host.expected.items():
            assert film(folder / name).pictures == expected_pictures(units), name
        assert not list(folder.glob("*.part"))
        assert not list(folder.glob("*_recovered*"))
        assert not list(folder.glob("*.unplayable"))
