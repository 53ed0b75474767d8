"""Cross-origin headers for the origins that the settings allow (the Fetch standard, CORS)."""

from __future__ import annotations

from flask import Response, request

from .access import is_allowed_origin

PREFLIGHT_MAX_AGE_S = 600


def add_cors_headers(response: Response) -> Response:
    """After each of our views. An OPTIONS request is answered by Flask; here it becomes the
    preflight's answer."""
    origin = request.headers.get("Origin")
    response.vary.add("Origin")
    if origin is None or not is_allowed_origin(origin):
        return response
    headers = response.headers
    headers["Access-Control-Allow-Origin"] = origin
    headers["Access-Control-Expose-Headers"] = "Content-Disposition, Content-Range, Retry-After"
    if request.method == "OPTIONS" and "Access-Control-Request-Method" in request.headers:
        headers["Access-Control-Allow-Methods"] = ", ".join(sorted(response.allow))
        headers["Access-Control-Allow-Headers"] = "Content-Type, Range"
        headers["Access-Control-Max-Age"] = str(PREFLIGHT_MAX_AGE_S)
    return response
