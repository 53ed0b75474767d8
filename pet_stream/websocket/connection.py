"""One WebSocket connection: sends, receives, checks that the client is alive, and ends."""

from __future__ import annotations

import asyncio
import logging
import os
import time
from collections import deque
from collections.abc import Callable
from contextlib import ExitStack
from typing import Protocol

from wsproto.events import CloseConnection, Ping, Pong

from ..mailbox import Mailbox
from ..supervision.error_counts import ErrorCounts
from .frames import (
    NO_STATUS,
    NORMAL,
    PING,
    POLICY,
    close_frame,
    is_close,
    ping_frame,
    pong_frame,
)
from .incoming import Heard, Incoming, Refused
from .loop_socket import LoopSocket
from .time_limits import TimeLimits

logger = logging.getLogger(__name__)

MAX_CONTROL_FRAMES = 32
MAX_UNHEARD = 64
"""Messages that may wait for the request's thread."""
_LOOK_S = 0.02
_LARGE_FRAME_BYTES = 16 * 1024

_TOKEN_BYTES = 8


class Outbox(Protocol):
    """Holds what is to be sent to one client, and drops what is no longer worth sending."""

    @property
    def thinned_to(self) -> float | None:
        """Pictures a second, where a client that is too slow for all is sent fewer; else None."""

    def pop(self) -> bytes | None:
        """Take out the next frame; None if there is none."""


