"""The route of the current picture."""

from __future__ import annotations

from datetime import datetime, timezone

from flask import Response, request
from flask.typing import ResponseReturnValue

from ..errors import BadRequest
from .current import current_stream

MIN_WIDTH, MAX_WIDTH = 16, 8192


def snapshot() -> ResponseReturnValue:
    """Send what the camera sees now, as a JPEG of at most `?width=` pixels; 304 to who has this
    very picture."""
    picture = current_stream().snapshots.take(_width())
    response = Response(mimetype="image/jpeg")
    response.headers["Cache-Control"] = "no-store"
    response.set_etag(picture.version)
    captured_at = datetime.fromtimestamp(picture.captured_at, timezone.utc)
    response.last_modified = captured_at
    response.headers["Capture-Time"] = captured_at.isoformat(timespec="microseconds")
    known = request.if_none_match
    if known.star_tag or known.contains_weak(picture.version):
        response.status_code = 304
    else:
        response.data = picture.jpeg
    return response


def _width() -> int | None:
    text = request.args.get("width")
    if text is None:
        return None
    is_number = text.isascii() and text.isdigit() and len(text) < 10
    if not (is_number and MIN_WIDTH <= int(text) <= MAX_WIDTH):
        raise BadRequest(f"width must be a whole number from {MIN_WIDTH} to {MAX_WIDTH}")
    return int(text)
