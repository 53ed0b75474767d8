"""Tells where pictures are missing in a recording."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from functools import partial
from pathlib import Path

from ..errors import BitstreamError
from ..media.gaps import Gaps, joined
from ..recording.disk import open_to_read, read_at
from .details import Details


def gaps_of(each: Sequence[Details]) -> Gaps | None:
    """Returns the gaps of files that follow each other; None if those of one are unknown."""
    known = [(file.gaps, file.duration_s) for file in each]
    told = [(gaps, length) for gaps, length in known if gaps is not None and length is not None]
    return joined(told) if len(told) == len(known) else None


def count_gaps(files: Iterable[Path]) -> int | None:
    """Returns how many gaps `files` have, and reads as much of them as that takes; None if one of
    them has no times, or can't be read."""
    counts = [_count_gaps(path) for path in files]
    known = [count for count in counts if count is not None]
    return sum(known) if len(known) == len(counts) else None


def _count_gaps(path: Path) -> int | None:
    if path.suffix != ".mp4":
        return None
    from ..media.mp4.reading import read_gaps  # lazy, as in details

    try:
        descriptor = open_to_read(path)
    except OSError:
        return None
    try:
        gaps = read_gaps(partial(read_at, descriptor), os.fstat(descriptor).st_size)
        return None if gaps is None else gaps.count
    except (BitstreamError, OSError):
        return None
    finally:
        os.close(descriptor)
