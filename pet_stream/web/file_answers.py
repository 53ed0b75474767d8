"""Sends files: conditional requests and byte ranges (RFC 9110, sections 13 and 14).

Werkzeug's own `make_conditional` evaluates Range before If-Match and If-None-Match, takes a weak
If-Range for a strong one, and refuses ranges that should be ignored.

A server writes an answer for as long as its client reads, so an answer with a body holds a lease
(`admission.downloads`).
"""

from __future__ import annotations

import logging
import re
from datetime import datetime, timezone

from flask import Response, request
from werkzeug.exceptions import PreconditionFailed, RequestedRangeNotSatisfiable
from werkzeug.http import quote_etag

from ..admission.downloads import Download
from ..library.composite_file import PiecedFile
from ..library.library import OpenRecording
from .access import current_grant
from .current import current_stream
from .lasting_requests import admit_download

logger = logging.getLogger(__name__)

CHUNK_BYTES = 64 * 1024
_MAX_DIGITS = 19
"""No file has more bytes than that; Python refuses to convert more than 4300 digits."""
_ONE_RANGE = re.compile(r"bytes[ \t]*=[ \t,]*([0-9]*)-([0-9]*)[ \t,]*", re.IGNORECASE)


def send_recording(opened: OpenRecording, media_type: str, save_as: str | None) -> Response:
    """Send the whole of `opened`, the range that is asked for, or that it has not changed.

    `save_as` is the name under which the browser is to save it. Raises PreconditionFailed,
    RequestedRangeNotSatisfiable, Busy.
    """
    response = None
    try:
        response = _answer(opened, media_type, save_as)
    finally:
        if response is None or not isinstance(response.response, _Body):
            opened.file.close()
    return response


def _answer(opened: OpenRecording, media_type: str, save_as: str | None) -> Response:
    file = opened.file
    changed_at = datetime.fromtimestamp(int(opened.changed_at), timezone.utc)
    response = Response(mimetype=media_type)
    response.set_etag(opened.version)
    response.last_modified = changed_at
    response.accept_ranges = "bytes"
    response.headers["Cache-Control"] = "no-cache"
    if _is_known(opened.version, changed_at):
        response.status_code = 304
        return response
    start, end = 0, file.size
    if request.method == "GET" and _is_range_wanted(opened.version):
        wanted = _range(request.headers["Range"], file.size)
        if wanted is not None:
            start, end = wanted
            response.status_code = 206
            response.headers["Content-Range"] = f"bytes {start}-{end - 1}/{file.size}"
    if save_as is not None:
        response.headers.set("Content-Disposition", "attachment", filename=save_as)
    response.content_length = end - start
    if request.method != "HEAD":
        response.response = _Body(
            file, start, end, admit_download(current_stream(), current_grant())
        )
    return response


def _is_known(version: str, changed_at: datetime) -> bool:
    """Whether the client has this very version (RFC 9110, 13.2.2, steps 1 to 4). Raises
    PreconditionFailed."""
    headers = request.headers
    if "If-Match" in headers:
        if not (request.if_match.star_tag or request.if_match.is_strong(version)):
            raise PreconditionFailed
    elif request.if_unmodified_since is not None and changed_at > request.if_unmodified_since:
        raise PreconditionFailed
    if "If-None-Match" in headers:
        return request.if_none_match.star_tag or request.if_none_match.contains_weak(version)
    return request.if_modified_since is not None and changed_at <= request.if_modified_since


def _is_range_wanted(version: str) -> bool:
    """Whether If-Range allows a range. A date never does: a file that grows changes more than once
    a second, so that its date is not a strong validator (RFC 9110, 13.1.5)."""
    headers = request.headers
    return "Range" in headers and headers.get("If-Range") in (None, quote_etag(version))


def _range(text: str, size: int) -> tuple[int, int] | None:
    """Returns the first byte and the one behind the last. None stands for everything: for several
    ranges, other units and what makes no sense (RFC 9110, 14.2). Raises
    RequestedRangeNotSatisfiable."""
    match = _ONE_RANGE.fullmatch(text)
    if match is None or match[1] == match[2] == "":
        return None
    first, last = _number(match[1]), _number(match[2])
    if first is None:
        start, end = max(0, size - (last or 0)), size  # that many at the end
    elif last is not None and last < first:
        return None
    else:
        start, end = first, size if last is None else min(last + 1, size)
    if start >= end:
        raise RequestedRangeNotSatisfiable(size)
    return start, end


def _number(digits: str) -> int | None:
    """Returns the number; one that is too large for any file may be cut, but stays too large."""
    return int(digits.lstrip("0")[:_MAX_DIGITS] or "0") if digits else None


class _Body:
    """The bytes from `start` to `end`. One thread at a time.

    Not every server closes an answer whose client has gone (Werkzeug's does not after a reset), so
    what it holds is given back when nobody refers to it, too.
    """

    def __init__(self, file: PiecedFile, start: int, end: int, lease: Download) -> None:
        self._file = file
        self._left = end - start
        self._lease = lease
        file.seek(start)

    def __iter__(self) -> _Body:
        return self

    def __next__(self) -> bytes:
        if self._lease.is_ended:
            raise StopIteration
        self._lease.renew()
        try:
            chunk = self._file.read(min(CHUNK_BYTES, self._left))
        except FileNotFoundError as exc:  # deleted since
            logger.info("a recording is not sent to its end: %s", exc.strerror)
            raise StopIteration from None
        if not chunk:  # the end, or the file was cut short: the client sees that bytes are missing
            raise StopIteration
        self._left -= len(chunk)
        return chunk

    def close(self) -> None:
        self._file.close()
        self._lease.release()

    __del__ = close
