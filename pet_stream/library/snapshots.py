"""The current picture of the camera as JPEG, in full size or smaller."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..errors import NoPicture, TooMany
from ..media.access_unit import AccessUnit
from .short_queue import ShortQueue

if TYPE_CHECKING:
    import av

MAX_AGE_S = 1.0
"""Requests within this time get the same picture, so at most one a second is decoded."""
MAX_WAITING = 8
MAX_WIDTHS = 8
"""Of one picture, the full width not counted: each is encoded once, and kept."""


@dataclass(frozen=True, slots=True)
class Snapshot:
    jpeg: bytes
    captured_at: float
    """Epoch seconds."""
    version: str
    """Changes when any byte changes: a strong validator (RFC 9110, 8.8.1)."""


class Snapshots:
    """Decodes the newest picture on request. Any thread. `check` raises an error while nobody may
    see it."""

    def __init__(
        self,
        gop: Callable[[], Sequence[AccessUnit]],
        check: Callable[[], object] = lambda: None,
        max_age_s: float = MAX_AGE_S,
    ) -> None:
        self._gop = gop
        self._check = check
        self._max_age_s = max_age_s
        self._queue = ShortQueue(MAX_WAITING)  # those who wait get the same picture
        self._looked_at_s = float("-inf")
        self._newest = -1, -1
        self._frame: av.VideoFrame | None = None
        self._captured_at = 0.0
        self._made: dict[int, Snapshot] = {}

    def take(self, width: int | None = None) -> Snapshot:
        """Returns the current picture, at most `width` pixels wide. Raises NoPicture, TooMany, and
        what `check` does."""
        self._check()
        with self._queue.turn("Too many ask for a picture at once"):
            if time.monotonic() - self._looked_at_s >= self._max_age_s:
                self._look()
                self._looked_at_s = time.monotonic()
            self._check()  # decoding takes its time
            if self._frame is None:
                raise NoPicture("The camera sends no picture")
            full_width = self._frame.width
            return self._in_width(self._frame, min(width or full_width, full_width))

    def _look(self) -> None:
        """Decode the newest picture, unless that was done."""
        gop = self._gop()
        newest = (gop[-1].sequence, gop[-1].capture_ns) if gop else (-1, -1)
        if newest == self._newest:
            return
        self._newest, self._frame = newest, None
        self._made.clear()
        if gop:
            from .pictures import newest_frame  # lazy: FFmpeg takes 17 MB

            if found := newest_frame(gop):
                self._frame, unit = found
                self._captured_at = time.time() - (time.monotonic_ns() - unit.capture_ns) / 1e9

    def _in_width(self, frame: av.VideoFrame, width: int) -> Snapshot:
        from .pictures import to_jpeg

        if width not in self._made:
            if width != frame.width and len(self._made.keys() - {frame.width}) >= MAX_WIDTHS:
                raise TooMany(f"More than {MAX_WIDTHS} widths of one picture")
            jpeg = to_jpeg(frame, width)
            version = hashlib.sha256(jpeg).hexdigest()[:32]
            self._made[width] = Snapshot(jpeg, self._captured_at, version)
        return self._made[width]
