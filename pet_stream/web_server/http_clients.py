"""Limits how many connections the web server has, and how long each may take.

The client that keeps the server waiting longest gives way to a new connection, so that unfinished
requests, bodies that don't come and downloads that nobody reads keep nobody out.
"""

from __future__ import annotations

import contextlib
import socket
import ssl
import threading
import time
from collections.abc import Collection
from dataclasses import dataclass

from ..admission.client_network import client_network, is_this_machine, reached_address
from ..own_server import ConnectionCounts


@dataclass(frozen=True, slots=True)
class ClientLimits:
    max_count: int = 256
    max_per_network: int = 64
    """See `admission.client_network`."""
    max_per_own_network: int = 128
    """From an address of this machine: all clients of a proxy come from there. Viewers, listeners
    and downloads together are fewer."""
    header_s: float = 10.0
    """From the connection to the end of the request's header, however many bytes arrive, and with
    the handshake of TLS."""
    body_s: float = 20.0
    """From the first look at the body to its end."""
    linger_s: float = 1.0
    """For the rest of the body once the answer has begun: a client that is still sending when it is
    refused can read why."""
    idle_s: float = 15.0
    """Between an answer and the next request on its connection."""
    send_s: float = 20.0
    """For each `client_streams.SEND_BYTES` of the answer."""


class Client:
    """One connection, and since when the server waits for it. `waiting_since_s` and
    `is_being_answered` belong to the connection's thread, the rest to HttpClients."""

    def __init__(self, connection: socket.socket, network: str) -> None:
        self.socket = connection
        self.network = network
        self.connected_at_s = time.monotonic()
        self.waiting_since_s: float | None = self.connected_at_s
        self.is_being_answered = False
        self.is_ended = False
        self.is_timed_out = False

    def end(self) -> None:
        """Shut the connection down: what its thread reads or writes now fails."""
        self.is_ended = True
        with contextlib.suppress(OSError):  # closed already
            # Not SSLSocket's, which drops its keys: its thread would go on in clear text.
            socket.socket.shutdown(self.socket, socket.SHUT_RDWR)


class HttpClients:
    """All connections. Any thread."""

    def __init__(self, limits: ClientLimits, counts: ConnectionCounts) -> None:
        self.limits = limits
        self.counts = counts
        self._lock = threading.Lock()
        self._clients: dict[socket.socket, Client] = {}
        """By the socket that was accepted."""

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

    def secure(self, client: Client, context: ssl.SSLContext) -> ssl.SSLSocket:
        """Returns the client's socket, which speaks TLS from now on, once hands are shaken."""
        with self._lock:  # end() finds the one or the other
            secured = context.wrap_socket(
                client.socket, server_side=True, do_handshake_on_connect=False
            )
            client.socket = secured
            return secured

    def end_idle(self) -> None:
        """End all that wait for a next request, or keep the server waiting."""
        with self._lock:
            for client in self._clients.values():
                if client.waiting_since_s is not None and not client.is_ended:
                    client.end()

    def remove(self, connection: socket.socket) -> Client | None:
        with self._lock:
            return self._clients.pop(connection, None)

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
