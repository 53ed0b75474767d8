"""Finds the client's connection, where the server gives access to it, and limits its waits."""

from __future__ import annotations

import socket

from flask import request

from ..websocket.loop_socket import SOCKET_KEYS

CLIENT_TIMEOUT_S = 20.0
_MAX_UNSENT_BYTES = 256 * 1024
_UNHEARD_LIMIT_MS = 10_000


def client_socket() -> socket.socket | None:
    """Returns the connection's socket; None under servers that have no socket for each request
    (HTTP/2) or no real threads."""
    if not request.environ.get("SERVER_PROTOCOL", "").startswith("HTTP/1"):
        return None
    found = next(filter(None, map(request.environ.get, SOCKET_KEYS)), None)
    return found if isinstance(found, socket.socket) else None


def limit_waiting(timeout_s: float = CLIENT_TIMEOUT_S) -> None:
    """Runs before each of our views. A client is ended that for `timeout_s` sends nothing of its
    body, or does not take one piece of what is written to it (64 kB of a recording).

    The servers would wait for ever. They reset the socket before the connection's next request.
    """
    connection = client_socket()
    if connection is None:
        return
    connection.settimeout(timeout_s)
    try:  # without it a slow client would have to take megabytes within that time
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NOTSENT_LOWAT, _MAX_UNSENT_BYTES)
    except OSError:  # not TCP: a Unix socket behind a proxy
        pass


def end_when_unheard() -> None:
    """For what lasts: limit how long the kernel tries to reach the client. One that vanishes would
    hold its thread for a quarter of an hour."""
    connection = client_socket()
    if connection is None:
        return
    try:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, _UNHEARD_LIMIT_MS)
    except OSError:  # not TCP: a Unix socket behind a proxy
        pass
