"""Pages, scripts and styles are sent compressed: a quarter of the bytes on a phone's first visit.

What is for readers of the source stays here: comments in scripts and styles, a fifth of the rest,
and indentation. The lines that remain keep their numbers.
"""

from __future__ import annotations

import gzip
import re
from zlib import crc32

from flask import Response, request

COMPRESSED_ENDPOINTS = frozenset({"pet_stream.static", "pet_stream.dashboard"})
COMPRESSED_TYPES = frozenset({"text/html", "text/css", "text/javascript", "image/svg+xml"})
COMMENTED_TYPES = frozenset({"text/css", "text/javascript"})
NEEDLESS_HEADERS = ("Accept-Ranges", "Content-Disposition", "Date", "Last-Modified")
"""Of a file that is not downloaded and has an ETag; the server sets its own date."""
LEVEL = 9

_INDENTATION = re.compile(rb"^[ \t]+", re.MULTILINE)
_COMMENT = re.compile(rb"^[ \t]*(?:/\*(?:(?!\*/).)*\*/|//[^\n]*)[ \t]*$", re.DOTALL | re.MULTILINE)
_TRAILING_COMMENT = re.compile(  # no string ends behind it
    rb"[ \t]+(?:// [^\n\"'`]*|/\*(?:(?!\*/)[^\n\"'`])*\*/)$", re.MULTILINE
)


def compress_page(response: Response) -> Response:
    """After each of our views. Recordings and live data stay as they are: they would only cost.

    The ETag becomes weak (RFC 9110, 8.8.3), the same file in another coding, and short: there are
    forty of them.
    """
    if request.endpoint not in COMPRESSED_ENDPOINTS or response.mimetype not in COMPRESSED_TYPES:
        return response
    response.vary.add("Accept-Encoding")
    if response.status_code != 200 or not request.accept_encodings.quality("gzip"):
        return response
    etag, _ = response.get_etag()
    if etag is not None:
        response.set_etag(f"{crc32(etag.encode()):x}", weak=True)
        response.make_conditional(request)
        if response.status_code == 304:
            return response
    response.direct_passthrough = False
    data = response.get_data()
    if response.mimetype in COMMENTED_TYPES:
        data = for_machines(data)
    response.set_data(gzip.compress(data, LEVEL, mtime=0))
    for name in NEEDLESS_HEADERS:
        response.headers.remove(name)
    if response.mimetype != "text/html":
        response.headers["Content-Type"] = response.mimetype  # modules and SVG are UTF-8, CSS ASCII
    response.headers["Content-Encoding"] = "gzip"
    return response


def for_machines(source: bytes) -> bytes:
    """JavaScript or CSS without indentation and comments; lines that are all comment are empty.

    For our own files, where no string or template goes on over a line's end or begins a line like a
    comment.
    """
    code = _COMMENT.sub(lambda match: b"\n" * match[0].count(b"\n"), source)
    return _INDENTATION.sub(b"", _TRAILING_COMMENT.sub(b"", code))
