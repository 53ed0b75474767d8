"""From the detector's records to sightings: which picture is each about?"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any

from ..media.access_unit import ticks_90k
from ..media.detections import DetectionRecord
from .picture_times import PictureTimes

PATIENCE_S = 0.15
"""For a picture that the detector has seen before it was published here."""
_RTP_MODULUS = 1 << 32


@dataclass(frozen=True, slots=True)
class Sighting:
    """What the detector found in one picture, and which picture that is."""

    record: DetectionRecord
    capture_ns: int
    """Of the picture, nanoseconds of CLOCK_MONOTONIC."""
    is_matched: bool
    """Whether the picture was one of ours; else `capture_ns` is a guess."""

    def to_json(self) -> dict[str, Any]:
        """The format of web_monitor's own detections, and two names of the picture: `capture_us` as
        in WebSocket messages, `rtp_timestamp` as in RTP."""
        return {
            "frame_number": self.record.frame_number,
            "timestamp": self.record.time_ns / 1e9,
            "detections": [
                {
                    "class_name": d.class_name,
                    "confidence": round(d.confidence, 4),
                    "bbox": {"x": d.x, "y": d.y, "w": d.width, "h": d.height},
                }
                for d in self.record.detections
            ],
            "capture_us": self.capture_ns // 1000,
            "rtp_timestamp": ticks_90k(self.capture_ns) % _RTP_MODULUS,
            "matched": self.is_matched,
        }


@dataclass(slots=True)
class DetectionCounts:
    """Written by the detections thread only; anyone may read a number at any time."""

    records: int = 0
    unmatched: int = 0
    """Records about pictures that were never published."""
    invalid: int = 0
    """Detections, or whole records, that no detector can mean."""
    torn_reads: int = 0
    attachments: int = 0
    """Times that the segment was opened."""


class Matcher:
    """Takes records, gives sightings, one after the other. Owned by the detections thread."""

    def __init__(self, counts: DetectionCounts) -> None:
        self.times = PictureTimes()
        self.invalid_count = 0
        self._counts = counts
        self._pending: tuple[float, DetectionRecord, bool] | None = None
        self._told_empty = False

    def look(self, record: DetectionRecord | None, *, is_left_over: bool) -> list[Sighting]:
        """What is known by now, oldest first. A left-over record stood there when the segment was
        opened: it only counts if it is about one of the last pictures."""
        found = []
        if record is not None:
            self._counts.records += 1
            self.invalid_count += record.invalid_count
            found.append(self._settle(is_due=True))
            self._pending = (time.monotonic(), record, is_left_over)
        found.append(self._settle(is_due=False))
        return [sighting for sighting in found if sighting is not None and self._is_news(sighting)]

    def _settle(self, *, is_due: bool) -> Sighting | None:
        """The sighting of the pending record: when its picture is known, or it is due anyway."""
        if self._pending is None:
            return None
        since_s, record, is_left_over = self._pending
        capture_ns = self.times.of_number(record.frame_number)
        if capture_ns is None and not is_due and time.monotonic() - since_s < PATIENCE_S:
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
