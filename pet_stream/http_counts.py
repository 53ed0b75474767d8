"""Counts the requests to our routes and measures how long they take."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Mapping

from .histogram import NS_PER_S, Buckets, Histogram

DURATIONS_S = (0.005, 0.025, 0.1, 0.5, 2.5)
USUAL_REJECTIONS = ("full", "busy", "no_h264", "invalid_offer", "sign_in", "not_allowed", "origin")
"""These are told before the first one, too, so that a rate of them can be taken from the start."""


class HttpCounts:
    """Requests to our routes, and viewers that were not let in. Any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._requests: Counter[tuple[str, ...]] = Counter()
        self._durations: dict[tuple[str, ...], Histogram] = {}
        self._rejected = Counter(dict.fromkeys(USUAL_REJECTIONS, 0))

    def add(self, method: str, route: str, status: int, duration_s: float) -> None:
        """Count a request. `route` is a URL rule, not a path: this bounds the number of series."""
        with self._lock:
            self._requests[method, route, str(status)] += 1
            durations = self._durations.setdefault((method, route), Histogram(DURATIONS_S))
            durations.add(round(duration_s * NS_PER_S))

    def reject(self, code: str) -> None:
        """Count a viewer that was not let in. `code` is that of an error in `errors`."""
        with self._lock:
            self._rejected[code] += 1

    @property
    def requests(self) -> Mapping[tuple[str, ...], int]:
        """By method, route and status."""
        with self._lock:
            return dict(self._requests)

    @property
    def durations(self) -> Mapping[tuple[str, ...], Buckets]:
        """By method and route."""
        with self._lock:
            return {key: histogram.read() for key, histogram in self._durations.items()}

    @property
    def rejected(self) -> Mapping[str, int]:
        """By code."""
        with self._lock:
            return dict(self._rejected)
