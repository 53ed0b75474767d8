"""Sends what the detector saw to the pages that draw it."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from ..errors import NotFound
from ..event_loop import EventLoopThread
from .frames import json_frame
from .state_outbox import StateOutbox
from .ticker import Ticker

if TYPE_CHECKING:
    from ..detections.listener import Listener
    from ..detections.listeners import Detections
    from .connection import Connection

LINGER_S = 1.0


class DetectionFeed:
    """Sends each sighting to all subscribers, as one frame that is made once. On the event loop.

    While nobody has subscribed, it listens to nothing. It stops listening up to `linger_s` after
    the last one has left, so that a page that comes and goes starts no thread each time.
    """

    def __init__(
        self,
        event_loop: EventLoopThread,
        detections: Detections | None,
        linger_s: float = LINGER_S,
    ) -> None:
        self._event_loop = event_loop
        self._detections = detections
        self._subscribers: dict[Connection, StateOutbox] = {}
        self._listener: Listener | None = None
        self._ticker = Ticker(event_loop, "leaving the detections", linger_s, self._look)

    @property
    def subscriber_count(self) -> int:
        return len(self._subscribers)

    async def subscribe(self, connection: Connection) -> None:
        """Idempotent; does nothing for a connection that has ended. Raises NotFound without a
        detector, Busy when no thread can be started."""
        self._event_loop.assert_here()
        outbox = connection.outbox
        if not isinstance(outbox, StateOutbox):
            return
        if self._detections is None:
            raise NotFound("PET_STREAM_DETECTIONS_SHM names no detector")
        if self._listener is None or self._listener.is_closed:
            wake = partial(self._event_loop.call_soon, self._drain)
            self._listener = self._detections.listen(wake=wake)
        self._subscribers[connection] = outbox

    def unsubscribe(self, connection: Connection) -> None:
        """Idempotent."""
        self._event_loop.assert_here()
        outbox = self._subscribers.pop(connection, None)
        if outbox is not None:
            outbox.sightings.clear()
            self._ticker.start()

    def abandon(self) -> None:
        """Stop listening. Any thread, where the loop is stuck."""
        listener, self._listener = self._listener, None
        if listener is not None and self._detections is not None:
            self._detections.leave(listener)

    def _drain(self) -> None:
        while self._listener is not None and (sighting := self._listener.take(0)) is not None:
            frame = json_frame({"type": "detections", **sighting.to_json()})
            for connection, outbox in tuple(self._subscribers.items()):
                outbox.sightings.append(frame)
                connection.flush()

    def _look(self) -> bool:
        """Stop listening, if nobody has subscribed meanwhile."""
        if not self._subscribers and self._listener is not None:
            listener, self._listener = self._listener, None
            assert self._detections is not None
            self._detections.leave(listener)
        return False
