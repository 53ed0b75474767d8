"""What waits for room or for its time, and what becomes of it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

from pet_stream.media.access_unit import AccessUnit
from pet_stream.media.rtp.packetizer import PacketBlock
from pet_stream.media.rtp.packets import STRIDE
from pet_stream.webrtc.sending.congestion import BURST_LOSS_PACKETS, Congestion
from pet_stream.webrtc.sending.pacer import PIECE_PACKETS
from pet_stream.webrtc.sending.packet_stream import PacketStream, StreamFormat
from pet_stream.webrtc.sending.route import Route, RouteFailed
from pet_stream.webrtc.sending.send_queue import MAX_WAITING, SendQueue
from tests.waiting import TIMEOUT_S

from ..pictures import picture

SLOW = 1.0
"""Bytes a second: what is paced is not due before a test is over. No test gives timers a turn."""


class LimitedRoute(Route):
    """Keeps what it is given, as far as it has room."""

    def __init__(self) -> None:
        self.room_bytes = 1 << 30
        self.data = b""
        self.fails = False
        self.when_there_is_room: list[Callable[[], None]] = []

    def send(self, data: memoryview, block: PacketBlock, start: int = 0, end: int = 0) -> int:
        room = self.room_bytes // block.stride * block.stride
        stopped = min(end or block.end, start + room)
        self.room_bytes -= stopped - start
        self.data += data[start:stopped]
        if self.fails:
            raise RouteFailed
        return stopped

    def call_when_there_is_room(self, callback: Callable[[], None]) -> None:
        self.when_there_is_room.append(callback)


class Sent:
    """A queue, and what came out of it."""

    def __init__(self) -> None:
        self.route = LimitedRoute()
        self.stream = PacketStream(StreamFormat(108, 0), 7, 65_530)
        self.units: list[AccessUnit] = []
        self.failures: list[Exception] = []
        self._buffer = bytearray(1 << 20)
        self.congestion = Congestion()
        self.queue = SendQueue(
            self.route,
            self.congestion,
            self.protect,
            lambda unit, _: self.units.append(unit),
            self.failures.append,
        )

    def protect(self, block: PacketBlock) -> memoryview:
        """As for all viewers: into the same memory."""
        self._buffer[: len(block.data)] = block.data
        return memoryview(self._buffer)

    @property
    def unsent(self) -> list[AccessUnit]:
        return [unit for unit, _ in self.queue._waiting]

    def put(self, size: int = 100) -> tuple[AccessUnit, PacketBlock]:
        unit = picture(size=size)
        block = self.stream.block(unit)
        assert self.queue.put(unit, block)
        return unit, block

    def put_gop(self, count: int) -> list[AccessUnit]:
        units = [picture(is_idr=not i, size=100 if i else 50_000) for i in range(count)]
        blocks = [self.stream.block(unit) for unit in units]
        self.queue.put_gop(units, blocks, SLOW)
        return units


def on_loop(test: Callable[[Sent], Coroutine[Any, Any, None]]) -> Callable[[], None]:
    def run() -> None:
        asyncio.run(asyncio.wait_for(test(Sent()), TIMEOUT_S))

    run.__name__ = test.__name__
    return run


@on_loop
async def test_a_picture_goes_at_once(sent: Sent) -> None:
    unit, block = sent.put()
    assert sent.route.data == block.data
    assert sent.units == [unit]
    assert sent.unsent == []


@on_loop
async def test_the_rest_of_a_picture_is_what_was_encrypted_whatever_came_in_between(
    sent: Sent,
) -> None:
    sent.route.room_bytes = 3 * STRIDE
    unit, block = sent.put(10_000)
    assert sent.queue.is_blocked
    sent._buffer[:] = bytes(len(sent._buffer))
    other, _ = sent.put()
    assert sent.unsent == [unit, other]
    sent.route.room_bytes = 1 << 30
    sent.route.when_there_is_room.pop()()
    assert sent.route.data[: block.end] == block.data
    assert sent.units == [unit, other]
    assert not sent.queue.is_blocked


@on_loop
async def test_who_has_too_much_waiting_for_room_is_told(sent: Sent) -> None:
    sent.route.room_bytes = 0
    for _ in range(MAX_WAITING):
        sent.put()
    unit = picture(size=100)
    assert not sent.queue.put(unit, sent.stream.block(unit))
    assert len(sent.unsent) == MAX_WAITING


@on_loop
async def test_what_has_been_begun_is_not_late(sent: Sent) -> None:
    sent.route.room_bytes = STRIDE
    unit, _ = sent.put(5_000)
    sent.put()
    sent.put()
    assert sent.queue.drop_late() == 2
    assert sent.unsent == [unit]
    assert sent.queue.clear() == 1
    assert not sent.queue.is_blocked


@on_loop
async def test_what_waits_to_be_due_is_not_late_either(sent: Sent) -> None:
    gop = sent.put_gop(5)
    assert sent.units == gop[:1]
    assert sent.queue.drop_late() == 0
    assert sent.unsent == gop[1:]
    sent.queue.stop_pacing()


@on_loop
async def test_rather_a_burst_than_a_lost_picture(sent: Sent) -> None:
    units = sent.put_gop(5)
    while len(sent.units) < 5:
        units.append(sent.put()[0])
    assert sent.units == units
    assert sent.unsent == []


@on_loop
async def test_only_over_a_congested_link_pictures_go_in_pieces(sent: Sent) -> None:
    sent.queue.pace(1, SLOW)
    sent.put(20_000)
    assert len(sent.units) == 1
    sent.congestion.missed(range(BURST_LOSS_PACKETS), 0.1, 400.0)
    sent.queue.pace(1, SLOW)
    _, block = sent.put(20_000)
    assert len(sent.units) == 1
    assert not sent.queue.is_blocked
    assert sent.route.data.endswith(block.data[: PIECE_PACKETS * block.stride])
    assert sent.queue.clear() == 1


@on_loop
async def test_a_failure_is_told_and_drops_what_waits(sent: Sent) -> None:
    sent.route.room_bytes = 2 * STRIDE
    sent.route.fails = True
    sent.put(10_000)
    (failure,) = sent.failures
    assert isinstance(failure, RouteFailed)
    assert sent.unsent == []
    assert not sent.queue.is_blocked


@on_loop
async def test_what_fails_when_there_is_room_again_is_told_too(sent: Sent) -> None:
    sent.route.room_bytes = STRIDE
    sent.put(10_000)
    sent.put()
    sent.route.fails = True
    sent.route.when_there_is_room.pop()()
    assert len(sent.failures) == 1
    assert sent.unsent == []


@on_loop
async def test_what_can_not_be_encrypted_is_a_failure(sent: Sent) -> None:
    def fail(_: PacketBlock) -> memoryview:
        raise ValueError

    sent.queue._protect = fail
    sent.put(10_000)
    assert len(sent.failures) == 1
    assert sent.unsent == []
