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
CLOSING_LIMIT_S = 1.0
MAX_CONTROL_FRAMES = 32

NORMAL, GOING_AWAY, INTERNAL_ERROR = 1000, 1001, 1011
"""RFC 6455 section 7.4.1."""


class Outbox(Protocol):
    """What waits to be sent to one client, and what of it is still worth sending."""

    def pop(self) -> bytes | None:
        """The next frame; None if there is nothing."""


class Connection:
    """Sends frames as fast as the client takes them and never waits for it. On the event loop.

    A frame is asked for when there is room for it, so that until then the outbox can drop it for
    something newer. Control frames go first.
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
        """Ping, and end what is dead. To be called every half second."""
        if self._is_closing and now_s - self._closing_at_s > CLOSING_LIMIT_S:
            self.end("it does not answer the close")
        elif now_s - self._socket.heard_at_s > SILENCE_LIMIT_S:
            self.is_vanished = True
            self.end("it has vanished")
        elif self._sending is not None and now_s - self._moved_at_s > STALLED_LIMIT_S:
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
            if sent == len(rest):
                self._sending = None
            else:
                self._sending = rest[sent:]
            if sent:
                self._moved_at_s = time.monotonic()
            elif self._sending is not None:
                self._wait_for_room()
                return

    def _next(self) -> memoryview | None:
        if self._control:
            return memoryview(self._control.popleft())
        if self.outbox is None or self._is_closing:
            return None
        self._moved_at_s = time.monotonic()  # it was idle until now
        frame = self.outbox.pop()
        return None if frame is None else memoryview(frame)

    def _wait_for_room(self) -> None:
        # A descriptor of our own: the server may close the other one while the loop watches it.
        self._descriptor = os.dup(self._socket.fileno())
        asyncio.get_running_loop().add_writer(self._descriptor, self._handle_room)

    def _handle_room(self) -> None:
        self._stop_waiting()
        self.flush()

    def _stop_waiting(self) -> None:
        descriptor, self._descriptor = self._descriptor, None
        if descriptor is not None:
            asyncio.get_running_loop().remove_writer(descriptor)
            os.close(descriptor)
