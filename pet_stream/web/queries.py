"""Reads what stands in the query of a request."""

from __future__ import annotations

from flask import request

from ..errors import BadRequest


def whole_number(key: str, default: int, maximum: int) -> int:
    """Raises BadRequest."""
    text = request.args.get(key, str(default))
    if not (text.isascii() and text.isdigit() and len(text) < 10 and int(text) <= maximum):
        raise BadRequest(f"{key} must be a whole number up to {maximum}")
    return int(text)


def seconds(key: str, maximum: float) -> float | None:
    """Returns a number of seconds; None if there is none. Raises BadRequest."""
    text = request.args.get(key)
    if text is None:
        return None
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0 <= value <= maximum:
        raise BadRequest(f"{key} must be a number of seconds")
    return value


def flag(key: str) -> bool:
    """Whether `?key=1` stands there. Raises BadRequest for other values than 0 and 1."""
    return bool(whole_number(key, 0, 1))
