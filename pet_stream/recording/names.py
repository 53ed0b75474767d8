"""What a recording may be called.

A name that a request brings is a plain name: ASCII letters, digits, `_` and `-`, at most 100
characters with its ending. The ending may be left out; if it is there, it must be that of the
format which is recorded. Names of files that are already in the folder may have dots and spaces
inside as well, so that files copied in by hand are found. No name has a slash, a NUL, a leading
dot or dash, or `..` in it; other letters are refused rather than normalised, because they look
alike and differ.
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterator

from ..errors import BadName

MAX_NAME_CHARS = 100
SUFFIXES = (".h264", ".mp4")

_REQUESTED_STEM = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_-]*")
_STORED_STEM = re.compile(r"[A-Za-z0-9_](?:[A-Za-z0-9_. -]*[A-Za-z0-9_-])?")
_AUTOMATIC_STEM = re.compile(r"recording_([0-9]{8}_[0-9]{6})(?:_[0-9]+)?")
_TIME_FORMAT = "%Y%m%d_%H%M%S"


def requested_name(text: str, suffix: str) -> str:
    """The file name for a recording that a request calls `text`; ends in `suffix` (".h264").

    Raises BadName.
    """
    name = text if text.endswith(suffix) else text + suffix
    stem = name[: -len(suffix)]
    if len(name) > MAX_NAME_CHARS or not _REQUESTED_STEM.fullmatch(stem):
        raise BadName(
            f"A recording's name has letters A to Z, digits, '_' and '-' only, "
            f"and at most {MAX_NAME_CHARS} characters with its ending {suffix}"
        )
    return name


def stored_name(text: str) -> str:
    """`text`, if a file of the folder that is shown may have this name. Raises BadName."""
    if not is_stored_name(text):
        raise BadName("Not the name of a recording")
    return text


def is_stored_name(text: str) -> bool:
    stem, dot, ending = text.rpartition(".")
    return (
        len(text) <= MAX_NAME_CHARS
        and dot + ending in SUFFIXES
        and ".." not in text
        and _STORED_STEM.fullmatch(stem) is not None
    )


def automatic_names(started_at: float, suffix: str) -> Iterator[str]:
    """`recording_YYYYMMDD_HHMMSS` of `started_at` (epoch seconds) in local time, then the same
    with `_2`, `_3` …, without end."""
    stem = time.strftime(f"recording_{_TIME_FORMAT}", time.localtime(started_at))
    yield stem + suffix
    number = 2
    while True:
        yield f"{stem}_{number}{suffix}"
        number += 1


def start_time_in(name: str) -> float | None:
    """Epoch seconds that an automatic name tells, None for other names."""
    match = _AUTOMATIC_STEM.fullmatch(name.rpartition(".")[0])
    if match is None:
        return None
    try:
        return time.mktime(time.strptime(match[1], _TIME_FORMAT))
    except (ValueError, OverflowError):
        return None
