"""All WebSockets of an app, from their handshake to their end."""

from __future__ import annotations

import asyncio
import time

from ..event_loop import EventLoopThread
from ..gunicorn_worker import is_server_ending
from .connection import CLOSING_LIMIT_S, GOING_AWAY, Connection
from .shared_socket import SharedSocket
from .ticker import Ticker

_LOOK_INTERVAL_S = 0.4


class Connections:
    """Pings them, ends those that have vanished, says goodbye to all. On the event loop; the
    numbers may be read by any thread."""

    def __init__(self, event_loop: EventLoopThread) -> None:
        self.vanished_count = 0
        """Clients that went without a word, or did not read any more."""
        self._event_loop = event_loop
        self._connections: set[Connection] = set()
        self._ticker = Ticker(
            event_loop, "looking after WebSockets", _LOOK_INTERVAL_S, self._look_after
        )

    async def open(self, shared_socket: SharedSocket) -> Connection:
        connection = Connection(shared_socket, self._event_loop)
        self._connections.add(connection)
        self._ticker.start()
        return connection

    async def drop(self, connection: Connection) -> None:
        """Its request is over."""
        connection.end("its request is over")
        self._connections.discard(connection)

    async def close_all(self) -> None:
        """Tell everybody that the server goes, and wait for their answers for a moment."""
        for connection in tuple(self._connections):
            connection.close(GOING_AWAY, "the server is stopping")
        deadline_s = time.monotonic() + CLOSING_LIMIT_S
        while self._connections and time.monotonic() < deadline_s:
            await asyncio.sleep(0.02)
        for connection in tuple(self._connections):
            connection.end("the server is stopping")

    def _look_after(self) -> bool:
        now_s = time.monotonic()
        is_ending = is_server_ending()
        for connection in tuple(self._connections):
            if is_ending:
                connection.close(GOING_AWAY, "the server is stopping")
            if connection.is_ended:  # its request ends by itself
                continue
            connection.look_after(now_s)
            self.vanished_count += connection.is_vanished
        return bool(self._connections)
