"""Hands the camera's pictures to those who watch now."""

from __future__ import annotations

import logging
from typing import Protocol

from ..broadcaster import Broadcaster, Subscription
from ..event_loop import EventLoopThread
from ..media.access_unit import AccessUnit
from ..media.gop import GopCache
from .sender import PeerCounts, Sender

logger = logging.getLogger(__name__)

CAPACITY = 30
"""Access units that may wait for the event loop."""


class Viewer(Protocol):
    sender: Sender

    def end(self, reason: str) -> None: ...


class Audience:
    """The connected viewers. On the event-loop thread; properties from any.

    Pictures are taken from the broadcaster only while somebody watches. The loop keeps a GOP of
    its own, so that who joins gets exactly what the others have had since the last IDR.
    """

    def __init__(
        self, broadcaster: Broadcaster, event_loop: EventLoopThread, counts: PeerCounts
    ) -> None:
        self._broadcaster = broadcaster
        self._event_loop = event_loop
        self._counts = counts
        self._viewers: tuple[Viewer, ...] = ()
        self._gop = GopCache()
        self._subscription: Subscription | None = None
        self._subscription_drops = 0

    @property
    def viewers(self) -> tuple[Viewer, ...]:
        return self._viewers

    @property
    def viewer_count(self) -> int:
        return len(self._viewers)

    @property
    def fill_ratio(self) -> float:
        """How full the queue from the camera is, 0 to 1."""
        subscription = self._subscription
        return 0.0 if subscription is None else subscription.fill_ratio

    def join(self, viewer: Viewer) -> None:
        """Start `viewer` at the newest IDR."""
        if self._subscription is None:
            self._subscription = self._broadcaster.subscribe(
                "webrtc", CAPACITY, self._wake, is_urgent=True
            )
            self._subscription_drops = 0
        self._drain()
        if not self._broadcaster.gop:  # forgotten, because the camera has stopped
            self._gop.clear()
        viewer.sender.start(self._gop.units)
        self._viewers = (*self._viewers, viewer)

    def leave(self, viewer: Viewer) -> None:
        """Send `viewer` nothing more; does nothing if it never joined."""
        self._viewers = tuple(other for other in self._viewers if other is not viewer)
        if not self._viewers and self._subscription is not None:
            self._broadcaster.unsubscribe(self._subscription)
            self._subscription = None
            self._gop.clear()

    def _wake(self) -> None:
        self._event_loop.call_soon(self._drain)

    def _drain(self) -> None:
        subscription = self._subscription
        if subscription is None:  # the last viewer left meanwhile
            return
        for unit in subscription.take():
            self._gop.append(unit)
            for viewer in self._viewers:
                self._send(viewer, unit)
        self._counts.frames_dropped += subscription.dropped_count - self._subscription_drops
        self._subscription_drops = subscription.dropped_count

    def _send(self, viewer: Viewer, unit: AccessUnit) -> None:
        try:
            viewer.sender.send(unit)
        except Exception:  # the loop's safety net: one viewer must not cost the others a picture
            logger.exception("a viewer's sender failed")
            self._counts.errors += 1
            viewer.end("sender failed")
