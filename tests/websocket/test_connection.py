"""What a connection sends, and in which order; what it does about what it hears; its end."""

from __future__ import annotations

import asyncio
import os
import socket
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager, suppress

import pytest

from pet_stream.websocket.connection import MAX_UNHEARD, Connection
from pet_stream.websocket.frames import NORMAL, PING, POLICY, close_frame, json_frame, pong_frame
from pet_stream.websocket.loop_socket import LoopSocket
from tests.waiting import TIMEOUT_S
from tests.websocket.client import masked

MESSAGE = json_frame({"type": "news"})
TEXT, CLOSE, PINGED = 1, 8, 9


class NamedOutbox:
    """Has one message, and another as soon as that is sent."""

    thinned_to = None

    def pop(self) -> bytes:
        return MESSAGE


class NarrowSocket(LoopSocket):
    """Takes `room` bytes, and keeps them."""

    sent = b""
    room = 0

    def send_some(self, data: memoryview) -> int:
        taken = bytes(data[: self.room])
        self.room -= len(taken)
        self.sent += taken
        return len(taken)

    def unacknowledged_bytes(self) -> int:
        return 0


def run(check: Callable[[NarrowSocket, socket.socket], Awaitable[None]], room: int = 0) -> None:
    async def limited(narrow: NarrowSocket, client: socket.socket) -> None:
        await asyncio.wait_for(check(narrow, client), TIMEOUT_S)

    server, client = socket.socketpair()
    with server, client:
        narrow = NarrowSocket(server)
        narrow.room = room
        asyncio.run(limited(narrow, client))


@contextmanager
def connected(narrow: NarrowSocket) -> Iterator[Connection]:
    connection = Connection(narrow)
    try:
        yield connection
    finally:
        connection.end("the test is over")


async def until(condition: Callable[[], object]) -> None:
    while not condition():
        await asyncio.sleep(0.001)


@pytest.mark.parametrize("is_answer", [True, False])
def test_nothing_follows_a_close(is_answer: bool) -> None:
    async def check(narrow: NarrowSocket, client: socket.socket) -> None:
        with connected(narrow) as connection:
            connection.outbox = NamedOutbox()
            narrow.room = 3  # in mid-message
            connection.flush()
            narrow.room = 10_000
            connection.send_control(PING)
            if is_answer:
                connection.send_control(close_frame(NORMAL))
            else:
                connection.close(NORMAL)
            connection.send_control(PING)
            await until(lambda: close_frame(NORMAL) in narrow.sent)
            connection.flush()
        assert narrow.sent.endswith(close_frame(NORMAL))
        assert narrow.sent.count(close_frame(NORMAL)) == 1
        assert narrow.sent.startswith(MESSAGE)

    run(check)


def test_a_ping_is_answered_and_a_message_is_handed_on() -> None:
    async def check(narrow: NarrowSocket, client: socket.socket) -> None:
        with connected(narrow) as connection:
            client.sendall(masked(PINGED, b"are you there?") + masked(TEXT, b"hello"))
            await until(lambda: len(connection.inbox))
            assert connection.inbox.take(0) == "hello"
            assert narrow.sent == pong_frame(b"are you there?")

    run(check, room=1000)


@pytest.mark.parametrize(
    ("payload", "answer"), [(b"", NORMAL), (b"\x03\xe9going away", 1001), (b"\x0f\xa0mine", 4000)]
)
def test_a_close_is_answered_and_ends_it(payload: bytes, answer: int) -> None:
    async def check(narrow: NarrowSocket, client: socket.socket) -> None:
        with connected(narrow) as connection:
            client.sendall(masked(CLOSE, payload))
            await until(lambda: connection.is_ended)
            assert narrow.sent == close_frame(answer)

    run(check, room=1000)


def test_more_messages_than_the_request_takes_end_it() -> None:
    async def check(narrow: NarrowSocket, client: socket.socket) -> None:
        with connected(narrow) as connection:
            client.sendall(masked(TEXT, b"x") * (MAX_UNHEARD + 1))
            await until(lambda: narrow.sent)
            assert narrow.sent == close_frame(POLICY, "too many messages")
            assert len(connection.inbox) == MAX_UNHEARD

    run(check, room=1000)


def test_who_broke_a_rule_is_not_read_any_more() -> None:
    """Its close is waited for by the clock only: it might send for ever."""

    async def check(narrow: NarrowSocket, client: socket.socket) -> None:
        with connected(narrow) as connection:
            client.sendall(masked(TEXT, b"x" * 17_000))
            await until(lambda: narrow.sent)
            client.setblocking(False)
            with suppress(BlockingIOError):
                while client.send(bytes(65536)):
                    await asyncio.sleep(0)
            assert not connection.is_ended

    run(check, room=1000)


def test_the_end_gives_everything_back() -> None:
    async def check(narrow: NarrowSocket, client: socket.socket) -> None:
        descriptors = len(os.listdir("/proc/self/fd"))
        given_back: list[str] = []
        connection = Connection(narrow)
        connection.outbox = NamedOutbox()
        connection.at_end(lambda: given_back.append("the place"))
        connection.at_end(lambda: given_back.append("the seat"))
        client.close()
        await until(lambda: connection.is_ended)
        connection.end("again")
        assert given_back == ["the seat", "the place"]
        assert connection.inbox.is_closed
        assert connection.outbox is None
        assert len(os.listdir("/proc/self/fd")) == descriptors - 1  # the client's own

    run(check)


def test_after_a_standstill_all_limits_begin_anew() -> None:
    """The client may have talked, read and answered, but nobody was there to hear it."""

    async def check(narrow: NarrowSocket, client: socket.socket) -> None:
        with connected(narrow) as connection:
            connection.outbox = NamedOutbox()
            connection.close(NORMAL)
            later_s = time.monotonic() + 100
            connection.begin_anew(later_s)
            connection.look_after(later_s + 0.1)
            assert not connection.is_ended
            connection.look_after(later_s + 100)
            assert connection.is_ended

    run(check)
