"""Hands the camera's pictures to those who watch now."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import Protocol

from ..broadcaster import Broadcaster
from ..event_loop import EventLoopThread
from ..loop_subscription import LoopSubscription
from ..media.access_unit import AccessUnit
from ..media.gop import GopCache
from .sender import PeerCounts, Sender

logger = logging.getLogger(__name__)


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
        self._pictures = LoopSubscription(broadcaster, event_loop, "webrtc", self._send)
        self._counts = counts
        self._viewers: tuple[Viewer, ...] = ()
        self._gop = GopCache()

    @property
    def viewers(self) -> tuple[Viewer, ...]:
        return self._viewers

    @property
    def viewer_count(self) -> int:
        return len(self._viewers)

    @property
    def fill_ratio(self) -> float:
        """How full the queue from the camera is, 0 to 1."""
        return self._pictures.fill_ratio

    def join(self, viewer: Viewer) -> None:
        """Start `viewer` at the newest IDR."""
        self._pictures.open()
        if not self._pictures.has_gop:  # forgotten, because the camera has stopped
            self._gop.clear()
        viewer.sender.start(self._gop.units)
        self._viewers = (*self._viewers, viewer)

    def leave(self, viewer: Viewer) -> None:
        """Send `viewer` nothing more; does nothing if it never joined."""
        self._viewers = tuple(other for other in self._viewers if other is not viewer)
        if not self._viewers:
            self._pictures.close()
            self._gop.clear()

    def _send(self, units: Sequence[AccessUnit], dropped_count: int) -> None:
        for unit in units:
            self._gop.append(unit)
            for viewer in self._viewers:
                self._send_to(viewer, unit)
        self._counts.frames_dropped += dropped_count

    def _send_to(self, viewer: Viewer, unit: AccessUnit) -> None:
        try:
            viewer.sender.send(unit)
        except Exception:  # the loop's safety net: one viewer must not cost the others a picture
            logger.exception("a viewer's sender failed")
            self._counts.errors += 1
            viewer.end("sender failed")
