"""What browsers let pages of other origins have of our answers (the Fetch standard, CORS and CORP):
nothing, but for the origins that the settings allow."""

from __future__ import annotations

from flask import Response, request

from .access import is_allowed_origin, is_from_allowed_page

PREFLIGHT_MAX_AGE_S = 600


def add_cors_headers(response: Response) -> Response:
    """After each of our views. An OPTIONS request is answered by Flask; here it becomes the
    preflight's answer."""
    headers, origin = response.headers, request.headers.get("Origin")
    # What is embedded without asking (`<img>`, `<video>`) is not covered by CORS.
    whose = "cross-origin" if is_from_allowed_page() else "same-origin"
    headers["Cross-Origin-Resource-Policy"] = whose
    response.vary.add("Origin")
    if response.cache_control.max_age:  # else no cache uses it unasked
        response.vary.add("Referer")
    if origin is None or not is_allowed_origin(origin):
        return response
    headers["Access-Control-Allow-Origin"] = origin
    headers["Access-Control-Expose-Headers"] = "Content-Disposition, Content-Range, Retry-After"
    if request.method == "OPTIONS" and "Access-Control-Request-Method" in request.headers:
        headers["Access-Control-Allow-Methods"] = ", ".join(sorted(response.allow))
        headers["Access-Control-Allow-Headers"] = "Content-Type, Range"
        headers["Access-Control-Max-Age"] = str(PREFLIGHT_MAX_AGE_S)
    return response
