"""Turns the detector's records into sightings: finds the picture that each is about."""

from __future__ import annotations

import time
from dataclasses import dataclass

from ..media.detections import DetectionRecord, Sighting
from .picture_times import PictureTimes

PATIENCE_S = 0.15
"""Wait this long for a picture: the detector may see it before it is published here."""


@dataclass(slots=True)
class DetectionCounts:
    """Written by the detections thread only; anyone may read a number at any time."""

    records: int = 0
    unmatched: int = 0
    """Records about pictures that were never published."""
    invalid: int = 0
    """Impossible detections, or whole records."""
    torn_reads: int = 0
    attachments: int = 0
    """Times that the segment was opened."""


class Matcher:
    """Turns one record after the other into sightings. Owned by the detections thread."""

    def __init__(self, counts: DetectionCounts, patience_s: float = PATIENCE_S) -> None:
        self.times = PictureTimes()
        self.invalid_count = 0
        self._counts = counts
        self._patience_s = patience_s
        self._pending: tuple[float, DetectionRecord, bool] | None = None
        self._told_empty = False

    def look(self, record: DetectionRecord | None, *, is_left_over: bool) -> list[Sighting]:
        """Returns the new sightings, oldest first. A left-over record was in the segment when that
        was opened: it only counts if it is about one of the last pictures."""
        found = []
        if record is not None:
            self._counts.records += 1
            self.invalid_count += record.invalid_count
            found.append(self._settle(is_due=True))
            self._pending = (time.monotonic(), record, is_left_over)
        found.append(self._settle(is_due=False))
        return [sighting for sighting in found if sighting is not None and self._is_news(sighting)]

    def _settle(self, *, is_due: bool) -> Sighting | None:
        """Returns the sighting of the pending record, once its picture is known or it is due."""
        if self._pending is None:
            return None
        since_s, record, is_left_over = self._pending
        capture_ns = self.times.of_number(record.frame_number)
        if capture_ns is None and not is_due and time.monotonic() - since_s < self._patience_s:
            return None
        self._pending = None
        if capture_ns is None:
            capture_ns = self.times.of_time(record.time_ns)
        if capture_ns is None and not is_left_over:
            capture_ns = self.times.of_neighbour(record.frame_number)
        if capture_ns is not None:
            return Sighting(record, capture_ns, is_matched=True)
        self._counts.unmatched += 1
        if is_left_over:
            return None
        return Sighting(record, self.times.guess(record.time_ns), is_matched=False)

    def _is_news(self, sighting: Sighting) -> bool:
        is_empty = not sighting.record.detections
        is_news = not (is_empty and self._told_empty)
        self._told_empty = is_empty
        return is_news
