"""Parts of a running stream that are stuck or dead: they are named, and start again by themselves;
what is recorded is whole."""

from __future__ import annotations

import asyncio
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from pet_stream.broadcaster import Subscription
from pet_stream.errors import LoopUnavailable
from pet_stream.event_loop import EventLoopThread
from pet_stream.media.access_unit import AccessUnit
from pet_stream.stream import Stream
from pet_stream.supervision.attempts import BackOff
from tests.apps import mounted_app, stream_of
from tests.camera.camera import Camera
from tests.camera.detector import Detector
from tests.footage import encode, write_source
from tests.recording.mp4_files import expected_pictures, film
from tests.recording.playback import GOP, access_unit
from tests.recording.playback import Camera as Playback
from tests.waiting import TIMEOUT_S, wait_until
from tests.webrtc.viewer import Viewer
from tests.websocket.client import WebSocket, served

Breakage = Callable[[Stream], AbstractContextManager[None]]


def hurry(stream: Stream) -> None:
    """What is stuck is replaced soon after it was noticed. The loop beats once a second."""
    limits = stream.watcher.limits
    limits.look_s, limits.silence_s, limits.patience_s = 0.02, 1.3, 1.4


def state(stream: Stream, name: str) -> str:
    return next(part.state for part in stream.parts if part.name == name)


@contextmanager
def blocked(stream: Stream) -> Iterator[None]:
    """The loop does one thing, until the end."""
    is_over, is_blocked = threading.Event(), threading.Event()
    lasted: list[bool] = []

    def block() -> None:
        is_blocked.set()
        lasted.append(is_over.wait(TIMEOUT_S))

    stream.event_loop.call_soon(block)
    try:
        assert is_blocked.wait(TIMEOUT_S)
        yield
        assert not lasted, "it is not blocked any more"
    finally:
        is_over.set()


@contextmanager
def killed(stream: Stream) -> Iterator[None]:
    """The loop's thread has died."""
    run = stream.event_loop.run
    assert run is not None
    stream.event_loop.call_soon(sys.exit)
    wait_until(lambda: not run.is_alive)
    yield


@pytest.fixture(scope="module")
def pictures() -> list[AccessUnit]:
    return [access_unit(data) for data in encode(160, 120, gop=GOP, pictures=2 * GOP)]