class Connection:
    """Sends frames as fast as the client takes them and never waits for it. On the event loop;
    `inbox` is for any thread.

    The outbox is asked for a frame only when there is room, and when those before it have arrived
    or soon will: until then it can drop the frame for a newer one. Control frames go first.

    `end` gives back everything that was taken for the client, without anybody's help. What fails
    for this client is noted in `errors`, and ends this connection only.
    """

    def __init__(
        self,
        loop_socket: LoopSocket,
        limits: TimeLimits | None = None,
        errors: ErrorCounts | None = None,
    ) -> None:
        self.inbox: Mailbox[str | bytes] = Mailbox(MAX_UNHEARD)
        """What the client says, for the thread of its request; closed at the end."""
        self.outbox: Outbox | None = None
        self.answered = asyncio.Event()
        """Set by the answer to our first ping, which shows that the client reads. Also set at the
        end."""
        self.is_vanished = False
        self.is_refused = False
        self.is_ended = False
        self._limits = limits or TimeLimits()
        self._errors = errors or ErrorCounts()
        self._at_end = ExitStack()
        self._socket = loop_socket
        self._incoming = Incoming(time.monotonic())
        # A descriptor of our own: the server may close its own while the loop watches it.
        self._descriptor = os.dup(loop_socket.fileno())
        self._control: deque[bytes] = deque()
        self._sending: memoryview | None = None
        self._awaits_room = False
        self._sent_bytes = 0
        self._under_way: deque[tuple[int, float]] = deque()
        """Of each frame not yet confirmed: `_sent_bytes` at its end, and when it was begun."""
        self._confirmed_bytes = 0
        self.carried_bytes_per_s = 0.0
        """How fast the last large frame arrived; 0 before there was one."""
        self._round_trip_s = self._limits.round_trip_s
        self._timer: asyncio.TimerHandle | None = None
        self._is_closing = False
        self._moved_at_s = time.monotonic()
        self._pinged_at_s = self._moved_at_s
        self._closing_at_s = 0.0
        self._token = os.urandom(_TOKEN_BYTES)
        self._unanswered_since_s = self._moved_at_s
        self._loop = asyncio.get_running_loop()
        self._loop.add_reader(self._descriptor, self._handle_readable)

    def challenge(self) -> None:
        """Send the ping whose answer shows that the client reads."""
        self.send_control(ping_frame(self._token))

    def at_end(self, give_back: Callable[[], object]) -> None:
        """Have `give_back` called when the connection ends, the newest first."""
        self._at_end.callback(give_back)

    def send_control(self, frame: bytes) -> None:
        """Send `frame` ahead of what the outbox holds. After a close, ours or the answer to the
        client's, nothing is sent (RFC 6455 section 5.5.1)."""
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
        """Send a close. The client answers it, or the connection is ended after `closing_s`.
        Idempotent."""
        self.send_control(close_frame(code, reason))

    def end(self, reason: str) -> None:
        """End it without a close frame, and give everything back. Idempotent."""
        if self.is_ended:
            return
        logger.debug("a WebSocket is ended: %s", reason)
        self.is_ended = True
        said = "what a WebSocket had taken could not all be given back"
        with self._errors.ending("websocket", said), self._at_end:  # whatever fails in between
            if self._timer is not None:
                self._timer.cancel()
            self._loop.remove_reader(self._descriptor)
            self._loop.remove_writer(self._descriptor)
            os.close(self._descriptor)
            self._socket.shut_down()
            self.outbox = None
            self.inbox.close()
            self.answered.set()

    def fail(self, error: Exception, said: str) -> None:
        """End it because of a fault of ours, of which the log says `said`."""
        self._errors.end("websocket", error, said)
        self.end("it has failed")

    def abandon(self) -> None:
        """Let the client and its request notice the end. Any thread, where the loop is stuck."""
        self._socket.shut_down()
        self.inbox.close()

    def begin_anew(self, now_s: float) -> None:
        """Count no time until now towards any limit: the process stood still."""
        self._closing_at_s = self._moved_at_s = self._incoming.heard_at_s = now_s
        self._unanswered_since_s = now_s

    def look_after(self, now_s: float) -> None:
        """Do the liveness check: ping, and end the connection if the client is gone. To be called a
        few times a second."""
        if self._is_closing and now_s - self._closing_at_s > self._limits.closing_s:
            self.end("it does not answer the close")
        elif now_s - self._incoming.heard_at_s > self._limits.silence_s:
            self.is_vanished = True
            self.end("it has vanished")
        elif not self.answered.is_set() and (
            now_s - self._unanswered_since_s > self._limits.silence_s
        ):
            self.is_refused = True
            self.end("it does not answer")
        elif self._is_waiting(now_s) and now_s - self._moved_at_s > self._limits.stalled_s:
            self.is_vanished = True
            self.end("it does not read")
        elif now_s - self._pinged_at_s >= self._limits.ping_s and PING not in self._control:
            self._pinged_at_s = now_s
            self.send_control(PING)

    def flush(self) -> None:
        """Send what there is, until the client has no room."""
        if self._awaits_room or self.is_ended:
            return
        try:
            self._send_all()
        except Exception as exc:
            self.fail(exc, "a WebSocket is ended, because sending failed")

    def _send_all(self) -> None:
        while (rest := self._sending or self._next()) is not None:
            try:
                sent = self._socket.send_some(rest)
            except OSError as exc:
                self.end(str(exc))
                return
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
                self._timer = self._loop.call_later(_LOOK_S, self._handle_time)
            return None
        if not self._under_way:
            self._moved_at_s = now_s  # it was idle until now
        return self.outbox.pop()

    def _is_slow(self, now_s: float) -> bool:
        self._look_under_way(now_s)
        limit_s = self._round_trip_s + self._limits.queues_s
        return bool(self._under_way) and now_s - self._under_way[0][1] > limit_s

    def _is_waiting(self, now_s: float) -> bool:
        self._look_under_way(now_s)
        return bool(self._under_way)

    def _look_under_way(self, now_s: float) -> None:
        if not self._under_way:
            return
        confirmed_bytes = self._sent_bytes - self._socket.unacknowledged_bytes()
        while self._under_way and self._under_way[0][0] <= confirmed_bytes:
            end_bytes, begun_s = self._under_way.popleft()
            took_s = now_s - begun_s
            self._round_trip_s = min(self._round_trip_s, took_s)
            self._moved_at_s = now_s
            if (size := end_bytes - self._confirmed_bytes) >= _LARGE_FRAME_BYTES:
                self.carried_bytes_per_s = size / max(took_s - self._round_trip_s, 0.001)
            self._confirmed_bytes = end_bytes

    def _handle_time(self) -> None:
        self._timer = None
        self.flush()

    def _wait_for_room(self) -> None:
        self._awaits_room = True
        self._loop.add_writer(self._descriptor, self._handle_room)

    def _handle_room(self) -> None:
        self._awaits_room = False
        self._loop.remove_writer(self._descriptor)
        self.flush()

    def _handle_readable(self) -> None:
        try:
            data = self._socket.recv_some()
        except OSError as exc:
            self.end(str(exc))
            return
        if data == b"":
            self.end("the client has hung up")
        elif data:
            try:
                self._read(data)
            except Exception as exc:
                self.fail(exc, "a WebSocket is ended, because reading failed")

    def _read(self, data: bytes) -> None:
        for heard in self._incoming.read(data, time.monotonic()):
            self._hear(heard)
            if self.is_ended:
                return

    def _hear(self, heard: Heard) -> None:
        if isinstance(heard, CloseConnection):
            self.close(NORMAL if heard.code == NO_STATUS else heard.code)
            self.end("closed by the client")
        elif isinstance(heard, Refused):
            self._refuse(heard)
        elif isinstance(heard, Ping):
            self.send_control(pong_frame(bytes(heard.payload)))
        elif isinstance(heard, Pong):
            if heard.payload == self._token:
                self.answered.set()
        elif not self._is_closing and not self.inbox.put(heard):
            self._refuse(Refused(POLICY, "too many messages"))

    def _refuse(self, why: Refused) -> None:
        self.is_refused = True
        self._loop.remove_reader(self._descriptor)  # the client might send for ever
        self.close(why.code, why.reason)
