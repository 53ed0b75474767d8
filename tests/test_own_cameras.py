"""The camera behind a relay that is read while somebody asks for it."""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from flask import Flask

from pet_stream import own_cameras as own_cameras_module
from pet_stream.broadcaster import Broadcaster, Subscription
from pet_stream.errors import Busy
from pet_stream.ingest import shm_reader
from pet_stream.own_cameras import OwnCamera
from pet_stream.pause.pause import Pause
from pet_stream.process.switch_interval import switch_interval
from pet_stream.stream import Stream

from .apps import NO_CAMERA, mounted_app, stream_of, thread_names
from .test_broadcaster import publish
from .waiting import TIMEOUT_S, wait_until


class DeadlyPause(Pause):
    """Ends the next thread that looks at it."""

    is_deadly = False

    def look(self) -> None:
        if self.is_deadly and threading.current_thread().name.endswith("-night-camera"):
            self.is_deadly = False
            raise SystemExit
        super().look()


@pytest.fixture
def pause() -> DeadlyPause:
    return DeadlyPause()


@pytest.fixture
def camera(pause: Pause) -> Iterator[OwnCamera]:
    camera = OwnCamera("night", (NO_CAMERA,), "pet-stream", pause)
    camera.start()
    yield camera
    camera.stop()
    switch_interval.forget(camera.broadcaster)


@pytest.fixture
def app(tmp_path: Path) -> Iterator[Flask]:
    with mounted_app(tmp_path) as app:
        yield app


@pytest.fixture
def stream(app: Flask) -> Stream:
    return stream_of(app)


def night_of(stream: Stream) -> OwnCamera:
    camera = stream._replaceable.on_loop.views["night"].camera
    assert camera is not None
    return camera


def watch(camera: OwnCamera) -> Subscription:
    return camera.broadcaster.subscribe("viewer", 30, lambda: None, is_urgent=True)


@contextmanager
def watched(camera: OwnCamera) -> Iterator[None]:
    subscription = watch(camera)
    try:
        yield
    finally:
        camera.broadcaster.unsubscribe(subscription)


def is_read(camera: OwnCamera) -> bool:
    return [life.is_alive for life in camera.lives] == [True]


def test_who_comes_while_the_last_viewer_leaves_is_shown_pictures(
    camera: OwnCamera, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In the middle of the leaving, wherever that is."""
    comes: list[threading.Thread] = []

    class InTheMiddle:
        def follow(self, broadcaster: Broadcaster) -> None:
            if not broadcaster.has_urgent_subscriber and not comes:
                comes.append(threading.Thread(target=watch, args=(camera,)))
                comes[0].start()
                comes[0].join(0.2)  # if it waits for the leaving, that waits no longer

    first = watch(camera)
    with monkeypatch.context() as patch:
        patch.setattr(own_cameras_module, "switch_interval", InTheMiddle())
        camera.broadcaster.unsubscribe(first)
        comes[0].join(TIMEOUT_S)
    assert is_read(camera)


def test_a_camera_that_finds_no_thread_is_tried_again(
    camera: OwnCamera, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_thread(*_: object, **__: object) -> None:
        raise Busy("no thread")

    with monkeypatch.context() as patch:
        patch.setattr(shm_reader, "start_run", no_thread)
        subscription = watch(camera)
    [life] = camera.lives
    assert (life.is_alive, type(life.failure)) == (False, Busy)
    camera.begin_anew()
    assert is_read(camera)
    camera.broadcaster.unsubscribe(subscription)
    assert camera.lives == ()
    camera.begin_anew()
    assert camera.lives == (), "nobody watches"


def test_a_thread_that_dies_is_followed_by_another(stream: Stream) -> None:
    stream.start()
    stream.watcher.limits.look_s = 0.02
    camera = night_of(stream)
    camera._pause = pause = DeadlyPause()
    pause.is_deadly = True
    with watched(camera):
        wait_until(lambda: stream.watcher.restart_counts["night_camera"] == 1)
        wait_until(lambda: is_read(camera))
        wait_until(lambda: all(part.is_well for part in stream.parts))


def test_a_stop_waits_for_the_thread_that_ends(camera: OwnCamera) -> None:
    with watched(camera):
        assert "pet-stream-night-camera" in thread_names()
    camera.stop()
    assert "pet-stream-night-camera" not in thread_names()


def test_who_leaves_after_a_stop_starts_nothing_again(camera: OwnCamera) -> None:
    with watched(camera):
        with watched(camera):
            camera.stop()
        assert camera.lives == ()
        camera.start()
        assert is_read(camera)


def test_a_pause_leaves_no_picture_of_any_camera(stream: Stream) -> None:
    camera = night_of(stream)
    with watched(camera):
        publish(camera.broadcaster, 3)
        assert camera.broadcaster.gop
        stream.pause.begin()
        assert camera.broadcaster.gop == ()


@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_a_forked_child_has_its_usual_switch_interval(stream: Stream) -> None:
    usual_s = sys.getswitchinterval()
    stream.start()
    with watched(night_of(stream)):
        assert sys.getswitchinterval() < usual_s
        child = os.fork()
        if child == 0:
            os._exit(sys.getswitchinterval() != usual_s)
        killer = threading.Timer(TIMEOUT_S, os.kill, (child, signal.SIGKILL))
        killer.start()
        assert os.waitpid(child, 0)[1] == 0
        killer.cancel()
        killer.join()
    assert sys.getswitchinterval() == usual_s
