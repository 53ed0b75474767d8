"""What is wanted of a source, and what it gives."""

from __future__ import annotations

from dataclasses import dataclass

from ..media.h264.playable import MAX_IDR_INTERVAL_S


@dataclass(frozen=True, slots=True)
class SourceOptions:
    """How to open a source and what to make of it."""

    url: str
    fps: float | None = None
    must_encode: bool = False
    demuxer_options: tuple[tuple[str, str], ...] = ()
    video_stream: int | None = None
    """Which one is played, counted from 1; None for the one that players choose."""
    look_s: float = MAX_IDR_INTERVAL_S + 0.2
    """This much of H.264 is looked at before it is passed through: more than a GOP."""
    review_s: float = 10.0
    """H.264 that is encoded has to be playable this long before it is passed through."""


@dataclass(frozen=True, slots=True)
class SourcePicture:
    """One access unit in decoding order, which is also the order of display."""

    data: bytes
    time_s: float
    """Counted from the source's beginning; it always rises."""
    is_idr: bool
    width: int
    height: int
