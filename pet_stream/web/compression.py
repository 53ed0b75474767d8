"""Pages, scripts and styles are sent compressed: a phone's first visit costs less than half."""

from __future__ import annotations

import gzip

from flask import Response, request

COMPRESSED_ENDPOINTS = frozenset({"pet_stream.static", "pet_stream.dashboard"})
COMPRESSED_TYPES = frozenset({"text/html", "text/css", "text/javascript", "image/svg+xml"})
NEEDLESS_HEADERS = ("Accept-Ranges", "Content-Disposition", "Date", "Last-Modified")
"""Of a file that is not downloaded and has an ETag; the server sets its own date."""
LEVEL = 9


def compress_page(response: Response) -> Response:
    """After each of our views. Recordings and live data stay as they are: they would only cost.

    The ETag is one of its own, since ranges of the file are no ranges of this, and weak (RFC 9110,
    8.8.3): what zlib makes of a file is not promised.
    """
    if request.endpoint not in COMPRESSED_ENDPOINTS or response.mimetype not in COMPRESSED_TYPES:
        return response
    response.vary.add("Accept-Encoding")
    if response.status_code != 200 or not request.accept_encodings.quality("gzip"):
        return response
    etag, _ = response.get_etag()
    if etag is not None:
        response.set_etag(f"{etag}-gzip", weak=True)
        response.make_conditional(request)
        if response.status_code == 304:
            return response
    response.direct_passthrough = False
    response.set_data(gzip.compress(response.get_data(), LEVEL, mtime=0))
    for name in NEEDLESS_HEADERS:
        response.headers.remove(name)
    if response.mimetype != "text/html":
        response.headers["Content-Type"] = response.mimetype  # modules and SVG are UTF-8, CSS ASCII
    response.headers["Content-Encoding"] = "gzip"
    return response
