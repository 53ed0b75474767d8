"""Makes Prometheus's families of the table, when it asks."""

from __future__ import annotations

import math
import weakref
from collections.abc import Iterator
from types import MappingProxyType
from typing import TYPE_CHECKING, Protocol

from prometheus_client import CollectorRegistry
from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    Metric,
)
from prometheus_client.registry import Collector

from ..histogram import Buckets
from .row import Kind, Labelled, Row
from .table import TABLE

if TYPE_CHECKING:
    from ..stream import Stream

NO_SAMPLES: Labelled = MappingProxyType({})


class HasRegistry(Protocol):
    """The host's own exporter: PrometheusMetrics of prometheus_flask_exporter, or anything else
    with a registry."""

    registry: CollectorRegistry


class StreamCollector(Collector):
    """All metrics of one app, for a Prometheus registry. Any thread."""

    def __init__(self, stream: Stream) -> None:
        self._stream = weakref.ref(stream)  # the host's registry may outlive the app

    def describe(self) -> Iterator[Metric]:
        """Yields the names, so that a registry refuses a second collector with the same ones."""
        return map(_family, TABLE)

    def collect(self) -> Iterator[Metric]:
        stream = self._stream()
        if stream is None:
            return
        for row in TABLE:
            yield _family(row, row.samples(stream))


def _family(row: Row, samples: Labelled = NO_SAMPLES) -> Metric:
    named = row.name, f"{row.meaning}."
    if row.kind is Kind.HISTOGRAM:
        histogram = HistogramMetricFamily(*named, labels=row.labels, unit=row.unit)
        for labels, value in samples.items():
            if isinstance(value, Buckets):
                buckets = [(_bound(bound), count) for bound, count in value.counts]
                histogram.add_metric(labels, buckets, value.total)
        return histogram
    make = CounterMetricFamily if row.kind is Kind.COUNTER else GaugeMetricFamily
    family = make(*named, labels=row.labels, unit=row.unit)
    for labels, value in samples.items():
        if value is not None and not isinstance(value, Buckets):
            family.add_metric(labels, float(value))
    return family


def _bound(bound: float) -> str:
    return "+Inf" if math.isinf(bound) else str(bound)
