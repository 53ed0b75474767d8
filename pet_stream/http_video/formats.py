"""Makes one answer without an end of the camera's pictures: the bytes for one viewer. Pure."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

from ..media.access_unit import AccessUnit
from ..media.mp4 import writing as mp4
from ..media.mp4.pending_pictures import PendingPictures, to_samples
from ..media.mp4.video_format import VideoFormat

_MAX_NUMBER = 2**32


class LiveFormat(Protocol):
    """Used by one thread."""

    def bytes_of(self, units: Sequence[AccessUnit]) -> bytes:
        """Returns what follows now that `units` have come. The first one ever is an entry point."""


class LiveAnnexB:
    """H.264 Annex B. A gap needs no mark: it ends at an entry point with its parameter sets."""

    def bytes_of(self, units: Sequence[AccessUnit]) -> bytes:
        return b"".join(unit.to_annex_b() for unit in units)


class LiveMp4:
    """MP4 that only grows: a header, then a fragment for whatever has come.

    Times are capture times since the first picture, so a gap plays at true speed. How long a
    picture is shown tells the next one, so the newest picture waits for that. Parameter sets stay
    with their pictures: the header, which has the first ones, can't change.
    """

    def __init__(self, created_at: float) -> None:
        """`created_at` in epoch seconds."""
        self._created_at = created_at
        self._pending = PendingPictures()
        self._first_ns: int | None = None
        self._last_time = -1
        self._fragment_count = 0

    def bytes_of(self, units: Sequence[AccessUnit]) -> bytes:
        made: list[bytes] = []
        for unit in units:
            if self._first_ns is None:
                self._first_ns = unit.capture_ns
                made.append(mp4.file_start(VideoFormat.of(unit), self._created_at, is_clip=False))
            time = self._last_time = max(self._ticks(unit, self._first_ns), self._last_time + 1)
            if self._pending.ends_before(unit):
                made += self._fragment(len(self._pending), time)
            self._pending.append(unit, time)
        times = self._pending.times
        count = min(self._pending.complete_count, len(times) - 1)
        if count > 0:
            made += self._fragment(count, times[count])
        return b"".join(made)

    def _ticks(self, unit: AccessUnit, first_ns: int) -> int:
        return (unit.capture_ns - first_ns) * mp4.TIMESCALE // 1_000_000_000

    def _fragment(self, count: int, end_time: int) -> list[bytes]:
        start_time = self._pending.start_time
        pictures = self._pending.take(count, end_time)
        data, samples = to_samples(pictures, begins_file=not self._fragment_count)
        self._fragment_count += 1
        return [mp4.fragment_start(self._fragment_count % _MAX_NUMBER, start_time, samples), *data]


FormatFactory = Callable[[float], LiveFormat]
"""Makes a format for an answer that begins at this time, in epoch seconds."""
