"""The sending half of one WebSocket."""

from __future__ import annotations

import asyncio
import logging
import os
import time
from collections import deque
from typing import Protocol

from ..event_loop import EventLoopThread
from .frames import PING, close_frame, is_close
from .shared_socket import SharedSocket

logger = logging.getLogger(__name__)

PING_INTERVAL_S = 1.5
SILENCE_LIMIT_S = 4.5
"""Browsers answer each ping; after so long without a word the client has vanished."""
STALLED_LIMIT_S = 8.0
"""A client that talks, but has not taken a byte for so long, is let go, too."""
QUEUES_LIMIT_S = 0.05
"""No new frame is begun while an older one has been under way for so long beyond the shortest
round trip: in the queues of kernel and network nothing can be dropped for something newer."""
CLOSING_LIMIT_S = 1.0
MAX_CONTROL_FRAMES = 32
_LOOK_S = 0.02
_MAX_ROUND_TRIP_S = 0.5

NORMAL, GOING_AWAY, INTERNAL_ERROR = 1000, 1001, 1011
"""RFC 6455 section 7.4.1."""


class Outbox(Protocol):
    """What waits to be sent to one client, and what of it is still worth sending."""

    def pop(self) -> bytes | None:
        """The next frame; None if there is nothing."""


class Connection:
    """Sends frames as fast as the client takes them and never waits for it. On the event loop.

    A frame is asked for when there is room for it, and when those before it have arrived or soon
    will, so that until then the outbox can drop it for something newer. Control frames go first.
    """

    def __init__(self, shared_socket: SharedSocket, event_loop: EventLoopThread) -> None:
        self.outbox: Outbox | None = None
        self.is_vanished = False
        self.is_ended = False
        self._socket = shared_socket
        self._event_loop = event_loop
        self._control: deque[bytes] = deque()
        self._sending: memoryview | None = None
        self._descriptor: int | None = None  # while waiting for room
        self._sent_bytes = 0
        self._under_way: deque[tuple[int, float]] = deque()
        """Of frames not yet confirmed: `_sent_bytes` at the end, and when they were begun."""
        self._round_trip_s = _MAX_ROUND_TRIP_S
        self._timer: asyncio.TimerHandle | None = None
        self._is_closing = False
        self._moved_at_s = time.monotonic()
        self._pinged_at_s = self._moved_at_s
        self._closing_at_s = 0.0
        shared_socket.forward_to(lambda frame: event_loop.call_soon(self.send_control, frame))

    def send_control(self, frame: bytes) -> None:
        """Ahead of what the outbox holds; nothing after a close, be it the answer to the client's
        own (RFC 6455 section 5.5.1)."""
        if self._is_closing or self.is_ended:
            return
        if len(self._control) >= MAX_CONTROL_FRAMES:
            self.end("it asks for more than it reads")
            return
        self._control.append(frame)
        if is_close(frame):
            self._is_closing = True
            self._closing_at_s = time.monotonic()
        self.flush()

    def close(self, code: int, reason: str = "") -> None:
        """Say goodbye; the client answers by ending the connection, or it is ended for it.
        Idempotent."""
        self.send_control(close_frame(code, reason))

    def end(self, reason: str) -> None:
        """Without a word; the thread that reads notices. Idempotent."""
        if self.is_ended:
            return
        logger.debug("a WebSocket is ended: %s", reason)
        self.is_ended = True
        self._stop_waiting()
        self._socket.shut_down()

    def look_after(self, now_s: float) -> None:
        """Ping, and end what is dead. To be called a few times a second."""
        if self._is_closing and now_s - self._closing_at_s > CLOSING_LIMIT_S:
            self.end("it does not answer the close")
        elif now_s - self._socket.heard_at_s > SILENCE_LIMIT_S:
            self.is_vanished = True
            self.end("it has vanished")
        elif self._is_waiting(now_s) and now_s - self._moved_at_s > STALLED_LIMIT_S:
            self.is_vanished = True
            self.end("it does not read")
        elif now_s - self._pinged_at_s >= PING_INTERVAL_S and PING not in self._control:
            self._pinged_at_s = now_s
            self.send_control(PING)

    def flush(self) -> None:
        """Send what there is, up to where the client has no room."""
        if self._descriptor is not None or self.is_ended:
            return
        try:
            self._send_all()
        except OSError as exc:
            self.end(str(exc))

    def _send_all(self) -> None:
        while (rest := self._sending or self._next()) is not None:
            sent = self._socket.send_some(rest)
            if sent:
                self._moved_at_s = time.monotonic()
                self._sent_bytes += sent
            if sent == len(rest):
                self._sending = None
            else:
                self._sending = rest[sent:]
            if not sent and self._sending is not None:
                self._wait_for_room()
                return

    def _next(self) -> memoryview | None:
        frame = self._control.popleft() if self._control else self._next_of_outbox()
        if frame is None:
            return None
        self._under_way.append((self._sent_bytes + len(frame), time.monotonic()))
        return memoryview(frame)

    def _next_of_outbox(self) -> bytes | None:
        if self.outbox is None or self._is_closing:
            return None
        now_s = time.monotonic()
        if self._is_slow(now_s):
            if self._timer is None:
                self._timer = asyncio.get_running_loop().call_later(_LOOK_S, self._handle_time)
            return None
        if not self._under_way:
            self._moved_at_s = now_s  # it was idle until now
        return self.outbox.pop()

    def _is_slow(self, now_s: float) -> bool:
        self._look_under_way(now_s)
        limit_s = self._round_trip_s + QUEUES_LIMIT_S
        return bool(self._under_way) and now_s - self._under_way[0][1] > limit_s

    def _is_waiting(self, now_s: float) -> bool:
        self._look_under_way(now_s)
        return bool(self._under_way)

    def _look_under_way(self, now_s: float) -> None:
        if not self._under_way:
            return
        confirmed_bytes = self._sent_bytes - self._socket.unacknowledged_bytes()
        while self._under_way and self._under_way[0][0] <= confirmed_bytes:
            _, begun_s = self._under_way.popleft()
            self._round_trip_s = min(self._round_trip_s, now_s - begun_s)
            self._moved_at_s = now_s

    def _handle_time(self) -> None:
        self._timer = None
        self.flush()

    def _wait_for_room(self) -> None:
        # A descriptor of our own: the server may close the other one while the loop watches it.
        self._descriptor = os.dup(self._socket.fileno())
        asyncio.get_running_loop().add_writer(self._descriptor, self._handle_room)

    def _handle_room(self) -> None:
        self._stop_waiting()
        self.flush()

    def _stop_waiting(self) -> None:
        if self.is_ended and self._timer is not None:
            self._timer.cancel()
        descriptor, self._descriptor = self._descriptor, None
        if descriptor is not None:
            asyncio.get_running_loop().remove_writer(descriptor)
            os.close(descriptor)
