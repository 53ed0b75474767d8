"""Counts the places in a recording where pictures are missing."""

from __future__ import annotations

import os
from array import array
from collections.abc import Iterable
from functools import partial
from pathlib import Path

from ..errors import BitstreamError
from ..recording.disk import open_to_read, read_at

GAP_S = 1.0
"""A picture that is shown for longer, and for longer than three usual ones, has lost its next."""
_USUAL_ONES = 3


def gaps_in(files: Iterable[Path]) -> int | None:
    """Returns how many gaps `files` have; None if one of them has no times, or can't be read."""
    counts = [_gaps_in(path) for path in files]
    known = [count for count in counts if count is not None]
    return sum(known) if len(known) == len(counts) else None


def _gaps_in(path: Path) -> int | None:
    if path.suffix != ".mp4":
        return None
    from ..media.mp4.reading import read_movie  # lazy, as in details

    try:
        descriptor = open_to_read(path)
    except OSError:
        return None
    try:
        movie = read_movie(partial(read_at, descriptor), os.fstat(descriptor).st_size)
    except (BitstreamError, OSError):
        return None
    finally:
        os.close(descriptor)
    return _count(movie.table.durations, movie.timescale)


def _count(durations: array[int], timescale: int) -> int:
    if not durations:
        return 0
    usual = sorted(durations)[len(durations) // 2]
    limit = max(GAP_S * timescale, _USUAL_ONES * usual)
    return sum(duration > limit for duration in durations)
