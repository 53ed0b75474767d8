"""Finds the gaps in a row of pictures: where more than a second is missing. Pure.

The same rule counts while a recording runs and in a finished file. A gap is also longer than four
pictures usually are, so a camera of one picture in two seconds has none.
"""

from __future__ import annotations

import heapq
import operator
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate, chain, islice, repeat

GAP_S = 1
MAX_TOLD = 20
"""This many gaps of a file are told of, the longest. All are counted."""
_PICTURES = 4
_LATELY = 9
"""The median of this many pictures tells how long one usually is shown. So a gap changes nothing,
and a camera that has become slower has no gaps from its fifth picture on."""
_ENOUGH = 3


@dataclass(frozen=True, slots=True)
class Gap:
    """From one picture to the next, in seconds since the beginning of the file."""

    from_s: float
    to_s: float

    @property
    def duration_s(self) -> float:
        return self.to_s - self.from_s


@dataclass(frozen=True, slots=True)
class Gaps:
    """All gaps of a recording."""

    count: int = 0
    missing_s: float = 0
    longest: tuple[Gap, ...] = ()
    """At most MAX_TOLD, in order."""


class GapFinder:
    """Finds gaps, one picture after the other. Times are whole numbers, `per_s` a second. Owned by
    one thread."""

    def __init__(self, per_s: int) -> None:
        self._gap = GAP_S * per_s
        self._lately: deque[int] = deque(maxlen=_LATELY)
        self._suspects: list[tuple[int, int]] = []

    def add(self, start: int, end: int) -> Sequence[tuple[int, int]]:
        """A picture came at `start`, and the next one at `end`. Returns the gaps that this tells
        of: mostly none. Of a file's first pictures it is known a little later."""
        duration = end - start
        self._lately.append(duration)
        if duration > self._gap:
            self._suspects.append((start, end))
        if not self._suspects or len(self._lately) < _ENOUGH:
            return ()
        limit = _PICTURES * _median(self._lately)
        found = [gap for gap in self._suspects if gap[1] - gap[0] > limit]
        self._suspects.clear()
        return found


def gaps_in(counts: Sequence[int], durations: Sequence[int], per_s: int) -> Gaps:
    """Returns the gaps of a file of which `counts` pictures each are shown for `durations`: those
    that a GapFinder finds, without a look at every picture."""
    if max(durations, default=0) <= GAP_S * per_s:
        return Gaps()
    starts = [0, *accumulate(map(operator.mul, counts, durations))]
    first = _pictures(zip(counts, durations, strict=True), _ENOUGH)
    found = list[Gap]()
    for run, duration in enumerate(durations):
        if duration <= GAP_S * per_s:
            continue
        before = _pictures(_backwards(counts, durations, run), _LATELY - 1)
        for index in range(min(counts[run], _LATELY)):  # more of them change nothing
            lately = [*[duration] * (index + 1), *before][:_LATELY]
            if len(lately) < _ENOUGH:
                lately = first
            if len(lately) >= _ENOUGH and duration > _PICTURES * _median(lately):
                begin = starts[run] + index * duration
                found.append(Gap(begin / per_s, (begin + duration) / per_s))
    return Gaps(len(found), sum(gap.duration_s for gap in found), _longest(found))


def joined(files: Sequence[tuple[Gaps, float]]) -> Gaps:
    """Returns the gaps of files that follow each other; beside each stands its length, seconds."""
    told, start_s = list[Gap](), 0.0
    for gaps, duration_s in files:
        told += (Gap(start_s + gap.from_s, start_s + gap.to_s) for gap in gaps.longest)
        start_s += duration_s
    return Gaps(
        sum(gaps.count for gaps, _ in files),
        sum(gaps.missing_s for gaps, _ in files),
        _longest(told),
    )


def _longest(gaps: Iterable[Gap]) -> tuple[Gap, ...]:
    longest = heapq.nlargest(MAX_TOLD, gaps, key=lambda gap: gap.duration_s)
    return tuple(sorted(longest, key=lambda gap: gap.from_s))


def _median(durations: Iterable[int]) -> float:
    """As `statistics.median`, whose module takes a megabyte."""
    ordered = sorted(durations)
    middle = len(ordered) // 2
    return (ordered[middle] + ordered[-1 - middle]) / 2


def _pictures(runs: Iterable[tuple[int, int]], count: int) -> list[int]:
    """Returns how long the first `count` pictures of `runs` are shown."""
    return list(islice(chain.from_iterable(repeat(d, min(n, count)) for n, d in runs), count))


def _backwards(
    counts: Sequence[int], durations: Sequence[int], run: int
) -> Iterator[tuple[int, int]]:
    return ((counts[before], durations[before]) for before in range(run - 1, -1, -1))
