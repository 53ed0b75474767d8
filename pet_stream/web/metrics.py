"""The Prometheus page, and what is counted about each request of ours."""

from __future__ import annotations

from time import perf_counter

from flask import Response, g, request
from flask.typing import ResponseReturnValue

from .current import current_stream


def metrics() -> ResponseReturnValue:
    """The exporter's text from our own view: its own one is missing under the reloader."""
    text, content_type = current_stream().exporter.generate_metrics(
        request.headers.get("Accept"), request.args.getlist("name[]")
    )
    return Response(text, content_type=content_type)


def start_clock() -> None:
    g.pet_stream_started_s = perf_counter()


def count_request(response: Response) -> Response:
    """By rule, never by path: the number of series is that of our routes. WebSockets, whose
    requests last as long as they do, have metrics of their own."""
    if request.url_rule is not None and not request.url_rule.websocket:
        started_s = g.get("pet_stream_started_s", perf_counter())
        current_stream().http_counts.add(
            request.method, request.url_rule.rule, response.status_code, perf_counter() - started_s
        )
    return response
