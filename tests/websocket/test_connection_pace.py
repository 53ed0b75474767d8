"""What is handed to a socket, and what is kept back so that it can still be dropped."""

from __future__ import annotations

import asyncio
import socket
import time
from collections import deque

from pet_stream.websocket.connection import Connection
from pet_stream.websocket.loop_socket import LoopSocket
from pet_stream.websocket.time_limits import TimeLimits
from tests.websocket.client import masked

FRAME = b"x" * 100
TIMEOUT_S = 10.0
PONG = 10


class SlowNetwork(LoopSocket):
    """Takes everything at once, and confirms it when told to."""

    unconfirmed = 0
    sent = b""

    def send_some(self, data: memoryview) -> int:
        self.unconfirmed += len(data)
        self.sent += bytes(data)
        return len(data)

    def unacknowledged_bytes(self) -> int:
        return self.unconfirmed


class Frames:
    """An outbox with `waiting` frames."""

    thinned_to = None

    def __init__(self) -> None:
        self.waiting: deque[bytes] = deque()

    def pop(self) -> bytes | None:
        return self.waiting.popleft() if self.waiting else None


async def until_empty(frames: Frames) -> None:
    async def look() -> None:
        while frames.waiting:
            await asyncio.sleep(0.005)

    await asyncio.wait_for(look(), TIMEOUT_S)


def test_nothing_more_is_sent_into_a_network_that_is_behind() -> None:
    async def run() -> None:
        ends = socket.socketpair()
        network = SlowNetwork(ends[0])
        connection = Connection(network, TimeLimits(queues_s=0.0, round_trip_s=0.0))
        frames = connection.outbox = Frames()
        frames.waiting.append(FRAME)
        connection.flush()
        assert not frames.waiting, "the first one need not wait"
        await asyncio.sleep(0.01)
        frames.waiting.append(FRAME)
        connection.flush()
        assert len(frames.waiting) == 1, "kept back: it may still be dropped"
        connection.send_control(b"ping")
        assert network.sent.endswith(b"ping"), "a control frame does not wait"
        network.unconfirmed = 0
        await until_empty(frames)  # by itself, without another flush
        connection.end("test")
        for end in ends:
            end.close()

    asyncio.run(run())


def test_who_confirms_nothing_is_let_go() -> None:
    async def run() -> None:
        ends = socket.socketpair()
        network = SlowNetwork(ends[0])
        connection = Connection(network, TimeLimits(stalled_s=0.05))
        frames = connection.outbox = Frames()
        frames.waiting.append(FRAME)
        connection.flush()
        connection.look_after(time.monotonic())
        assert not connection.is_ended
        for _ in range(10):
            ends[1].sendall(masked(PONG))  # it talks
            await asyncio.sleep(0.01)
        connection.look_after(time.monotonic())
        assert connection.is_ended
        assert connection.is_vanished
        for end in ends:
            end.close()

    asyncio.run(run())


def test_what_the_other_side_has_not_taken_is_told_by_the_kernel() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        client = socket.create_connection(listener.getsockname())
        server, _ = listener.accept()
        with client, server:
            shared = LoopSocket(client)
            sent = 0
            while some := shared.send_some(memoryview(bytes(65536))):
                sent += some
            assert 0 < shared.unacknowledged_bytes() <= sent
        assert shared.unacknowledged_bytes() == 0, "closed"
