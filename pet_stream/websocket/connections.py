"""Owns all WebSockets of an app, from their handshake to their end."""

from __future__ import annotations

import asyncio
import time
from functools import partial
from typing import TYPE_CHECKING, Protocol

from ..admission.grants import Grants
from ..admission.places import Ending, Occupant, Place, Places
from ..errors import LoopUnavailable
from ..event_loop import EventLoopThread
from ..process.gunicorn import is_server_ending
from ..process.standstill import Looks
from ..rights import EVERYBODYS, Grant
from .frames import GOING_AWAY
from .loop_socket import LoopSocket
from .pending import MAX_PENDING, PendingClients
from .ticker import Ticker
from .time_limits import TimeLimits

if TYPE_CHECKING:
    from .connection import Connection

RIGHT_ENDED = 4401
"""The close code of a client whose right has ended: 4000 and HTTP's 401."""
TAKEN_AWAY = 4409
"""Of a client whose place was taken away; the reason says why."""
RACED = 4408
"""Of the way of a page that came second, and was kept for too long beside the first."""
TRANSPORT = "websocket"
_LOOK_INTERVAL_S = 0.4


class Room(Protocol):
    """Sends the same to all connections that join it. On the event loop."""

    def join(self, connection: Connection) -> None:
        """Set the connection's outbox."""

    def leave(self, connection: Connection) -> None: ...


class Connections:
    """Pings the clients, ends connections whose clients have vanished, closes all. On the event
    loop; any thread may read the numbers.

    Each connection is a task, so that nothing of it outlives the loop.
    """

    def __init__(
        self,
        event_loop: EventLoopThread,
        grants: Grants,
        limits: TimeLimits | None = None,
    ) -> None:
        self.limits = limits or TimeLimits()
        """For connections that are opened from now on."""
        self.vanished_count = 0
        """Clients that went without a close, or did not read any more."""
        self.refused_count = 0
        """Clients that sent too much, or what is no WebSocket message."""
        self._event_loop = event_loop
        self._grants = grants
        self._places: dict[Connection, Place | None] = {}
        self._pending: PendingClients[Connection] = PendingClients()
        self._looks = Looks(_LOOK_INTERVAL_S)
        self._ticker = Ticker(
            event_loop, "looking after WebSockets", _LOOK_INTERVAL_S, self._look_after
        )

    @property
    def count(self) -> int:
        """How many have not ended, admitted or not."""
        return len(self._places)

    def check(self, client: str, max_pending: int = MAX_PENDING) -> None:
        """Raises Busy if `open` would. Any thread."""
        self._first_to_go(client, max_pending)

    async def open(
        self, loop_socket: LoopSocket, client: str = "", max_pending: int = MAX_PENDING
    ) -> Connection:
        """Take over the socket of one more client, from the network `client`. If there are too many
        connections without a place, one of them gives way.

        Raises Busy, and LoopUnavailable if there is no descriptor left.
        """
        from .connection import Connection  # lazy: with wsproto 1 MB, for WebSockets only

        while (leaving := self._first_to_go(client, max_pending)) is not None:
            leaving.end("it gives way to a newer one")
        try:
            connection = Connection(loop_socket, self.limits, self._event_loop.errors)
        except OSError as exc:
            raise LoopUnavailable(f"No connection: {exc}") from exc
        self._places[connection] = None
        self._pending.add(connection, client, time.monotonic())
        ended = asyncio.Event()
        connection.at_end(ended.set)
        connection.at_end(partial(self._forget, connection))
        self._event_loop.spawn(_live(connection, ended), "WebSocket")
        self._ticker.start()
        return connection

    async def admit(
        self,
        connection: Connection,
        places: Places,
        room: Room,
        client: str = "",
        grant: Grant = EVERYBODYS,
        race: str = "",
    ) -> None:
        """Once its client has answered, give it one of `places` and let it join `room`, until it
        ends, or `grant` does. `race`: names the page, if it tries another way at the same time.
        Raises Full, Busy."""
        places.check(grant.holder, is_owner=grant.is_owners, race=race, transport=TRANSPORT)
        connection.challenge()
        await connection.answered.wait()
        if connection.is_ended:
            return
        occupant = Occupant(
            end=partial(self._event_loop.call_soon, self._expel, connection),
            name=grant.name,
            holder=grant.holder,
            is_owner=grant.is_owners,
            client=client,
            transport=TRANSPORT,
            race=race,
            thinned_to=lambda: None if connection.outbox is None else connection.outbox.thinned_to,
        )
        place = self._places[connection] = places.acquire(occupant)
        self._pending.discard(connection)
        connection.at_end(place.release)
        expel = partial(connection.close, RIGHT_ENDED, "sign_in")
        hold = self._grants.hold(grant, partial(self._event_loop.call_soon, expel))
        connection.at_end(hold.release)
        connection.at_end(partial(room.leave, connection))
        room.join(connection)

    def _expel(self, connection: Connection, why: Ending) -> None:
        connection.close(RACED if why is Ending.RACED else TAKEN_AWAY, why.value)

    async def drop(self, connection: Connection) -> None:
        """End the connection, whose request is over."""
        connection.end("its request is over")

    async def close_all(self) -> None:
        """Close all connections, and wait for a moment for the clients' answers."""
        for connection in tuple(self._places):
            connection.close(GOING_AWAY, "the server is stopping")
        deadline_s = time.monotonic() + self.limits.closing_s
        while self._places and time.monotonic() < deadline_s:
            await asyncio.sleep(0.02)
        for connection in tuple(self._places):
            connection.end("the server is stopping")

    def abandon(self) -> None:
        """Give back all places, and let all clients notice. Any thread, where the loop is stuck."""
        for connection, place in tuple(self._places.items()):
            connection.abandon()
            if place is not None:
                place.release()

    def _first_to_go(self, client: str, max_pending: int) -> Connection | None:
        now_s, patience_s = time.monotonic(), self.limits.patience_s
        return self._pending.first_to_go(client, now_s, max_pending, patience_s)

    def _forget(self, connection: Connection) -> None:
        del self._places[connection]
        self._pending.discard(connection)
        self.vanished_count += connection.is_vanished
        self.refused_count += connection.is_refused

    def _look_after(self) -> bool:
        now_s = time.monotonic()
        is_late = self._looks.is_late(now_s)
        is_ending = is_server_ending()
        for connection, place in tuple(self._places.items()):
            if is_ending:
                connection.close(GOING_AWAY, "the server is stopping")
            try:
                if is_late:
                    connection.begin_anew(now_s)
                connection.look_after(now_s)
            except Exception as exc:
                connection.fail(exc, "a WebSocket is ended, because its check failed")
            if place is not None and not connection.is_ended:
                place.renew()
        return bool(self._places)


async def _live(connection: Connection, ended: asyncio.Event) -> None:
    try:
        await ended.wait()
    finally:
        connection.end("the event loop has ended")
