"""Reads what a client sends over a WebSocket (RFC 6455), by wsproto within our bounds. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from wsproto import ConnectionType
from wsproto.connection import Connection as Protocol
from wsproto.connection import ConnectionState
from wsproto.events import BytesMessage, CloseConnection, Event, Ping, Pong, TextMessage
from wsproto.frame_protocol import CloseReason

from ..admission.token_bucket import TokenBucket
from ..errors import TooMany

MAX_MESSAGE_SIZE = 16 * 1024
"""Bytes of a binary message, characters of a text, all fragments together."""
FRAMES_A_SECOND = 20
MAX_FRAMES_AT_ONCE = 100
"""A page sends about thirty messages when it opens a connection, then one every few seconds."""


@dataclass(frozen=True, slots=True)
class Refused:
    """Says that the client has broken a rule; nothing that it sends afterwards is read."""

    code: int
    reason: str


Heard = str | bytes | Ping | Pong | CloseConnection | Refused
"""A whole message; a ping, to be answered; a pong, to our ping; a close; a broken rule."""


class Incoming:
    """One client's frames. Owned by one thread.

    No extension is agreed on, so nothing here is compressed.
    """

    def __init__(self, now_s: float) -> None:
        self.heard_at_s = now_s
        """When a whole message, ping or pong last arrived. Single bytes and fragments don't count,
        nor do control frames between fragments."""
        self._protocol = Protocol(ConnectionType.SERVER)
        self._fragments: list[Any] = []  # of one type
        self._message_size = 0
        self._now_s = now_s
        self._budget = TokenBucket(MAX_FRAMES_AT_ONCE, 1 / FRAMES_A_SECOND, lambda: self._now_s)
        self._is_over = False

    def read(self, data: bytes, now_s: float) -> Iterator[Heard]:
        """Yields what arrives with `data`. Nothing follows a CloseConnection or a Refused."""
        if self._is_over:
            return
        self._now_s = now_s
        self._protocol.receive_data(data)
        for event in self._protocol.events():
            heard = self._hear(event)
            if not self._fragments:
                self.heard_at_s = now_s
            if isinstance(heard, CloseConnection | Refused):
                self._is_over = True
                self._fragments.clear()
            if heard is not None:
                yield heard
            if self._is_over:
                return

    def _hear(self, event: Event) -> Heard | None:
        try:
            self._budget.take("too many frames")
        except TooMany as exc:
            return Refused(CloseReason.POLICY_VIOLATION, str(exc))
        if isinstance(event, TextMessage | BytesMessage):
            return self._collect(event)
        if isinstance(event, CloseConnection):
            # wsproto makes the same event of the client's close and of what can't be read.
            is_malformed = self._protocol.state is ConnectionState.OPEN
            return Refused(event.code, event.reason or "") if is_malformed else event
        return event if isinstance(event, Ping | Pong) else None

    def _collect(self, part: TextMessage | BytesMessage) -> Heard | None:
        """Add a part; returns the whole message with its last part, otherwise None."""
        self._message_size += len(part.data)
        if self._message_size > MAX_MESSAGE_SIZE:
            return Refused(CloseReason.MESSAGE_TOO_BIG, "the message is too long")
        self._fragments.append(part.data)
        if not part.message_finished:
            return None
        fragments, self._fragments, self._message_size = self._fragments, [], 0
        return "".join(fragments) if isinstance(part, TextMessage) else b"".join(fragments)
