"""What the camera thread has seen so far."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from enum import Enum

from ..histogram import DELAYS_S, Histogram
from ..reason import Reason
from .refused import UNUSABLE_BITSTREAM, Refused, refused_again


class Discontinuity(Enum):
    """Why a picture does not follow the one before it."""

    BEGAN = "began"
    """It is the first one after the start, or after the ring was found or began anew."""
    CAMERA_CHANGED = "camera_changed"
    MISSED = "missed"
    """Pictures were there and could not be read in time, or not whole."""
    GAP = "gap"
    """By the stream's own numbers pictures are missing: they never were in the ring."""


@dataclass(slots=True)
class CameraCounts:
    """Written by the camera thread only; anyone may read a number at any time."""

    frames_read: int = 0
    """Pictures taken whole out of the ring."""
    frames_processed: int = 0
    """Access units published."""
    frames_dropped: int = 0
    """Pictures read but not published, because they could not be decoded."""
    frames_missed: int = 0
    """Pictures that were overwritten before they could be read, or never were complete."""
    repeats_skipped: int = 0
    older_skipped: int = 0
    """Slots with a picture older than the last one delivered."""
    stale_skipped: int = 0
    """Copies with one picture's header over another's bytes, or half-copied bytes."""
    other_formats_skipped: int = 0
    invalid_headers_skipped: int = 0
    refused: Refused | None = None
    """Those of the skipped, and of the errors below, that came since the last usable picture."""
    timed_by_arrival: int = 0
    """Pictures whose time stamp could not be believed."""
    discontinuities: Counter[Discontinuity] = field(
        default_factory=lambda: Counter(dict.fromkeys(Discontinuity, 0))
    )
    attachments: int = 0
    read_errors: int = 0
    process_errors: int = 0
    frame_latency_ms: float = 0.0
    """From the capture of the newest picture to its publication."""
    process_latency_ms: float = 0.0
    """From the reading of the newest picture to its publication."""
    publishing: Histogram = field(default_factory=lambda: Histogram(DELAYS_S))
    """From the capture of each picture to its publication."""

    def refuse(self, cause: Reason) -> None:
        """Note that a picture came just now and can't be used."""
        self.refused = refused_again(self.refused, cause)

    def on_readable(self) -> None:
        """Note an H.264 picture: those in other formats are not all that comes."""
        if self.refused is not None and self.refused.cause.code != UNUSABLE_BITSTREAM:
            self.refused = None
