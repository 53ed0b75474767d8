"""Holds one viewer's pictures until its socket has room for them, or until they are due."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Callable, Sequence

from ...fan_out import CAPACITY
from ...media.access_unit import AccessUnit
from ...media.rtp.packetizer import PacketBlock
from .congestion import Congestion
from .pacer import PIECE_PACKETS, Pacer
from .route import Route

MAX_WAITING = 8
"""Access units that may wait for room in a viewer's socket, those it starts with not counted."""


class SendQueue:
    """Usually empty: what is put in goes at once. On the event-loop thread."""

    def __init__(
        self,
        route: Route,
        congestion: Congestion,
        protect: Callable[[PacketBlock], memoryview],
        on_sent: Callable[[AccessUnit, PacketBlock], None],
        on_failure: Callable[[Exception], None],
    ) -> None:
        """`protect` encrypts into memory that the next call overwrites. `on_failure` is called when
        the first picture that waits can't be sent; all that wait are dropped."""
        self._route = route
        self._congestion = congestion
        self._protect = protect
        self._on_sent = on_sent
        self._on_failure = on_failure
        self._waiting: deque[tuple[AccessUnit, PacketBlock]] = deque()
        self._rest: tuple[memoryview, int] | None = None
        """The first of those waiting, encrypted, and up to where it has been sent."""
        self._newest: PacketBlock | None = None
        """The last one that was encrypted: its numbers can't be used again."""
        self._max_waiting = MAX_WAITING
        self._pacer: Pacer | None = None
        """While it is there, what waits goes when it is due."""
        self._timer: asyncio.TimerHandle | None = None
        """Set while something waits only for that."""

    @property
    def is_blocked(self) -> bool:
        """Whether a picture waits for room in the socket."""
        return self._rest is not None and self._timer is None

    @property
    def is_empty(self) -> bool:
        return not self._waiting

    @property
    def next_sequence_number(self) -> int | None:
        """Behind the last packet that was begun to be sent; None if none was."""
        newest = self._newest
        return None if newest is None else newest.sequence_number + len(newest.sizes) & 0xFFFF

    def put(self, unit: AccessUnit, block: PacketBlock) -> bool:
        """Send it after those that wait. False if too many wait for room; then it is not taken."""
        is_full = len(self._waiting) >= self._max_waiting
        if is_full and self._timer is None:
            return False
        self._waiting.append((unit, block))
        if is_full:
            self.stop_pacing()  # rather a burst than a lost picture
            self._send_waiting()
        elif self._rest is None and self._timer is None:
            self._send_waiting()
        return True

    def put_gop(
        self, gop: Sequence[AccessUnit], blocks: Sequence[PacketBlock], bytes_per_s: float
    ) -> None:
        """Begin with the pictures so far, paced behind the first."""
        # until these are sent, and what the reader kept while nobody watched
        self._max_waiting = len(gop) + CAPACITY + MAX_WAITING
        self._waiting.extend(zip(gop, blocks, strict=True))
        self.pace(sum(block.end for block in blocks), bytes_per_s)
        self._send_waiting()

    def pace(self, byte_count: int, bytes_per_s: float) -> None:
        """Spread in time what waits and the next `byte_count`; does nothing if pictures are already
        being spread. `bytes_per_s`: the stream's rate."""
        if self._pacer is None:
            rate = self._congestion.pacing_factor * bytes_per_s
            self._pacer = Pacer(rate, byte_count, time.monotonic())

    def stop_pacing(self) -> None:
        """Spread nothing any more; what waits stays in the queue."""
        self._pacer = None
        self._stop_timer()

    def drop_late(self) -> int:
        """Drop what waits for room and has not been begun. Returns how many access units."""
        if self._timer is not None:
            return 0
        return self.drop_unbegun()

    def drop_unbegun(self) -> int:
        """Drop what has not been begun to be sent. Returns how many access units."""
        return self._drop_all_but(0 if self._rest is None else 1)

    def clear(self) -> int:
        """Drop everything, even the rest of a picture. Returns how many access units."""
        self.stop_pacing()
        self._rest = None
        return self._drop_all_but(0)

    def _send_waiting(self) -> None:
        """Send what is due, until the socket is full."""
        if self._timer is not None:
            self._stop_timer()
        try:
            while self._waiting:
                if self._pacer is not None and self._is_early(self._pacer):
                    return
                if not self._send_first():
                    self._route.call_when_there_is_room(self._send_waiting)
                    return
            self._max_waiting = MAX_WAITING
            self._pacer = None
        except Exception as exc:
            self.clear()
            self._on_failure(exc)

    def _send_first(self) -> bool:
        """Send the first that waits, or a piece of it. False if the socket had no room for that."""
        unit, block = self._waiting[0]
        data, start = self._rest or (self._protect(block), 0)
        self._newest = block
        end = block.end if self._pacer is None else self._piece_end(block, start)
        stopped = self._route.send(data, block, start, end)
        if self._pacer is not None:
            self._pacer.sent(stopped - start, time.monotonic())
        if stopped == block.end:
            self._rest = None
            self._waiting.popleft()
            self._on_sent(unit, block)
            return True
        if self._rest is None:  # the next viewer's picture will overwrite `data`
            data = memoryview(bytes(data[: block.end]))
        self._rest = data, stopped
        return stopped == end

    def _piece_end(self, block: PacketBlock, start: int) -> int:
        """Returns where to stop for now: a picture goes in pieces only over a congested link. The
        pictures that a viewer begins with go whole: whether its link is narrow is not known yet."""
        if not self._congestion.is_congested:
            return block.end
        return min(block.end, start + PIECE_PACKETS * block.stride)

    def _is_early(self, pacer: Pacer) -> bool:
        """Whether nothing is due yet; then a timer sends it when it is."""
        wait_s = pacer.wait_s(time.monotonic())
        if not wait_s:
            return False
        self._timer = asyncio.get_running_loop().call_later(wait_s, self._send_waiting)
        return True

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _drop_all_but(self, kept: int) -> int:
        dropped = len(self._waiting) - kept
        for _ in range(dropped):
            self._waiting.pop()
        return dropped
