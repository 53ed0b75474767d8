"""The current picture of the camera as JPEG."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

from ..errors import NoPicture
from ..media.access_unit import AccessUnit
from .short_queue import ShortQueue

MAX_AGE_S = 1.0
"""Requests within this time get the same picture, so at most one a second is decoded."""
MAX_WAITING = 8


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
        self._jpeg: bytes | None = None
        self._tried_at = float("-inf")

    def jpeg(self) -> bytes:
        """Returns the current picture. Raises NoPicture, TooMany, and what `check` does."""
        self._check()
        with self._queue.turn("Too many ask for a picture at once"):
            if time.monotonic() - self._tried_at >= self._max_age_s:
                self._jpeg = self._decode()
                self._tried_at = time.monotonic()
            self._check()  # decoding takes its time
            if self._jpeg is None:
                raise NoPicture("The camera sends no picture")
            return self._jpeg

    def _decode(self) -> bytes | None:
        from .pictures import newest  # lazy: FFmpeg takes 17 MB

        gop = self._gop()
        return newest(gop) if gop else None
