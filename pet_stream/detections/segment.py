"""Reads the detector's shared memory. It has no lock: two equal reads in a row are a record."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable

from ..errors import SegmentError, SegmentMissing
from ..ingest.segment import Segment, open_segment
from ..media import ring
from ..media.detections import DetectionRecord, version_in

logger = logging.getLogger(__name__)

SETTLING_S = 0.002
"""The detector writes its record in far less time, unless it is interrupted."""
_GONE_CHECK_S = 0.5
_RETRY_S = 0.25


def has_detector(url: str) -> bool:
    """Whether a detector has made its segment."""
    try:
        open_segment(url, ring.DETECTIONS_LAYOUTS).close()
    except SegmentError:
        return False
    return True


class DetectionsSegment:
    """Reads each new record, complete. Follows the detector through restarts. Owned by one
    thread."""

    def __init__(self, url: str, wait: Callable[[float], object]) -> None:
        """`wait` waits for a number of seconds."""
        self.torn_reads = 0
        self.invalid_records = 0
        self.attachments = 0
        self._url = url
        self._wait = wait
        self._segment: Segment | None = None
        self._version: int | None = None
        self._tried_at_s = -_RETRY_S
        self._fault = ""

    def read_new(self) -> DetectionRecord | None:
        """Returns the record if it has changed since the last call; None also without a segment."""
        try:
            segment = self._attached()
            return None if segment is None else self._read_new(segment)
        except SegmentError as exc:  # not there, removed, shortened, or of a foreign size
            if str(exc) != self._fault and not isinstance(exc, SegmentMissing):
                logger.warning("no boxes are shown: detections can't be read: %s", exc)
            self._fault = str(exc)
            self.close()
            return None

    @property
    def is_attached(self) -> bool:
        return self._segment is not None

    def close(self) -> None:
        segment, self._segment = self._segment, None
        self._version = None
        if segment is not None:
            segment.close()

    def _read_new(self, segment: Segment) -> DetectionRecord | None:
        layout = ring.DETECTIONS_LAYOUTS[segment.size]
        data = segment.read(0, layout.segment_bytes)
        version = version_in(data, layout)
        if version == self._version:
            return None
        self._wait(SETTLING_S)
        if segment.read(0, layout.segment_bytes) != data or segment.is_resized():
            self.torn_reads += 1
            return None  # the next look takes it
        self._version = version
        if not any(data):  # the detector has not written yet
            return None
        record = DetectionRecord.parse(data, layout)
        if record is None:
            self.invalid_records += 1
        return record

    def _attached(self) -> Segment | None:
        now_s = time.monotonic()
        if self._segment is not None and now_s - self._tried_at_s >= _GONE_CHECK_S:
            self._tried_at_s = now_s
            if self._segment.is_gone():
                self.close()
        if self._segment is None and now_s - self._tried_at_s >= _RETRY_S:
            self._tried_at_s = now_s
            self._segment = open_segment(self._url, ring.DETECTIONS_LAYOUTS)
            self.attachments += 1
        return self._segment
