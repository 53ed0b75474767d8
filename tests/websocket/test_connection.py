"""What a connection sends, and in which order."""

from __future__ import annotations

import asyncio
import socket
import time
from collections.abc import Callable, Iterator
from typing import cast

import pytest

from pet_stream.event_loop import EventLoopThread
from pet_stream.websocket.connection import NORMAL, Connection
from pet_stream.websocket.frames import PING, close_frame, json_frame
from pet_stream.websocket.shared_socket import SharedSocket
from tests.waiting import TIMEOUT_S

MESSAGE = json_frame({"type": "news"})


class NamedOutbox:
    """Has one message, and another as soon as that is sent."""

    def pop(self) -> bytes:
        return MESSAGE


class RecordingSocket:
    """Takes `room` bytes, and keeps them."""

    def __init__(self) -> None:
        self.sent = b""
        self.room = 0
        self.heard_at_s = time.monotonic()
        self.control: Callable[[bytes], object] = lambda frame: None
        self._pair = socket.socketpair()

    def forward_to(self, control: Callable[[bytes], object]) -> None:
        self.control = control

    def send_some(self, data: memoryview) -> int:
        taken = bytes(data[: self.room])
        self.room -= len(taken)
        self.sent += taken
        return len(taken)

    def unacknowledged_bytes(self) -> int:
        return 0

    def fileno(self) -> int:
        return self._pair[0].fileno()

    def shut_down(self) -> None:
        for end in self._pair:
            end.close()


@pytest.fixture
def event_loop() -> Iterator[EventLoopThread]:
    loop = EventLoopThread("test")
    loop.start()
    yield loop
    loop.stop()


async def send_close(connection: Connection, taking: RecordingSocket, *, is_answer: bool) -> None:
    connection.outbox = NamedOutbox()
    taking.room = 3  # in mid-message
    connection.flush()
    taking.room = 10_000
    connection.send_control(PING)
    if is_answer:
        connection.send_control(close_frame(NORMAL))
    else:
        connection.close(NORMAL)
    connection.send_control(PING)
    while close_frame(NORMAL) not in taking.sent:
        await asyncio.sleep(0)  # the loop looks whether there is room
    connection.flush()
    connection.end("the test is over")


@pytest.mark.parametrize("is_answer", [True, False])
def test_nothing_follows_a_close(event_loop: EventLoopThread, is_answer: bool) -> None:
    taking = RecordingSocket()
    connection = Connection(cast(SharedSocket, taking), event_loop)
    event_loop.call(send_close(connection, taking, is_answer=is_answer), TIMEOUT_S)
    assert taking.sent.endswith(close_frame(NORMAL))
    assert taking.sent.count(close_frame(NORMAL)) == 1
    assert taking.sent.startswith(MESSAGE)
