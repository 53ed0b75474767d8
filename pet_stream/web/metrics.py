"""Serves the Prometheus metrics, and counts each request of ours."""

from __future__ import annotations

import os
from time import perf_counter

from flask import Response, g, request
from flask.typing import ResponseReturnValue

from ..errors import PetStreamError
from .current import current_stream

TEXT = "text/plain"
OPENMETRICS = "application/openmetrics-text"
_CONTENT_TYPES = {
    TEXT: f"{TEXT}; version=0.0.4; charset=utf-8",
    OPENMETRICS: f"{OPENMETRICS}; version=1.0.0; charset=utf-8",
}
_ENDPOINTS_OF_VIEWERS = frozenset(
    f"pet_stream.{view}"
    for view in (
        "offer",
        "legacy_offer",
        "whep_offer",
        "stream_h264",
        "live_mp4",
        "live_h264",
        "hls_playlist",
        "hls_file",
    )
)


def metrics() -> ResponseReturnValue:
    """Answer with the text for Prometheus, or OpenMetrics if that is asked for."""
    from ..metrics.page import page  # lazy: not every host is scraped

    kind = OPENMETRICS if _prefers_openmetrics() else TEXT
    names = frozenset(request.args.getlist("name[]"))
    text = page(current_stream(), names, is_openmetrics=kind == OPENMETRICS)
    response = Response(text, content_type=_CONTENT_TYPES[kind])
    response.vary.add("Accept")
    return response


def is_host_multiprocess() -> bool:
    """Whether the host's exporter shows what its processes have left in files, and nothing else."""
    return bool({"PROMETHEUS_MULTIPROC_DIR", "prometheus_multiproc_dir"} & os.environ.keys())


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


def count_rejection(error: PetStreamError) -> None:
    """Count a viewer that is not let in, if the request is one's."""
    if request.endpoint in _ENDPOINTS_OF_VIEWERS:
        current_stream().http_counts.reject(error.code)


def _prefers_openmetrics() -> bool:
    """Whatever version is asked for: there is one of each. Prometheus itself asks for several."""
    asked = {OPENMETRICS: 0.0, TEXT: 0.0}
    for value, quality in request.accept_mimetypes:
        name = value.partition(";")[0].strip().lower()
        asked[name] = max(quality, asked.get(name, 0.0))
    return asked[OPENMETRICS] > 0 and asked[OPENMETRICS] >= asked[TEXT]
