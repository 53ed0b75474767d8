"""Tells browsers which pages may read our answers: of other origins only those that the settings
allow (the Fetch standard, CORS and CORP)."""

from __future__ import annotations

from flask import Response, request

from .access import is_allowed_origin, is_from_allowed_page

PREFLIGHT_MAX_AGE_S = 600
EXPOSED = (
    "Accept-Ranges, Capture-Time, Content-Disposition, Content-Range, ETag, Link, Location, "
    "Restorable-Until, Retry-After, WWW-Authenticate"
)
"""What players read, beside the headers that every page may."""
SENT = "Authorization, Content-Type, If-Match, If-None-Match, Range"
"""What players send, beside the headers that every page may."""


def add_cors_headers(response: Response) -> Response:
    """Runs after each of our views. Flask answers an OPTIONS request; the headers added here make
    that the answer to a preflight.

    There is no Access-Control-Allow-Credentials: such pages send a token or a link, and no cookies.
    """
    headers, origin = response.headers, request.headers.get("Origin")
    # CORS does not cover what is embedded without it (`<img>`, `<video>`).
    whose = "cross-origin" if is_from_allowed_page() else "same-origin"
    headers["Cross-Origin-Resource-Policy"] = whose
    response.vary.add("Origin")
    if response.cache_control.max_age:  # without it no cache uses the answer unasked
        response.vary.add("Referer")
    if origin is None or not is_allowed_origin(origin):
        return response
    headers["Access-Control-Allow-Origin"] = origin
    headers["Access-Control-Expose-Headers"] = EXPOSED
    if request.method == "OPTIONS" and "Access-Control-Request-Method" in request.headers:
        headers["Access-Control-Allow-Methods"] = ", ".join(sorted(response.allow))
        headers["Access-Control-Allow-Headers"] = SENT
        headers["Access-Control-Max-Age"] = str(PREFLIGHT_MAX_AGE_S)
    return response
