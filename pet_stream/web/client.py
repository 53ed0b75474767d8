"""Tells by which network a client is known, and whether it still waits for its answer."""

from __future__ import annotations

import select
from collections.abc import Mapping

from flask import g, request

from ..admission.client_network import client_network, reached_address
from ..websocket.loop_socket import SOCKET_KEYS
from .client_socket import client_socket


def current_client() -> str:
    """Returns the network that the client of this request is known by. The first call has to come
    before the connection is taken over."""
    if "pet_stream_client" not in g:
        connection = client_socket()
        own_address = None if connection is None else reached_address(connection)
        g.pet_stream_client = client_network(request.remote_addr, own_address)
    client: str = g.pet_stream_client
    return client


def has_client_gone(environ: Mapping[str, object]) -> bool:
    """Whether the connection of this request has been closed; False where that can't be told.

    A client that closes only its own half after the request counts as gone, too: no known client
    does that and still reads.
    """
    server_socket = next((environ[key] for key in SOCKET_KEYS if key in environ), None)
    if server_socket is None:
        return False
    poll = select.poll()
    poll.register(server_socket, select.POLLRDHUP)  # type: ignore[arg-type]
    return bool(poll.poll(0))
