"""Serves the Prometheus metrics, and counts each request of ours."""

from __future__ import annotations

from time import perf_counter

from flask import Response, g, request
from flask.typing import ResponseReturnValue

from .current import current_stream


def metrics() -> ResponseReturnValue:
    """Answer with the exporter's text. The exporter's own view is missing under the reloader."""
    # lazy: 1.7 MB, and not every host is scraped
    from prometheus_client import CollectorRegistry
    from prometheus_flask_exporter import PrometheusMetrics

    from ..metrics import StreamCollector

    registry = CollectorRegistry()
    registry.register(StreamCollector(current_stream()))
    exporter = PrometheusMetrics(None, path=None, export_defaults=False, registry=registry)
    text, content_type = exporter.generate_metrics(
        request.headers.get("Accept"), request.args.getlist("name[]")
    )
    return Response(text, content_type=content_type)


def start_clock() -> None:
    g.pet_stream_started_s = perf_counter()


def count_request(response: Response) -> Response:
    """Count the request by its rule, never by its path, so that there are only as many series as
    routes. WebSockets, whose requests last as long as they do, have metrics of their own."""
    if request.url_rule is not None and not request.url_rule.websocket:
        started_s = g.get("pet_stream_started_s", perf_counter())
        current_stream().http_counts.add(
            request.method, request.url_rule.rule, response.status_code, perf_counter() - started_s
        )
    return response
