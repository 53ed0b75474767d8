"""What must be so: recordings intact, nothing left behind, nothing that grows."""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import av

from pet_stream.library.library import Library
from pet_stream.recording.disk import PART_SUFFIX


def check_recordings(folder: Path, *, is_settled: bool = True) -> int:
    """Returns how many pictures all recordings hold. Fails if one can't be read whole, by our own
    reader and by FFmpeg, or, once all is settled, if a part of one was left."""
    count = 0
    library = Library(folder)
    for recording in library.recordings():
        assert library.details(recording).duration_s is not None, recording.name
        for name in recording.files:
            if name.endswith(PART_SUFFIX):
                assert not is_settled, f"{name} was left"
                continue
            count += decoded_count(folder / name)
    return count


def decoded_count(path: Path) -> int:
    with av.open(str(path)) as file:
        stream = file.streams.video[0]
        stream.thread_count = 1
        stream.codec_context.options = {"err_detect": "explode"}
        frames = list(file.decode(stream))
    assert frames, f"{path.name} has no picture"
    assert frames[0].key_frame, path.name
    assert not any(frame.is_corrupt for frame in frames), path.name
    return len(frames)


@dataclass(frozen=True, slots=True)
class Growth:
    """How a quantity grew over a run: a straight line through its values."""

    per_hour: float
    error_per_hour: float
    """The standard error of that: a short run can't tell much."""

    def exceeds(self, limit_per_hour: float) -> bool:
        """Whether it grows by more than the limit, and not just by chance (two standard errors)."""
        return self.per_hour - 2 * self.error_per_hour > limit_per_hour

    def __str__(self) -> str:
        return f"{self.per_hour:+.2f} ± {self.error_per_hour:.2f} an hour"


def growth_of(minutes: Sequence[float], values: Sequence[float]) -> Growth:
    """Raises ValueError for less than three values."""
    if len(values) < 3:
        raise ValueError("too few values to tell")
    slope, intercept = statistics.linear_regression(minutes, values)
    left = sum((y - intercept - slope * x) ** 2 for x, y in zip(minutes, values, strict=True))
    middle = statistics.fmean(minutes)
    spread = sum((x - middle) ** 2 for x in minutes)
    error = math.sqrt(left / (len(values) - 2) / spread)
    return Growth(60 * slope, 60 * error)
