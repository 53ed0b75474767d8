"""The picture of this moment, for whoever asks."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence

from ..errors import NoPicture
from ..media.access_unit import AccessUnit

MAX_AGE_S = 1.0
"""A picture is shown to everybody who asks within this time: one decoding a second at most."""


class Snapshots:
    """Decodes the newest GOP when it is asked to. Any thread."""

    def __init__(self, gop: Callable[[], Sequence[AccessUnit]]) -> None:
        self._gop = gop
        self._lock = threading.Lock()  # held while decoding: those who wait get the same picture
        self._jpeg = b""
        self._made_at = float("-inf")

    def jpeg(self) -> bytes:
        """Raises NoPicture."""
        with self._lock:
            if time.monotonic() - self._made_at < MAX_AGE_S:
                return self._jpeg
            from .pictures import newest  # late: FFmpeg takes 17 MB

            gop = self._gop()
            jpeg = newest(gop) if gop else None
            if jpeg is None:
                raise NoPicture("The camera sends no picture")
            self._jpeg, self._made_at = jpeg, time.monotonic()
            return jpeg
