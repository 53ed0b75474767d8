"""Limits how many connections the web server has, and how long each may take.

The client that keeps the server waiting longest gives way to a new connection, so that unfinished
requests, bodies that don't come and downloads that nobody reads keep nobody out.
"""

from __future__ import annotations

import contextlib
import io
import socket
import threading
import time
from collections.abc import Collection
from dataclasses import dataclass
from http.client import HTTPException
from typing import Any

from ..admission.client_network import client_network, is_this_machine, reached_address

THREAD_LIMIT_KEY = "pet_stream.thread_limit"
"""The key in the WSGI environment under which the server says how many requests it runs at once."""
SEND_BYTES = 64 * 1024
MAX_LINGER_BYTES = 256 * 1024
"""How much of a request is still read once its answer has begun. Werkzeug would read 10 MB."""
MAX_HEADER_BYTES = 128 * 1024
"""All lines of a header together. Browsers send up to 16 kB."""


@dataclass(frozen=True, slots=True)
class ClientLimits:
    max_count: int = 256
    max_per_network: int = 64
    """See `admission.client_network`."""
    max_per_own_network: int = 128
    """From an address of this machine: all clients of a proxy come from there. Viewers, listeners
    and downloads together are fewer."""
    header_s: float = 10.0
    """From the connection to the end of the request's header, however many bytes arrive."""
    body_s: float = 20.0
    """From the first look at the body to its end."""
    linger_s: float = 1.0
    """For the rest of the body once the answer has begun: a client that is still sending when it is
    refused can read why."""
    send_s: float = 20.0
    """For each SEND_BYTES of the answer."""


@dataclass(slots=True)
class ConnectionCounts:
    refused: int = 0
    """Closed at once, because too many were open."""
    ended: int = 0
    """Gave way to a new one."""
    timed_out: int = 0


class Client:
    """One connection, and since when the server waits for it. `waiting_since_s` and
    `is_being_answered` belong to the connection's thread, the rest to HttpClients."""

    def __init__(self, connection: socket.socket, network: str) -> None:
        self.socket = connection
        self.network = network
        self.waiting_since_s: float | None = time.monotonic()
        self.is_being_answered = False
        self.is_ended = False
        self.is_timed_out = False

    def end(self) -> None:
        """Shut the connection down: what its thread reads or writes now fails."""
        self.is_ended = True
        with contextlib.suppress(OSError):  # closed already
            self.socket.shutdown(socket.SHUT_RDWR)


class HttpClients:
    """All connections. Any thread."""

    def __init__(self, limits: ClientLimits, counts: ConnectionCounts) -> None:
        self.limits = limits
        self.counts = counts
        self._lock = threading.Lock()
        self._clients: dict[socket.socket, Client] = {}

    def admit(self, connection: socket.socket, host: str) -> bool:
        """Whether there is room for it; if need be, a different one is ended."""
        limits, network = self.limits, client_network(host, reached_address(connection))
        with self._lock:
            clients = [client for client in self._clients.values() if not client.is_ended]
            neighbours = [client for client in clients if client.network == network]
            is_own = is_this_machine(host)
            most = limits.max_per_own_network if is_own else limits.max_per_network
            has_room = True
            if len(neighbours) >= most:
                has_room = self._end_slowest(neighbours)
            elif len(clients) >= limits.max_count:
                has_room = self._end_slowest(clients)
            if has_room:
                self._clients[connection] = Client(connection, network)
            else:
                self.counts.refused += 1
            return has_room

    def make_room(self) -> bool:
        """End the client that keeps the server waiting longest; False if none does."""
        with self._lock:
            return self._end_slowest([c for c in self._clients.values() if not c.is_ended])

    def of(self, connection: socket.socket) -> Client:
        with self._lock:
            return self._clients[connection]

    def remove(self, connection: socket.socket) -> None:
        """Idempotent."""
        with self._lock:
            self._clients.pop(connection, None)

    def count_timeout(self, client: Client) -> None:
        """Count that `client` took too long; each client counts once."""
        with self._lock:
            self.counts.timed_out += not client.is_timed_out
            client.is_timed_out = True

    def _end_slowest(self, clients: Collection[Client]) -> bool:
        waiting = [(since_s, c) for c in clients if (since_s := c.waiting_since_s) is not None]
        if not waiting:
            return False
        min(waiting, key=lambda pair: pair[0])[1].end()
        self.counts.ended += 1
        return True


class RequestReader(io.RawIOBase):
    """Reads what the client sends, within the limits. On the connection's thread.

    A header that ends early is an error, and never taken for a whole one: what is missing may be
    its `Origin`. A body that ends early, or does not arrive in time, ends there without an error:
    Werkzeug reads what follows a request before it closes the answer, and an error would keep it
    from closing.
    """

    def __init__(self, client: Client, clients: HttpClients) -> None:
        self._client = client
        self._clients = clients
        self._is_in_header = True
        self._is_in_body = False
        self._is_lingering = False
        self._linger_bytes = 0
        self._received_bytes = 0
        self._begin(clients.limits.header_s)

    def end_header(self) -> None:
        """Take everything that comes from now on for the body."""
        self._client.waiting_since_s = None
        self._is_in_header = False

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        if self._is_in_header:
            return self._read_header(buffer)
        if self._client.is_being_answered and not self._is_lingering:
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
            self._clients.count_timeout(self._client)
            raise


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
            self._client.socket.settimeout(self._clients.limits.send_s)
            self._client.socket.sendall(part)
        except TimeoutError:
            self._clients.count_timeout(self._client)
            raise
        finally:
            self._client.waiting_since_s = None
