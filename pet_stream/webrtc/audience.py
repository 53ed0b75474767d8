"""Hands the camera's pictures to the viewers that are connected."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from ..fan_out import FanOut
from ..first_pictures import FirstPictures
from ..media.access_unit import AccessUnit
from ..supervision.error_counts import ErrorCounts
from .sending.sender import PeerCounts, Sender


class Viewer(Protocol):
    sender: Sender

    def end(self, reason: str) -> None: ...


class Audience:
    """The connected viewers. On the event-loop thread; properties from any.

    A viewer that joins gets exactly what the others have had from its entry point on, so that all
    share the same packets.
    """

    def __init__(
        self, fan_out: FanOut, counts: PeerCounts, errors: ErrorCounts | None = None
    ) -> None:
        self._fan_out = fan_out
        self._counts = counts
        self._errors = errors or ErrorCounts()
        self._viewers: tuple[Viewer, ...] = ()
        self.first_pictures = FirstPictures()

    @property
    def viewers(self) -> tuple[Viewer, ...]:
        return self._viewers

    @property
    def viewer_count(self) -> int:
        return len(self._viewers)

    def join(self, viewer: Viewer, asked_ns: int) -> None:
        """Start `viewer`, which came at `asked_ns` (monotonic), at the newest entry point."""
        gop = self._fan_out.join(self)
        self.first_pictures.expect(viewer, asked_ns)
        try:
            viewer.sender.start(gop)
        except Exception as exc:
            self._fail(viewer, exc)
            return
        if gop:
            self.first_pictures.come(viewer)
        self._viewers = (*self._viewers, viewer)

    def leave(self, viewer: Viewer) -> None:
        """Send `viewer` nothing more; does nothing if it never joined."""
        self.first_pictures.give_up(viewer)
        self._viewers = tuple(other for other in self._viewers if other is not viewer)
        if not self._viewers:
            self._fan_out.leave(self)

    def send(self, units: Sequence[AccessUnit], dropped_count: int) -> None:
        for unit in units:
            for viewer in self._viewers:
                self._send_to(viewer, unit)
            if self.first_pictures.waiting and unit.is_entry_point:
                self.first_pictures.come_to_all()
        self._counts.frames_dropped += dropped_count

    def _send_to(self, viewer: Viewer, unit: AccessUnit) -> None:
        try:
            viewer.sender.send(unit)
        except Exception as exc:  # one viewer must not cost the others a picture
            self._fail(viewer, exc)

    def _fail(self, viewer: Viewer, error: Exception) -> None:
        self._errors.end("webrtc", error, "a viewer is ended, because sending to it failed")
        self._counts.errors += 1
        viewer.end("sender failed")
