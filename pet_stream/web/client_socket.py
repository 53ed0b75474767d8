"""The client's connection, as far as the server lets us at it."""

from __future__ import annotations

import socket

from flask import request

from ..websocket.loop_socket import SOCKET_KEYS

CLIENT_TIMEOUT_S = 20.0
_MAX_UNSENT_BYTES = 256 * 1024


def client_socket() -> socket.socket | None:
    """None under servers without one for each request: HTTP/2, or threads that are none."""
    if not request.environ.get("SERVER_PROTOCOL", "").startswith("HTTP/1"):
        return None
    found = next(filter(None, map(request.environ.get, SOCKET_KEYS)), None)
    return found if isinstance(found, socket.socket) else None


def limit_waiting(timeout_s: float = CLIENT_TIMEOUT_S) -> None:
    """Before each of our views: a client that sends nothing of its body, or does not take what is
    written to it at once (64 kB of a recording), for `timeout_s` is ended.

    The servers would wait for ever. They reset the socket before the connection's next request.
    """
    connection = client_socket()
    if connection is None:
        return
    connection.settimeout(timeout_s)
    try:  # else a slow client would have to make room for megabytes at once
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NOTSENT_LOWAT, _MAX_UNSENT_BYTES)
    except OSError:  # not TCP: a Unix socket behind a proxy
        pass
