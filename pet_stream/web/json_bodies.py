"""Reads a body: bounded, chunked or not; as JSON of any content type, or as text."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from flask import request
from werkzeug.exceptions import ClientDisconnected, UnsupportedMediaType

from ..errors import BadName, BadRequest, TooLarge

OFFER_LIMIT_BYTES = 32 * 1024
"""Browsers send up to 7 KiB."""
LIMIT_BYTES = 10 * 1024
"""For everything but offers."""
MAX_SECONDS = 86_400.0


def read_json(limit_bytes: int = LIMIT_BYTES) -> dict[str, Any]:
    """Returns the body's JSON object; an empty body is an empty object.

    Raises TooLarge, and BadRequest for anything that is not a JSON object.
    """
    body = _read_body(limit_bytes)
    if not body.strip():
        return {}
    try:
        value = json.loads(body)
        if b"\\u" in body:  # halves of characters (RFC 8259 section 8.2), which are no text
            json.dumps(value, ensure_ascii=False).encode()
    except (ValueError, RecursionError) as exc:
        raise BadRequest("The body is not JSON") from exc
    if not isinstance(value, dict):
        raise BadRequest("The body is not a JSON object")
    return value


def text_in(body: Mapping[str, Any], key: str) -> str | None:
    """Raises BadName."""
    value = body.get(key)
    if not isinstance(value, str | None):
        raise BadName(f"{key} must be a string")
    return value


def seconds_in(body: Mapping[str, Any], key: str, max_s: float = MAX_SECONDS) -> float | None:
    """Raises BadRequest."""
    value = body.get(key)
    if value is None:
        return None
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    if not is_number or not 0 <= value <= max_s:  # of any size: compared, not converted
        raise BadRequest(f"{key} must be a number of seconds")
    return float(value)


def read_text(limit_bytes: int, media_type: str) -> str:
    """Returns the body, which has to be of `media_type`. Raises UnsupportedMediaType, TooLarge, and
    BadRequest for anything that is not UTF-8."""
    if request.mimetype != media_type:
        raise UnsupportedMediaType(f"The body must be {media_type}")
    try:
        return _read_body(limit_bytes).decode()
    except UnicodeDecodeError as exc:
        raise BadRequest("The body is not text") from exc


def _read_body(limit_bytes: int) -> bytes:
    try:
        return _read_bounded(limit_bytes)
    except (OSError, ClientDisconnected) as exc:
        raise BadRequest("The body did not arrive whole and in time") from exc


def _read_bounded(limit_bytes: int) -> bytes:
    if (request.content_length or 0) > limit_bytes:
        raise TooLarge(f"The body has more than {limit_bytes} bytes")
    if request.content_length is not None:
        return request.get_data()
    body = b""  # chunked: the length shows only while reading
    while chunk := request.stream.read(limit_bytes + 1 - len(body)):
        body += chunk
        if len(body) > limit_bytes:
            raise TooLarge(f"The body has more than {limit_bytes} bytes")
    return body
