"""Drops impossible dates of conditional requests (RFC 9110, section 13.1) before they are read."""

from __future__ import annotations

from flask import request
from werkzeug.http import parse_date

_IGNORED_WITHOUT_A_DATE = {
    "HTTP_IF_MODIFIED_SINCE": ("HTTP_IF_MODIFIED_SINCE",),
    "HTTP_IF_UNMODIFIED_SINCE": ("HTTP_IF_UNMODIFIED_SINCE",),
    "HTTP_IF_RANGE": ("HTTP_IF_RANGE", "HTTP_RANGE"),
}


def ignore_absurd_dates() -> None:
    """Runs before each of our views. A header whose date has a number that no clock shows is
    ignored: Werkzeug would raise OverflowError when it reads it."""
    for key, ignored in _IGNORED_WITHOUT_A_DATE.items():
        if _is_absurd(request.environ.get(key)):
            for name in ignored:
                request.environ.pop(name, None)


def _is_absurd(value: str | None) -> bool:
    try:
        parse_date(value)
    except OverflowError:
        return True
    return False
