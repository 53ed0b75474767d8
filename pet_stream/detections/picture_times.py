"""The capture times of the pictures of the last seconds, by their numbers."""

from __future__ import annotations

import time
from collections.abc import Iterable
from typing import NamedTuple

from ..media.access_unit import AccessUnit

KEPT_NS = 3_000_000_000
MAX_PICTURES = 512

_SAME_TIME_NS = 3_000_000
_PLAUSIBLE_AGE_NS = 60_000_000_000
_NEIGHBOURS = 2


class _Times(NamedTuple):
    capture_ns: int
    stamp_ns: int


class PictureTimes:
    """Finds the picture that a detection is about. Owned by one thread.

    Each camera has its own frame numbers; of two pictures with the same number the newer one is
    found.
    """

    def __init__(self) -> None:
        self._pictures: dict[int, _Times] = {}  # by frame number, oldest first

    def add(self, units: Iterable[AccessUnit]) -> None:
        newest_ns = 0
        for unit in units:
            newest_ns = unit.capture_ns
            self._pictures.pop(unit.frame_number, None)
            stamp_ns = newest_ns if unit.stamp_ns is None else unit.stamp_ns
            self._pictures[unit.frame_number] = _Times(newest_ns, stamp_ns)
        while self._pictures:
            oldest = next(iter(self._pictures))
            if (
                len(self._pictures) <= MAX_PICTURES
                and self._pictures[oldest].capture_ns >= newest_ns - KEPT_NS
            ):
                return
            del self._pictures[oldest]

    def of_number(self, frame_number: int) -> int | None:
        """Returns the capture time, nanoseconds of CLOCK_MONOTONIC; None if unknown."""
        times = self._pictures.get(frame_number)
        return None if times is None else times.capture_ns

    def of_time(self, time_ns: int) -> int | None:
        """Returns the capture time of the picture that the camera stamped with `time_ns`; for
        detectors that pass the stamp on. None also if several pictures have it."""
        found = [
            times.capture_ns
            for times in self._pictures.values()
            if abs(times.stamp_ns - time_ns) <= _SAME_TIME_NS
        ]
        return found[0] if len(found) == 1 else None

    def of_neighbour(self, frame_number: int) -> int | None:
        """Returns the capture time of the picture next to this number: the camera also numbers
        pictures that it does not encode."""
        for distance in range(1, _NEIGHBOURS + 1):
            for neighbour in (frame_number - distance, frame_number + distance):
                if neighbour in self._pictures:
                    return self._pictures[neighbour].capture_ns
        return None

    def guess(self, time_ns: int) -> int:
        """Returns the detector's own time, for when no picture is known: on whichever clock of this
        machine it is of the last minute, or else now."""
        now_ns = time.monotonic_ns()
        for age_ns in (now_ns - time_ns, time.time_ns() - time_ns):
            if 0 <= age_ns <= _PLAUSIBLE_AGE_NS:
                return now_ns - age_ns
        return now_ns
