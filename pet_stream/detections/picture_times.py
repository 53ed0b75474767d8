"""The capture times of the pictures of the last seconds, by their numbers."""

from __future__ import annotations

import time
from collections.abc import Iterable

from ..ingest.capture_clock import CaptureClock
from ..media.access_unit import AccessUnit

KEPT_NS = 3_000_000_000
MAX_PICTURES = 512

_SAME_TIME_NS = 3_000_000
_NEIGHBOURS = 2


class PictureTimes:
    """Finds the picture that a detection is about. Owned by one thread.

    Each camera has its own frame numbers; of two pictures with the same number the newer one is
    found.
    """

    def __init__(self) -> None:
        self._capture_ns: dict[int, int] = {}  # by frame number, oldest first
        self._clock = CaptureClock()

    def add(self, units: Iterable[AccessUnit]) -> None:
        newest_ns = 0
        for unit in units:
            newest_ns = unit.capture_ns
            self._capture_ns.pop(unit.frame_number, None)
            self._capture_ns[unit.frame_number] = newest_ns
        while self._capture_ns:
            oldest = next(iter(self._capture_ns))
            if (
                len(self._capture_ns) <= MAX_PICTURES
                and self._capture_ns[oldest] >= newest_ns - KEPT_NS
            ):
                return
            del self._capture_ns[oldest]

    def of_number(self, frame_number: int) -> int | None:
        """Returns the capture time, nanoseconds of CLOCK_MONOTONIC; None if unknown."""
        return self._capture_ns.get(frame_number)

    def of_time(self, time_ns: int) -> int | None:
        """Returns the capture time of the picture taken at `time_ns`; for detectors that pass the
        capture time on."""
        moment_ns = self._clock.to_monotonic_ns(time_ns)
        for capture_ns in reversed(self._capture_ns.values()):
            if abs(capture_ns - moment_ns) <= _SAME_TIME_NS:
                return capture_ns
        return None

    def of_neighbour(self, frame_number: int) -> int | None:
        """Returns the capture time of the picture next to this number: the camera also numbers
        pictures that it does not encode."""
        for distance in range(1, _NEIGHBOURS + 1):
            for neighbour in (frame_number - distance, frame_number + distance):
                if neighbour in self._capture_ns:
                    return self._capture_ns[neighbour]
        return None

    def guess(self, time_ns: int) -> int:
        """Returns the detector's own time, for when no picture is known; never in the future."""
        return min(self._clock.to_monotonic_ns(time_ns), time.monotonic_ns())
