"""How a connection begins to speak TLS, and how it ends. On the connection's thread."""

from __future__ import annotations

import contextlib
import socket
import ssl
import time

from .http_clients import Client, HttpClients

_HANDSHAKE = 22
"""The first byte of a client's first record (RFC 8446 section 5.1)."""


def shake_hands(client: Client, clients: HttpClients, context: ssl.SSLContext) -> bool:
    """Speak TLS with the client from now on. Returns False if it does not want to: it speaks plain
    HTTP, perhaps.

    Raises OSError. A handshake has the time of a header; see ClientLimits.
    """
    deadline_s = client.connected_at_s + clients.limits.header_s
    try:
        _limit(client.socket, deadline_s)
        if client.socket.recv(1, socket.MSG_PEEK) != bytes([_HANDSHAKE]):
            return False
        secured = clients.secure(client, context)
        _limit(secured, deadline_s)
        secured.do_handshake()
    except TimeoutError:
        clients.count_timeout(client)
        raise
    return True


def say_goodbye(connection: ssl.SSLSocket) -> None:
    """Tell the client that nothing was cut off (RFC 8446 section 6.1). Its own goodbye is not
    waited for."""
    with contextlib.suppress(OSError, ValueError):  # it has ended, or never began
        connection.setblocking(False)
        connection.unwrap()


def _limit(connection: socket.socket, deadline_s: float) -> None:
    left_s = deadline_s - time.monotonic()
    if left_s <= 0:
        raise TimeoutError("the handshake takes too long")
    connection.settimeout(left_s)