@pytest.fixture(scope="module")
def footage(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("footage") / "scene"
    write_source(path, encode(160, 120, fps=30, gop=10, pictures=30))
    return path


@pytest.fixture
def app(tmp_path: Path) -> Iterator[Flask]:
    with mounted_app(tmp_path, MIN_FREE_MB=0) as app:
        stream_of(app).start()
        hurry(stream_of(app))
        yield app


@pytest.fixture
def live(segment_name: str, footage: Path, tmp_path: Path) -> Iterator[Flask]:
    """With a camera that runs."""
    with (
        Camera(segment_name, source=footage, fps=30),
        mounted_app(tmp_path, SHM=segment_name) as app,
    ):
        stream_of(app).start()
        hurry(stream_of(app))
        wait_until(lambda: stream_of(app).reader.status.state == "live")
        yield app


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    return app.test_client()


# ---- the event loop


def test_a_blocked_loop_is_named_and_gets_a_successor(app: Flask, client: FlaskClient) -> None:
    stream = stream_of(app)
    stream.watcher.limits.patience_s = TIMEOUT_S
    old = stream.event_loop
    with blocked(stream):
        wait_until(lambda: state(stream, "loop") == "stuck")
        health = client.get("/health").get_json()
        assert health["parts"]["loop"]["state"] == "stuck"
        assert health["parts"]["loop"]["age_s"] >= 1.3  # rounded
        assert "loop_stuck" in health["reason_codes"]
        assert client.get("/livez").status_code == client.get("/readyz").status_code == 503
        assert (old.lag_s or 0.0) > 0.3
        hurry(stream)
        wait_until(lambda: state(stream, "loop") == "running")
        assert stream.event_loop is not old
        assert client.get("/livez").status_code == 200
        assert client.post("/api/recording/start").status_code == 200
    assert client.post("/api/recording/stop").status_code == 200


@pytest.mark.parametrize("watched", [True, False])
def test_with_a_dead_loop_nothing_answers_500_and_stop_does_not_raise(
    app: Flask, client: FlaskClient, watched: bool
) -> None:
    stream = stream_of(app)
    if not watched:
        stream.watcher.stop()
    with killed(stream):
        assert client.post("/api/recording/start").status_code in (200, 503)
        if watched:
            wait_until(lambda: client.post("/api/recording/start").status_code in (200, 409))
        assert client.get("/health").status_code == 200
    stream.stop()
    assert stream.parts == ()


@pytest.mark.parametrize("breakage", [blocked, killed])
def test_a_recording_goes_on_when_its_loop_is_replaced(
    breakage: Breakage, app: Flask, client: FlaskClient, pictures: list[AccessUnit]
) -> None:
    stream = stream_of(app)
    camera = Playback(stream.broadcaster, pictures)
    camera.clock_ns = time.monotonic_ns()
    body = {"filename": "cat", "preroll_s": 0, "duration_s": 3600}
    assert client.post("/api/recording/start", json=body).status_code == 200
    expected = camera.publish(2 * GOP)
    old = stream.event_loop
    with breakage(stream):
        expected += camera.publish(GOP)
        wait_until(lambda: stream.event_loop is not old)
        wait_until(lambda: client.get("/api/recording/status").get_json()["recording"])
        expected += camera.publish(GOP)
    expected += camera.publish(GOP)
    stopped = client.post("/api/recording/stop").get_json()
    assert stopped["frame_count"] == len(expected)
    path = Path(app.config["PET_STREAM_RECORD_PATH"]) / "cat.mp4"
    assert film(path).pictures == expected_pictures(expected)
    assert client.post("/api/recording/start", json={"filename": "dog"}).status_code == 200


@pytest.mark.slow  # what hangs is waited for first
def test_a_recording_that_was_never_confirmed_is_given_up_with_its_loop(
    app: Flask, client: FlaskClient, pictures: list[AccessUnit]
) -> None:
    stream = stream_of(app)
    old = stream.event_loop
    starting, is_over = threading.Event(), threading.Event()

    async def start() -> None:
        starter = asyncio.ensure_future(stream.recorder.start("cat"))
        await asyncio.sleep(0)
        starting.set()
        is_over.wait(TIMEOUT_S)
        await starter

    def ask() -> None:
        with suppress(LoopUnavailable):
            old.call(start(), TIMEOUT_S)

    caller = threading.Thread(target=ask)
    caller.start()
    try:
        assert starting.wait(TIMEOUT_S)
        wait_until(lambda: stream.event_loop is not old)
        wait_until(lambda: not stream.recorder.is_writing)
    finally:
        is_over.set()
        caller.join(TIMEOUT_S)
    wait_until(lambda: not client.get("/api/recording/status").get_json()["recording"])
    assert not list(Path(app.config["PET_STREAM_RECORD_PATH"]).glob("cat*"))


@pytest.mark.parametrize("breakage", [blocked, killed])
def test_viewers_lose_their_places_notice_it_and_can_come_back(
    breakage: Breakage, live: Flask
) -> None:
    stream = stream_of(live)
    old = stream.event_loop
    with served(live) as url, WebSocket(f"{url}/api/stream/h264") as viewer:
        viewer.binary()
        assert stream.places.active_count == 1
        with breakage(stream):
            wait_until(lambda: stream.event_loop is not old)
            assert viewer.close_code() == 1005  # there was none
            wait_until(lambda: stream.places.active_count == 0)
            with WebSocket(f"{url}/api/stream/h264") as again:
                again.binary()
                assert stream.places.active_count == 1


@pytest.mark.slow  # what hangs is waited for first
def test_webrtc_viewers_come_back_to_the_new_loop(live: Flask) -> None:
    stream, client = stream_of(live), live.test_client()
    own_loop = EventLoopThread("viewer")
    own_loop.start()

    async def new_viewer() -> Viewer:
        return Viewer()

    def watch() -> Viewer:
        viewer = own_loop.call(new_viewer(), TIMEOUT_S)
        offer = {"type": "offer", "sdp": own_loop.call(viewer.offer(), TIMEOUT_S)}
        answer = client.post("/api/webrtc/offer", json=offer).get_json()["sdp"]
        own_loop.call(viewer.accept(answer), TIMEOUT_S)
        own_loop.call(viewer.has(2), TIMEOUT_S)
        return viewer

    try:
        viewers = [watch()]
        old = stream.event_loop
        with blocked(stream):
            wait_until(lambda: stream.event_loop is not old)
            assert stream.places.active_count == 0
            viewers.append(watch())
            assert stream.places.active_count == 1
        for viewer in viewers:
            own_loop.call(viewer.close(), TIMEOUT_S)
    finally:
        own_loop.stop()


# ---- the camera thread


class Trap:
    """Blocks or kills the thread that looks at the pause: the camera's, at each of its looks."""

    def __init__(self, stream: Stream, monkeypatch: pytest.MonkeyPatch) -> None:
        self.is_over, self.is_caught = threading.Event(), threading.Event()
        self._look = stream.pause.look
        self._pause, self._monkeypatch = stream.pause, monkeypatch

    def block(self) -> None:
        self._patch(self._wait)
        assert self.is_caught.wait(TIMEOUT_S)

    def kill(self) -> None:
        self._patch(sys.exit)

    def open(self) -> None:
        self._patch(self._look)

    def _patch(self, look: Callable[[], object]) -> None:
        self._monkeypatch.setattr(self._pause, "look", look)

    def _wait(self) -> None:
        if threading.current_thread().name.endswith("-camera"):
            self.is_caught.set()
            self.is_over.wait(TIMEOUT_S)


@pytest.fixture
def trap(live: Flask, monkeypatch: pytest.MonkeyPatch) -> Iterator[Trap]:
    trap = Trap(stream_of(live), monkeypatch)
    yield trap
    trap.is_over.set()


def test_a_camera_thread_that_dies_is_named_with_the_true_cause_and_reads_again(
    live: Flask, trap: Trap
) -> None:
    stream, client = stream_of(live), live.test_client()
    trap.kill()
    wait_until(lambda: state(stream, "camera") == "restarting")
    health = client.get("/health").get_json()
    assert health["status"] == "camera_offline"
    assert health["camera"]["state"] == "offline"
    assert health["reason_codes"].count("camera_dead") == 1
    assert "stalled" not in health["reason_codes"]
    assert client.get("/livez").status_code == 503
    assert any(kind.part == "camera" for kind in stream.errors.counts)
    trap.open()
    wait_until(lambda: client.get("/readyz").status_code == 200)
    assert client.get("/health").get_json()["status"] == "ok"


def test_start_after_a_death_does_not_wait_for_the_next_try(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with mounted_app(tmp_path) as app:
        stream = stream_of(app)
        stream.start()
        trap = Trap(stream, monkeypatch)
        trap.kill()
        wait_until(lambda: state(stream, "camera") == "restarting")
        trap.open()
        stream.start()
        assert state(stream, "camera") == "running"


def test_a_camera_thread_that_hangs_gets_a_successor(live: Flask, trap: Trap) -> None:
    stream, client = stream_of(live), live.test_client()
    stream.watcher.limits.patience_s = TIMEOUT_S
    trap.block()
    trap.open()
    wait_until(lambda: state(stream, "camera") == "stuck")
    assert "camera_stuck" in client.get("/health").get_json()["reason_codes"]
    hurry(stream)
    wait_until(lambda: client.get("/readyz").status_code == 200)


def test_a_thread_frozen_in_the_middle_of_a_picture_publishes_nothing_more(live: Flask) -> None:
    """It hangs between two subscribers, and finds on waking that it has a successor."""
    stream = stream_of(live)
    is_over, is_caught = threading.Event(), threading.Event()

    def hang() -> None:
        if not is_caught.is_set():
            is_caught.set()
            is_over.wait(TIMEOUT_S)

    first = stream.broadcaster.subscribe("first", 1000, hang)
    first.take()
    second = stream.broadcaster.subscribe("second", 1000, lambda: None)
    try:
        old_run = stream.reader.run
        assert is_caught.wait(TIMEOUT_S)
        frozen = first.take()[-1]
        before = second.take()
        assert all(unit.sequence < frozen.sequence for unit in before)
        assert old_run is not None
        wait_until(lambda: stream.reader.run is not old_run)
        after = some(second)
        is_over.set()
        assert old_run.join(TIMEOUT_S)
        after += some(second)
    finally:
        is_over.set()
        for subscription in (first, second):
            stream.broadcaster.unsubscribe(subscription)
    sequences = [unit.sequence for unit in after]
    assert sequences == sorted(set(sequences))
    assert sequences[0] > frozen.sequence
    assert after[0].is_idr
    assert state(stream, "camera") == "running"


def some(subscription: Subscription) -> list[AccessUnit]:
    units: list[AccessUnit] = []

    def has_come() -> bool:
        units.extend(subscription.take())
        return len(units) >= 12

    wait_until(has_come)
    return units


@pytest.mark.slow  # ten tries
def test_a_reader_that_fails_again_and_again_is_made_anew(live: Flask) -> None:
    """Ten errors in a row, and its thread gives up; a new one begins with fresh state."""
    stream = stream_of(live)
    old = stream.reader
    broken = iter(range(12))

    def fail() -> None:
        if next(broken, None) is not None:
            raise ValueError("broken state")

    look = stream.pause.look
    stream.pause.look = fail  # type: ignore[method-assign]
    try:
        wait_until(lambda: stream.reader is not old)
    finally:
        stream.pause.look = look  # type: ignore[method-assign]
    wait_until(lambda: live.test_client().get("/readyz").status_code == 200)
    assert any(kind.kind == "ValueError" for kind in stream.errors.counts)


# ---- the others


@pytest.mark.slow  # what hangs is waited for first
def test_a_detections_thread_that_hangs_gets_a_successor(tmp_path: Path, segment_name: str) -> None:
    """A listener's callback hangs."""
    is_over, is_caught = threading.Event(), threading.Event()

    def hang() -> None:
        if not is_caught.is_set():
            is_caught.set()
            is_over.wait(TIMEOUT_S)

    with (
        Detector(segment_name) as detector,
        mounted_app(tmp_path, DETECTIONS_SHM=segment_name) as app,
    ):
        stream = stream_of(app)
        stream.start()
        hurry(stream)
        stream.watcher.limits.patience_s = TIMEOUT_S
        assert stream.detections is not None
        listener = stream.detections.listen(wake=hang)
        old_run = stream.detections.run
        assert old_run is not None
        write_until(detector, is_caught.is_set)
        wait_until(lambda: state(stream, "detections") == "stuck")
        assert app.test_client().get("/livez").status_code == 200  # pictures come all the same
        hurry(stream)
        wait_until(lambda: state(stream, "detections") == "running")
        is_over.set()
        assert old_run.join(TIMEOUT_S)
        while listener.take(0) is not None:
            pass
        write_until(detector, lambda: listener.take(0) is not None)
        stream.detections.leave(listener)


def write_until(detector: Detector, condition: Callable[[], bool]) -> None:
    frame = iter(range(1, 100_000))

    def has_come() -> bool:
        detector.write(next(frame))
        return condition()

    wait_until(has_come)


def test_a_host_that_does_not_say_who_may_what_is_named(tmp_path: Path) -> None:
    is_over, hangs = threading.Event(), threading.Event()

    def may(right: str) -> bool:
        if hangs.is_set() and threading.current_thread().name.endswith("-rights"):
            is_over.wait(TIMEOUT_S)
        return True

    with mounted_app(tmp_path, authorize=may) as app, served(app) as url:
        stream = stream_of(app)
        stream.start()
        hurry(stream)
        with WebSocket(f"{url}/api/stream/ws") as page:
            page.text("state")
            hangs.set()
            stream.grants.check_soon()
            wait_until(lambda: state(stream, "rights") == "stuck")
            assert "rights_stuck" in app.test_client().get("/health").get_json()["reason_codes"]
            assert app.test_client().get("/livez").status_code == 200
            is_over.set()
            wait_until(lambda: state(stream, "rights") == "resting")


def test_the_loop_revives_the_watcher(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    stream = stream_of(app)
    monkeypatch.setattr(stream.watcher, "look", sys.exit)
    wait_until(lambda: state(stream, "watcher") == "dead")
    monkeypatch.undo()
    wait_until(lambda: state(stream, "watcher") == "running")


@pytest.mark.slow  # it waits between the tries
def test_a_camera_thread_that_dies_at_once_each_time_costs_no_busy_loop(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with mounted_app(tmp_path) as app:
        stream = stream_of(app)
        stream.start()
        hurry(stream)
        stream.watcher.limits.back_off = BackOff()
        told = threading.Event()
        stream.watcher.on_failed = lambda _: told.set()
        Trap(stream, monkeypatch).kill()
        wait_until(lambda: sum(stream.errors.counts.values()) >= 3)
        begin_s = time.process_time()
        wait_until(lambda: sum(stream.errors.counts.values()) >= 4)  # a second later
        assert time.process_time() - begin_s < 0.5
        assert not told.is_set()
        assert app.test_client().get("/health").status_code == 200
        monkeypatch.undo()
