"""The detector's records, as values, and what they are about. Their layout is in `ring`."""

from __future__ import annotations

import codecs
import math
from dataclasses import dataclass
from typing import Any

from . import ring
from .access_unit import ticks_90k
from .ring import DetectionsLayout

MAX_SIDE = 16_384
"""Pixels; more than any picture has."""
_MAX_SECONDS = 1 << 62
"""Far beyond any clock; larger ones are no time."""
_RTP_MODULUS = 1 << 32


@dataclass(frozen=True, slots=True)
class Detection:
    """An object in a picture: its box in the picture's pixels."""

    class_name: str
    confidence: float
    x: int
    y: int
    width: int
    height: int


@dataclass(frozen=True, slots=True)
class DetectionRecord:
    """All that the detector found in one picture."""

    version: int
    frame_number: int
    time_ns: int
    """When the picture was taken or the record written, depending on the detector; its clock."""
    detections: tuple[Detection, ...]
    invalid_count: int
    """Detections left out because their values are impossible."""

    @classmethod
    def parse(cls, data: bytes, layout: DetectionsLayout) -> DetectionRecord | None:
        """Parse a whole segment; None if the number of detections or the time is impossible."""
        frame_number, *moment, count = layout.header.unpack_from(data)
        time_ns = _parse_time(*moment)
        if time_ns is None or not 0 <= count <= ring.MAX_DETECTIONS:
            return None
        found = [
            _parse_detection(data, layout.header.size + index * ring.DETECTION.size)
            for index in range(count)
        ]
        detections = tuple(detection for detection in found if detection is not None)
        return cls(
            version=version_in(data, layout),
            frame_number=frame_number,
            time_ns=time_ns,
            detections=detections,
            invalid_count=count - len(detections),
        )


@dataclass(frozen=True, slots=True)
class Sighting:
    """What the detector found in one picture, and which picture that is."""

    record: DetectionRecord
    capture_ns: int
    """Of the picture, nanoseconds of CLOCK_MONOTONIC."""
    is_matched: bool
    """Whether the picture was published; otherwise `capture_ns` is a guess."""

    def to_json(self) -> dict[str, Any]:
        """Returns the format of web_monitor's own detections, and two identifiers of the picture:
        `capture_us` as in WebSocket messages, `rtp_timestamp` as in RTP."""
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


def version_in(data: bytes, layout: DetectionsLayout) -> int:
    (version,) = ring.INDEX.unpack_from(data, layout.version_offset)
    return int(version)


def _parse_time(seconds: float, nanoseconds: int = 0) -> int | None:
    """Nanoseconds; a `double` is exact to 0.3 µs of the present time."""
    if not -_MAX_SECONDS < seconds < _MAX_SECONDS:  # nor NaN
        return None
    whole_s = math.floor(seconds)
    return whole_s * 1_000_000_000 + round((seconds - whole_s) * 1e9) + nanoseconds


def _parse_detection(data: bytes, offset: int) -> Detection | None:
    name, confidence, x, y, width, height = ring.DETECTION.unpack_from(data, offset)
    class_name = _parse_name(name)
    if class_name is None or not math.isfinite(confidence) or not 0 <= confidence <= 1:
        return None
    # A box may reach beyond the picture's edges while a part of it is inside.
    if not (0 < width <= MAX_SIDE and 0 < height <= MAX_SIDE):
        return None
    if not (-width < x < MAX_SIDE and -height < y < MAX_SIDE):
        return None
    return Detection(class_name, confidence, x, y, width, height)


def _parse_name(name: bytes) -> str | None:
    """UTF-8 up to the NUL; a character that was cut off at the end is left out."""
    try:
        text = codecs.getincrementaldecoder("utf-8")().decode(name.partition(b"\0")[0])
    except UnicodeDecodeError:
        return None
    return text if text and text.isprintable() else None
