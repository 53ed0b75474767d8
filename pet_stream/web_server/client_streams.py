"""What a client sends and is sent, within its limits, whether by TLS or not."""

from __future__ import annotations

import io
import ssl
import time
from http.client import HTTPException
from typing import Any

from .http_clients import Client, HttpClients

SEND_BYTES = 64 * 1024
MAX_LINGER_BYTES = 256 * 1024
"""How much of a request is still read once its answer has begun."""
MAX_HEADER_BYTES = 128 * 1024
"""All lines of a header together. Browsers send up to 16 kB."""


class RequestReader(io.RawIOBase):
    """Reads what the client sends, within the limits. On the connection's thread.

    A header that ends early is an error, and never taken for a whole one: what is missing may be
    its `Origin`. A body that ends early, or does not arrive in time, ends there without an error:
    what follows a request is read before its answer is closed, and an error would keep it from
    closing.
    """

    def __init__(self, client: Client, clients: HttpClients) -> None:
        self._client = client
        self._clients = clients
        self._is_idle = False
        self._is_peeking = False
        self._is_in_header = True
        self._is_in_body = False
        self._is_lingering = False
        self._linger_bytes = 0
        self._received_bytes = 0
        self._began_at_s = client.connected_at_s
        self._deadline_s = self._began_at_s + clients.limits.header_s

    def begin_header(self) -> None:
        """Wait for a request. After the first one, it may be that no other comes."""
        if self._is_in_header:
            return
        self._is_in_header = self._is_idle = True
        self._is_in_body = self._is_lingering = self._client.is_being_answered = False
        self._linger_bytes = self._received_bytes = 0
        self._begin(self._clients.limits.idle_s)
        self._client.waiting_since_s = self._began_at_s

    def is_ahead(self, buffered: io.BufferedReader) -> bool:
        """Whether `buffered`, which reads from this, holds more than what was asked for."""
        self._is_peeking = True
        try:
            return bool(buffered.peek(1))
        finally:
            self._is_peeking = False

    def end_header(self) -> None:
        """Take everything that comes from now on for the body."""
        self._client.waiting_since_s = None
        self._is_in_header = False

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        if self._is_peeking:
            return None  # nothing just now
        if self._is_in_header:
            return self._read_header(buffer)
        if self._client.is_being_answered:
            if not self._is_lingering:
                self._is_lingering = True
                self._begin(self._clients.limits.linger_s)
        elif not self._is_in_body:
            self._is_in_body = True
            self._begin(self._clients.limits.body_s)
        if self._linger_bytes >= MAX_LINGER_BYTES:
            return 0
        self._client.waiting_since_s = self._began_at_s
        try:
            size = self._receive(buffer)
            self._linger_bytes += size * self._is_lingering
            return size
        except (TimeoutError, ConnectionError):
            return 0
        finally:
            self._client.waiting_since_s = None

    def _begin(self, limit_s: float) -> None:
        self._began_at_s = time.monotonic()
        self._deadline_s = self._began_at_s + limit_s

    def _read_header(self, buffer: Any) -> int:
        size = self._receive(buffer)
        if self._is_idle and size:
            self._is_idle = False
            self._begin(self._clients.limits.header_s)
        self._received_bytes += size
        if self._received_bytes > MAX_HEADER_BYTES:
            raise HTTPException("the header is too long")
        if not size and self._received_bytes:
            raise ConnectionAbortedError("the header is not whole")
        return size

    def _receive(self, buffer: Any) -> int:
        left_s = self._deadline_s - time.monotonic()
        try:
            if left_s <= 0:
                raise TimeoutError
            self._client.socket.settimeout(left_s)
            return self._client.socket.recv_into(buffer)
        except TimeoutError:
            if not self._is_idle:
                self._clients.count_timeout(self._client)
            raise
        except ssl.SSLError as exc:  # cut off, or not what was sent
            raise ConnectionAbortedError(str(exc)) from exc


class LineReader(io.BufferedReader):
    """Reads a request, and notes whether two readers could see the lines of its header differently
    (RFC 9112, section 2.2). On the connection's thread."""

    are_plain = True
    """Whether all lines end by CRLF, and hold no other CR, and no NUL."""

    def readline(self, size: int | None = -1, /) -> bytes:
        line = super().readline(size)
        is_plain = line.find(b"\r") == len(line) - 2 and line.endswith(b"\n") and b"\0" not in line
        self.are_plain = self.are_plain and is_plain
        return line


class AnswerWriter(io.BufferedIOBase):
    """Writes what the client is sent, within the limits. On the connection's thread."""

    def __init__(self, client: Client, clients: HttpClients) -> None:
        self._client = client
        self._clients = clients

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        """Raises TimeoutError when the client takes too little."""
        with memoryview(data) as view:
            for start in range(0, len(view), SEND_BYTES):
                self._send(view[start : start + SEND_BYTES])
            return len(view)

    def _send(self, part: memoryview) -> None:
        self._client.is_being_answered = True
        self._client.waiting_since_s = time.monotonic()
        try:
            self._send_before(time.monotonic() + self._clients.limits.send_s, part)
        except TimeoutError:
            self._clients.count_timeout(self._client)
            raise
        except ssl.SSLError as exc:
            raise ConnectionAbortedError(str(exc)) from exc
        finally:
            self._client.waiting_since_s = None

    def _send_before(self, deadline_s: float, rest: memoryview) -> None:
        """As sendall, which of TLS gives each record the whole time."""
        while rest:
            left_s = deadline_s - time.monotonic()
            if left_s <= 0:
                raise TimeoutError
            self._client.socket.settimeout(left_s)
            rest = rest[self._client.socket.send(rest) :]
