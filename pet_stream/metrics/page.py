"""The page of one app's metrics."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from prometheus_client import CollectorRegistry
from prometheus_client.exposition import generate_latest
from prometheus_client.openmetrics import exposition as openmetrics
from prometheus_client.registry import Collector

from .collector import StreamCollector

if TYPE_CHECKING:
    from ..stream import Stream

Generate = Callable[[Collector], bytes]


def page(stream: Stream, names: Sequence[str] = (), *, is_openmetrics: bool) -> bytes:
    """Returns the metrics as Prometheus text or OpenMetrics: all, or those with these `names`."""
    shown: Collector = StreamCollector(stream)
    if names:
        registry = CollectorRegistry()
        registry.register(shown)
        shown = registry.restricted_registry(names)
    generate: Generate = openmetrics.generate_latest if is_openmetrics else generate_latest
    return generate(shown)
