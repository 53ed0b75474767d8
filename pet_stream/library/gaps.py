"""Counts the places in a recording where pictures are missing."""

from __future__ import annotations

import os
from collections.abc import Iterable
from functools import partial
from pathlib import Path

from ..errors import BitstreamError
from ..recording.disk import open_to_read, read_at

GAP_S = 1.0
"""A picture that is shown for longer has lost its next, unless the camera is that slow."""


def gaps_in(files: Iterable[Path]) -> int | None:
    """Returns how many gaps `files` have; None if one of them has no times, or can't be read."""
    counts = [_gaps_in(path) for path in files]
    known = [count for count in counts if count is not None]
    return sum(known) if len(known) == len(counts) else None


def _gaps_in(path: Path) -> int | None:
    if path.suffix != ".mp4":
        return None
    from ..media.mp4.reading import read_gap_count  # lazy, as in details

    try:
        descriptor = open_to_read(path)
    except OSError:
        return None
    try:
        return read_gap_count(partial(read_at, descriptor), os.fstat(descriptor).st_size, GAP_S)
    except (BitstreamError, OSError):
        return None
    finally:
        os.close(descriptor)
