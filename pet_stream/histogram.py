"""Counts durations and shares by their size, as Prometheus's histograms do, in whole numbers."""

from __future__ import annotations

import threading
from bisect import bisect_left
from collections.abc import Sequence
from itertools import accumulate
from typing import NamedTuple

NS_PER_S = 1_000_000_000

DELAYS_S = (0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0)
"""Of what happens to each picture on its way."""
WAITS_S = (0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0)
"""Of what somebody waits for."""


class Buckets(NamedTuple):
    """What a histogram holds at one moment, in its unit."""

    counts: tuple[tuple[float, int], ...]
    """Each bound, and how many values were not larger. The last bound is infinite."""
    total: float
    """The sum of all values."""


class Histogram:
    """Values by their size. One thread adds; any thread may read, without a lock.

    What is added is a whole number of a small unit, such as nanoseconds; `bounds` and what is read
    are in one that is `per_unit` of it, such as seconds. An `add` takes 0.2 µs.
    """

    def __init__(self, bounds: Sequence[float], per_unit: int = NS_PER_S) -> None:
        self._bounds = tuple(round(bound * per_unit) for bound in bounds)
        self._per_unit = per_unit
        self._names = (*bounds, float("inf"))
        self._counts = [0] * len(self._names)
        self._total = 0

    def add(self, value: int) -> None:
        """Count `value`. A negative one, of two clocks that disagree, counts as 0."""
        if value < 0:
            value = 0
        self._counts[bisect_left(self._bounds, value)] += 1
        self._total += value

    def read(self) -> Buckets:
        total, counts = self._total, tuple(self._counts)
        return Buckets(
            tuple(zip(self._names, accumulate(counts), strict=True)), total / self._per_unit
        )


class SharedHistogram(Histogram):
    """One that several threads add to."""

    def __init__(self, bounds: Sequence[float], per_unit: int = NS_PER_S) -> None:
        super().__init__(bounds, per_unit)
        self._lock = threading.Lock()

    def add(self, value: int) -> None:
        with self._lock:
            super().add(value)
