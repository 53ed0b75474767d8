"""What happens at a real camera is told: to receivers of signals, and to webhooks."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from blinker import Signal
from flask import Flask

from pet_stream import signals
from pet_stream.admission.places import Occupant
from pet_stream.hooks.event import Event
from pet_stream.recording.status import RecordingStatus
from pet_stream.running_parts import STOP_TIMEOUT_S
from tests.apps import mounted_app, stream_of
from tests.camera.camera import Camera
from tests.footage import encode, write_source
from tests.waiting import wait_until

from .receiver import SECRET, receiving


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("footage") / "scene"
    write_source(path, encode(320, 180, fps=30, gop=10, pictures=30, bit_rate=200_000))
    return path


@contextmanager
def told(app: Flask, *names: str) -> Iterator[list[Event]]:
    """The events that this app's signals tell, in order."""
    events: list[Event] = []

    def note(sender: Flask, event: Event) -> None:
        assert sender is app
        events.append(event)

    chosen: list[Signal] = [signals.ALL[name] for name in names or signals.ALL]
    for signal in chosen:
        signal.connect(note, sender=app)
    try:
        yield events
    finally:
        for signal in chosen:
            signal.disconnect(note, sender=app)


def types(events: list[Event]) -> list[str]:
    return [event.type for event in events]


def test_a_recording_and_a_camera_that_dies_are_told_in_both_ways(
    segment_name: str, source: Path, tmp_path: Path
) -> None:
    with receiving() as receiver:
        settings: dict[str, Any] = {
            "WEBHOOKS": [{"url": receiver.url, "secret": SECRET}],
            "WEBHOOK_QUEUE": tmp_path / "queue.db",
            "SHM": segment_name,
        }
        with mounted_app(tmp_path, **settings) as app, told(app) as events:
            with Camera(segment_name, source=source, fps=30):
                stream = stream_of(app)
                stream.start()
                wait_until(lambda: stream.camera_status.state == "live")
                client = app.test_client()
                client.post("/api/recording/start", json={"filename": "cat"})
                wait_until(lambda: "recording.started" in types(events))
                wait_until(lambda: stream.recorder.status.frame_count > 10)
                client.post("/api/recording/stop")
                wait_until(lambda: "recording.ended" in types(events))
            wait_until(lambda: "camera.offline" in types(events))
            with Camera(segment_name, source=source, fps=30):
                wait_until(lambda: len(receiver.taken) >= 4)
        expected = ["recording.started", "recording.ended", "camera.offline", "camera.back"]
        assert receiver.types[:4] == expected  # it goes again at the end
        assert types(events)[:4] == expected
    ended = events[1].data
    assert (ended["filename"], ended["files"], ended["failed"]) == ("cat.mp4", ["cat.mp4"], False)
    assert ended["duration_ms"] > 300
    assert receiver.taken[1]["data"] == dict(ended)


def test_a_slow_receiver_of_a_signal_holds_up_nobody_but_those_after_it(
    segment_name: str, source: Path, tmp_path: Path
) -> None:
    may_go_on = threading.Event()
    with (
        Camera(segment_name, source=source, fps=30),
        mounted_app(tmp_path, SHM=segment_name) as app,
        told(app, "recording.ended") as events,
    ):

        @signals.recording_started.connect_via(app)
        def dawdle(sender: Flask, event: Event) -> None:
            may_go_on.wait(10)

        @signals.recording_started.connect_via(app)
        def fail(sender: Flask, event: Event) -> None:
            raise ValueError("a receiver's own fault")

        stream, client = stream_of(app), app.test_client()
        stream.start()
        wait_until(lambda: stream.camera_status.state == "live")
        client.post("/api/recording/start")
        wait_until(lambda: stream.recorder.status.frame_count > 0)
        began_s = time.monotonic()
        assert client.post("/api/recording/stop").status_code == 200
        count = stream.recorder.counts.frames_written
        assert time.monotonic() - began_s < 5
        assert not events
        may_go_on.set()
        wait_until(lambda: types(events) == ["recording.ended"])
        assert stream.recorder.counts.frames_dropped == 0 < count
        assert stream.lives
        assert stream.errors.total == 1


