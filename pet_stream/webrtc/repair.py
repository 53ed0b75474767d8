"""When a viewer that has missed packets gets them again (RFC 4585, RFC 4588)."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence

from ..media.rtp import STRIDE, PacketBlock
from .packet_stream import PacketStream
from .retransmission import Retransmitter
from .send_queue import SendQueue

MAX_REPEATED = 8
"""A browser asks again after 0.1 s, and a picture that comes so late is seen as a freeze. A second
copy unasked for makes that rare at random losses; who misses more at once has a link that is full,
which copies would only fill."""
REPEAT_DELAY_S = 0.01
"""Losses come in bursts."""


class Repair:
    """Answers one viewer's NACKs. On the event-loop thread."""

    def __init__(
        self,
        retransmitter: Retransmitter,
        queue: SendQueue,
        send: Callable[[PacketBlock], None],
    ) -> None:
        """While `queue` is blocked there is no room for retransmissions, either."""
        self._retransmitter = retransmitter
        self._queue = queue
        self._send = send
        self._stream: PacketStream | None = None
        self._first = 0

    @property
    def is_congested(self) -> bool:
        return self._retransmitter.is_congested(time.monotonic())

    def begin(self, stream: PacketStream, sequence_number: int) -> None:
        """Repair `stream` from this number on: what the viewer lost before by being too slow is
        not sent to it on top."""
        self._stream = stream
        self._first = sequence_number

    def stop(self) -> None:
        """Repair nothing until the next `begin`."""
        self._stream = None

    def answer(self, sequence_numbers: Sequence[int], round_trip_s: float) -> None:
        stream = self._stream
        if stream is None or self._queue.is_blocked:
            return
        now_s = time.monotonic()
        missed = [n for n in sequence_numbers if n - self._first & 0xFFFF < 0x8000]
        packets_per_s = stream.bytes_per_s / STRIDE
        chosen = self._retransmitter.choose(missed, now_s, round_trip_s, packets_per_s)
        self._retransmit(stream, chosen)
        if 0 < len(chosen) <= MAX_REPEATED and not self._retransmitter.is_congested(now_s):
            asyncio.get_running_loop().call_later(REPEAT_DELAY_S, self._repeat, chosen)

    def _repeat(self, sequence_numbers: Sequence[int]) -> None:
        if self._stream is not None and not self._queue.is_blocked:
            self._retransmit(self._stream, sequence_numbers)

    def _retransmit(self, stream: PacketStream, sequence_numbers: Sequence[int]) -> None:
        block = self._retransmitter.block(stream, sequence_numbers)
        if block is not None:
            self._send(block)
