"""Parses the values in `app.config`.

A setting comes from Python code, or from the environment (where `False` and `None` arrive as text,
and numbers are already converted). Each parser accepts the forms it knows and refuses the rest: it
raises ValueError, whose text says what is expected.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Collection, Mapping
from pathlib import Path
from typing import TypeVar

from .host_names import ANY_HOST, is_address, parse_host
from .logs.levels import Level, parse_level
from .media.segment_url import parse_segment_url
from .origins import normalize_origin
from .pause.schedule import MAX_SPANS, Span
from .plain_values import flag, line, number, one_of, whole_number

__all__ = ["flag", "line", "number", "one_of", "whole_number"]

T = TypeVar("T")

ANY_ORIGIN = "*"
MAX_LOG_LEVELS = 30
MAX_SOURCES = 8

_NONE = {"none", "null"}
_URL_PREFIX = re.compile(r"(?:/[A-Za-z0-9_~-][A-Za-z0-9._~-]*)*")


def optional(parse: Callable[[object], T]) -> Callable[[object], T | None]:
    """Returns a parser that also takes None."""

    def parse_optional(value: object) -> T | None:
        if is_none(value):
            return None
        try:
            return parse(value)
        except ValueError as exc:
            raise ValueError(f"{exc}; or None") from exc

    return parse_optional


def segment_url(value: object) -> str:
    """Returns the canonical URL: a bare name becomes `posix:/name`."""
    if not isinstance(value, str):
        raise ValueError("a shared-memory name such as '/pet_camera_stream', or 'sysv:KEY'")
    return parse_segment_url(value)


def sources(value: object) -> tuple[str, ...] | None:
    """Returns the URLs of segments; none for None, and None where they are to be found."""
    if is_none(value):
        return ()
    if value == "auto":
        return None
    expected = "'auto', None, or a list of shared-memory names such as '/pet_camera_stream_day'"
    found = tuple(each(value, segment_url, expected))
    if not 0 < len(found) <= MAX_SOURCES:
        raise ValueError(f"{expected}, {MAX_SOURCES} at most")
    return found


def folder(value: object) -> Path:
    """Returns an absolute path, so that a later change of the working directory has no effect."""
    if isinstance(value, str | os.PathLike):
        text = os.fspath(value)
        if isinstance(text, str) and text.strip() and "\0" not in text:
            return Path(text).expanduser().absolute()
    raise ValueError("the path of a folder, as text")


def file(value: object) -> Path:
    """Returns an absolute path, like `folder`."""
    try:
        return folder(value)
    except ValueError:
        raise ValueError("the path of a file, as text") from None


def url_prefix(value: object) -> str:
    if isinstance(value, str) and _URL_PREFIX.fullmatch(value):
        return value
    raise ValueError("'' or a path such as '/camera', without a slash at the end")


def origins(value: object) -> frozenset[str]:
    """Returns normalized origins; `"*"` stands for all of them."""
    expected = "a list of origins such as 'http://localhost:8080' ([]: none; '*': all)"
    return frozenset(each(value, _origin, expected))


def framing_origins(value: object) -> frozenset[str]:
    """Returns normalized origins, of which none stands for all."""
    expected = "a list of origins such as 'http://homeassistant.local:8123' ([]: none)"
    found = frozenset(each(value, _origin, expected))
    if ANY_ORIGIN in found:
        raise ValueError(expected)
    return found


def host_names(value: object) -> frozenset[str] | None:
    """Returns names in lower case; `".example.org"` means it and all names below, `"*"` all."""
    if is_none(value):
        return None
    expected = (
        "a list of host names without ports, such as 'cam.example.org' ('.example.org': it and all "
        "names below; '*': any); or None: not checked"
    )
    return frozenset(each(value, _host_name, expected))


def spans(value: object) -> tuple[Span, ...]:
    expected = (
        f"a list of at most {MAX_SPANS} times such as '22:00-07:00', 'Mon-Fri 08:00-17:00' or "
        "'Sun 00:00-24:00'"
    )
    found = tuple(each(value, _span, expected))
    if len(found) > MAX_SPANS:
        raise ValueError(expected)
    return found


def log_levels(value: object) -> tuple[Level, ...]:
    expected = f"a list of at most {MAX_LOG_LEVELS} such as 'info' or 'pet_stream.webrtc=debug'"
    found = tuple(each(value, _log_level, expected))
    if len(found) > MAX_LOG_LEVELS:
        raise ValueError(expected)
    return found


def is_none(value: object) -> bool:
    """Whether it is None, or stands for it in the environment."""
    return value is None or (isinstance(value, str) and value.lower() in _NONE)


def each(value: object, parse: Callable[[object], T], expected: str) -> list[T]:
    """Returns each item, parsed, of a list or of text with commas in between."""
    if isinstance(value, str):
        value = [word.strip() for word in value.split(",") if word.strip()]
    if not isinstance(value, Collection) or isinstance(value, Mapping | bytes):
        raise ValueError(expected)
    try:
        return [parse(item) for item in value]
    except (ValueError, TypeError) as exc:
        raise ValueError(expected) from exc


def _log_level(value: object) -> Level:
    if not isinstance(value, str):
        raise ValueError
    return parse_level(value)


def _origin(value: object) -> str:
    if not isinstance(value, str):
        raise ValueError
    return value if value == ANY_ORIGIN else normalize_origin(value.strip())


def _host_name(value: object) -> str:
    if not isinstance(value, str):
        raise ValueError
    if value == ANY_HOST:
        return value
    dot = "." if value.startswith(".") else ""
    host, port = parse_host(value[len(dot) :])
    if port is not None or (dot and is_address(host)):
        raise ValueError
    return dot + host.removesuffix(".")


def _span(value: object) -> Span:
    if not isinstance(value, str):
        raise ValueError
    return Span.parse(value)