def test_what_happens_at_the_very_end_is_told_at_the_next_start(
    segment_name: str, source: Path, tmp_path: Path, free_port: int
) -> None:
    """The server is stopped in the middle of a recording, and the receiver is down."""
    url = f"http://127.0.0.1:{free_port}/hook?key=hidden"
    settings: dict[str, Any] = {
        "WEBHOOKS": {"url": url, "secret": SECRET, "events": ["recording.ended"]},
        "WEBHOOK_QUEUE": tmp_path / "queue.db",
        "SHM": segment_name,
    }
    with Camera(segment_name, source=source, fps=30), mounted_app(tmp_path, **settings) as app:
        stream = stream_of(app)
        stream.start()
        wait_until(lambda: stream.camera_status.state == "live")
        app.test_client().post("/api/recording/start", json={"filename": "cat"})
        wait_until(lambda: stream.recorder.status.frame_count > 0)
    with receiving(free_port) as receiver, mounted_app(tmp_path, **settings) as app:
        stream_of(app).start()
        wait_until(lambda: receiver.types == ["recording.ended"])
    [event] = receiver.taken
    assert (event["data"]["filename"], event["data"]["stop_code"]) == ("cat.mp4", "shut_down")


def test_a_sign_in_is_told_without_its_secret(tmp_path: Path) -> None:
    settings = {"AUTH": "builtin", "ACCOUNTS": tmp_path / "accounts.json"}
    with mounted_app(tmp_path, **settings) as app, told(app, "sign_in") as events:
        stream = stream_of(app)
        stream.start()
        secret = stream.authority.accounts.invite("owner", name="Ann", by="test")  # type: ignore[attr-defined]
        body = {"invitation": secret, "device": "Firefox, Android"}
        assert app.test_client().post("/pet-stream/api/session", json=body).status_code == 200
        wait_until(lambda: events)
    [event] = events
    assert event.data == {"name": "Ann", "role": "owner", "device": "Firefox, Android"}


def test_with_nobody_to_tell_there_is_no_thread(tmp_path: Path) -> None:
    with mounted_app(tmp_path) as app:
        stream = stream_of(app)
        stream.start()
        stream.hooks.tell("sign_in", {})
        stream.hooks.look()
        assert stream.hooks.run is None
        assert stream.hooks.waiting_count == 0


def test_a_failing_webhook_shows_in_metrics(tmp_path: Path, free_port: int) -> None:
    settings: dict[str, Any] = {
        "WEBHOOKS": {"url": f"http://127.0.0.1:{free_port}/secret-path", "secret": SECRET},
        "WEBHOOK_QUEUE": tmp_path / "queue.db",
    }
    with mounted_app(tmp_path, **settings) as app:
        stream, client = stream_of(app), app.test_client()
        stream.start()
        stream.hooks.tell("sign_in", {})
        wait_until(lambda: stream.hooks.counts["failed",] > 0)
        text = client.get("/metrics").text
        assert "pet_stream_webhook_events_waiting 1" in text
        assert 'pet_stream_webhook_events_total{result="failed"}' in text
        assert "secret-path" not in text + client.get("/health").text


def test_viewers_are_told_by_their_places(tmp_path: Path) -> None:
    with mounted_app(tmp_path) as app, told(app, "viewer.came", "viewer.went") as events:
        stream = stream_of(app)
        stream.start()
        place = stream.places.acquire(Occupant(name="Ann", transport="webrtc", client="192.0.2.1"))
        wait_until(lambda: types(events) == ["viewer.came"])
        place.release()
        wait_until(lambda: types(events) == ["viewer.came", "viewer.went"])
    assert events[0].data == {"name": "Ann", "transport": "webrtc", "viewers": 1}
    assert events[1].data["viewers"] == 0


def test_nothing_begins_again_after_the_end(tmp_path: Path) -> None:
    with mounted_app(tmp_path) as app, told(app, "sign_in"):
        stream = stream_of(app)
        stream.start()
        stream.hooks.tell("sign_in", {})
        wait_until(lambda: stream.hooks.run is not None)
        stream.stop()
        stream.hooks.tell("sign_in", {})
        stream.hooks.recording_ended(RecordingStatus(recording_id="late", has_file=True))
        assert stream.hooks.run is None


def test_a_receiver_that_never_returns_is_said_and_holds_up_no_stop(tmp_path: Path) -> None:
    may_go_on = threading.Event()
    with mounted_app(tmp_path) as app:

        @signals.signed_in.connect_via(app)
        def hang(sender: Flask, event: Event) -> None:
            may_go_on.wait(20)

        stream = stream_of(app)
        stream.start()
        stream.hooks.tell("sign_in", {})
        wait_until(lambda: stream.hooks.run is not None)
        hung = stream.hooks.run
        assert hung is not None
        wait_until(lambda: (hung.pulse.age_s or 0.0) > 0.05)
        began_s = time.monotonic()
        stream.stop()
        assert time.monotonic() - began_s < STOP_TIMEOUT_S + 1
        stream.start()
        stream.hooks.tell("sign_in", {})
        wait_until(lambda: stream.hooks.run is not None)
        successor = stream.hooks.run
        may_go_on.set()
        assert hung.join(5.0)
        assert stream.hooks.run is successor
