"""Compresses pages, scripts, styles and detections: they take less than half the bytes."""

from __future__ import annotations

from flask import Response, request

COMPRESSED_ENDPOINTS = frozenset(
    {"pet_stream.static", "pet_stream.dashboard", "pet_stream.get_detections"}
)
COMPRESSED_TYPES = frozenset(
    {"text/html", "text/css", "text/javascript", "image/svg+xml", "application/json"}
)
NEEDLESS_HEADERS = ("Accept-Ranges", "Content-Disposition", "Date", "Last-Modified")
"""Headers that a file with an ETag, shown and not saved, does not need; the server sets its own
date."""
LEVEL = 9


def compress_page(response: Response) -> Response:
    """Runs after each of our views. Recordings and live data stay as they are: compression would
    cost time and save nothing.

    The compressed file has its own ETag, since ranges of the file are not ranges of it. The ETag is
    weak (RFC 9110, 8.8.3), since zlib does not promise the same bytes each time.
    """
    if request.endpoint not in COMPRESSED_ENDPOINTS or response.mimetype not in COMPRESSED_TYPES:
        return response
    if "Content-Encoding" in response.headers:
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
    import gzip  # lazy: who opens a page needs it

    response.set_data(gzip.compress(response.get_data(), LEVEL, mtime=0))
    for name in NEEDLESS_HEADERS:
        response.headers.remove(name)
    if response.mimetype != "text/html":
        response.headers["Content-Type"] = response.mimetype  # modules and SVG are UTF-8, CSS ASCII
    response.headers["Content-Encoding"] = "gzip"
    return response
