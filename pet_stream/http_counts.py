"""Counts the requests to our routes and measures how long they take."""

from __future__ import annotations

import bisect
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from prometheus_client.core import Metric

HTTP_BUCKETS_S = (0.005, 0.025, 0.1, 0.5, 2.5)


@dataclass(slots=True)
class _Durations:
    buckets: list[int] = field(default_factory=lambda: [0] * (len(HTTP_BUCKETS_S) + 1))
    sum_s: float = 0.0


class HttpCounts:
    """Requests to our routes. Any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._requests: dict[tuple[str, str, str], int] = {}
        self._durations: dict[tuple[str, str], _Durations] = {}

    def add(self, method: str, route: str, status: int, duration_s: float) -> None:
        """Count a request. `route` is a URL rule, not a path: this bounds the number of series."""
        request, handler = (method, route, str(status)), (method, route)
        with self._lock:
            self._requests[request] = self._requests.get(request, 0) + 1
            durations = self._durations.setdefault(handler, _Durations())
            durations.buckets[bisect.bisect_left(HTTP_BUCKETS_S, duration_s)] += 1
            durations.sum_s += duration_s

    def collect(self) -> Iterator[Metric]:
        from prometheus_client.core import (  # lazy: see web.metrics
            CounterMetricFamily,
            HistogramMetricFamily,
        )

        requests = CounterMetricFamily(
            "pet_stream_http_requests_total",
            "Requests to our routes.",
            labels=["method", "route", "status"],
        )
        durations = HistogramMetricFamily(
            "pet_stream_http_request_duration_seconds",
            "Time to the response's first byte.",
            labels=["method", "route"],
        )
        with self._lock:
            for labels, count in self._requests.items():
                requests.add_metric(labels, count)
            for handler, row in self._durations.items():
                durations.add_metric(handler, _cumulative(row.buckets), row.sum_s)
        yield requests
        yield durations


def _cumulative(buckets: list[int]) -> list[tuple[str, float]]:
    names = [*map(str, HTTP_BUCKETS_S), "+Inf"]
    return [(name, sum(buckets[: index + 1])) for index, name in enumerate(names)]
