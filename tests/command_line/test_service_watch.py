"""What systemd hears while a server serves, and above all when it hears nothing more."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from pet_stream.command_line.service_watch import status_of, wait_and_tell
from pet_stream.process.service_notify import ServiceManager
from pet_stream.stream import Stream
from tests.apps import mounted_app, stream_of
from tests.camera.camera import Camera
from tests.process.notify_socket import Message, NotifySocket
from tests.waiting import TIMEOUT_S, wait_until

from .test_hosting import StartCommand, start_command

__all__ = ["start_command"]


@pytest.fixture
def notify(tmp_path: Path) -> Iterator[NotifySocket]:
    with NotifySocket(tmp_path / "notify") as listener:
        yield listener


class Signals:
    """Instead of StopSignals, which want a process of their own."""

    def __init__(self) -> None:
        self._has_come = threading.Event()

    def wait(self, timeout_s: float | None = None, on_reload: object = None) -> bool:
        return self._has_come.wait(timeout_s)

    def send(self) -> None:
        self._has_come.set()


@contextmanager
def told(
    listener: NotifySocket, status: Callable[[], str], is_alive: Callable[[], bool]
) -> Iterator[None]:
    """While systemd is told, many times a second."""
    signals = Signals()
    manager = ServiceManager({"NOTIFY_SOCKET": listener.name, "WATCHDOG_USEC": "60000"})
    arguments = (signals, status, is_alive, manager)
    thread = threading.Thread(target=wait_and_tell, args=arguments, name="told")
    thread.start()
    try:
        yield
    finally:
        signals.send()
        thread.join(TIMEOUT_S)


def is_watchdog(message: Message) -> bool:
    return "WATCHDOG" in message


def test_whoever_does_not_live_keeps_silent(notify: NotifySocket) -> None:
    is_alive = threading.Event()
    looks: list[bool] = []

    def look() -> bool:
        looks.append(is_alive.is_set())
        return looks[-1]

    with told(notify, lambda: "camera live", look):
        assert notify.receive() == {"READY": "1", "STATUS": "camera live"}
        wait_until(lambda: len(looks) > 5)
        assert notify.drain() == []
        is_alive.set()
        assert notify.receive() == {"WATCHDOG": "1"}
    assert notify.receive_until(lambda message: "STOPPING" in message)


def block_loop(stream: Stream, until: threading.Event) -> None:
    stream.event_loop.call_soon(until.wait, TIMEOUT_S)


def block_camera(stream: Stream, until: threading.Event) -> None:
    """By a subscriber that does what none may."""
    subscription = stream.broadcaster.subscribe("blocking", 10, lambda: until.wait(TIMEOUT_S))
    subscription.take()  # the next picture wakes it


@pytest.mark.slow
@pytest.mark.parametrize("block", [block_loop, block_camera])
def test_no_stuck_part_is_hidden_from_systemd(
    block: Callable[[Stream, threading.Event], None],
    notify: NotifySocket,
    segment_name: str,
    tmp_path: Path,
) -> None:
    go_on = threading.Event()
    with (
        Camera(segment_name, fps=30),
        mounted_app(tmp_path, SHM=segment_name) as app,
    ):
        stream = stream_of(app)
        stream.start()
        with told(notify, lambda: status_of(stream), lambda: stream.lives):
            notify.receive_until(is_watchdog)
            try:
                block(stream, go_on)
                stuck = notify.receive_until(lambda m: "no sign of life" in m.get("STATUS", ""))
                assert not is_watchdog(stuck)
            finally:
                go_on.set()
            notify.receive_until(is_watchdog)


def test_run_says_when_it_is_ready_alive_reloading_and_stopping(
    start_command: StartCommand, segment_name: str, notify: NotifySocket, tmp_path: Path
) -> None:
    process = start_command(
        *("run", "--port", "0", "--shm", segment_name, "--record-path", str(tmp_path)),
        NOTIFY_SOCKET=notify.name,
        WATCHDOG_USEC="300000",
    )
    ready = notify.receive()
    assert ready["READY"] == "1"
    assert ready["STATUS"].endswith("0 viewers")
    assert "camera" in ready["STATUS"]
    notify.receive_until(is_watchdog)
    os.kill(process.pid, signal.SIGHUP)
    assert int(notify.receive_until(lambda m: "RELOADING" in m)["MONOTONIC_USEC"]) > 0
    assert notify.receive_until(lambda m: "READY" in m)
    notify.receive_until(is_watchdog)
    process.stop(signal.SIGTERM)
    assert "STOPPING" in [key for message in notify.drain() for key in message]


def test_run_without_a_camera_lives(
    start_command: StartCommand, segment_name: str, notify: NotifySocket, tmp_path: Path
) -> None:
    """A new process would find no camera either."""
    start_command(
        *("run", "--port", "0", "--shm", segment_name, "--record-path", str(tmp_path)),
        NOTIFY_SOCKET=notify.name,
        WATCHDOG_USEC="300000",
    )
    message = notify.receive_until(lambda m: "offline" in m.get("STATUS", ""))
    assert is_watchdog(message) or notify.receive_until(is_watchdog)
