"""What a recording may be called.

A name that a request brings is a plain name: ASCII letters, digits, `_` and `-`, at most 100
characters with its ending. The ending may be left out; if it is there, it must be that of the
format which is recorded. Names of files that are already in the folder may have dots and spaces
inside as well, so that files copied in by hand are found. No name has a slash, a NUL, a leading
dot or dash, or `..` in it; other letters are refused rather than normalised, because they look
alike and differ.

A recording of several files has one name: `cat.mp4` is `cat.001.mp4`, `cat.002.mp4` … on the disk.
New names have no other dots, so that names alone tell which files belong together. Files that were
repaired after a crash have `_recovered` in front of their ending and keep their number:
`cat.002_recovered.mp4`.
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from functools import lru_cache

from ..errors import BadName

MAX_NAME_CHARS = 100
MAX_SEGMENT_NUMBER = 9999
MAX_STORED_CHARS = MAX_NAME_CHARS + len(".9999_recovered_99")
SUFFIXES = (".h264", ".mp4")

_REQUESTED_STEM = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_-]*")
_STORED_STEM = re.compile(r"[A-Za-z0-9_](?:[A-Za-z0-9_. -]*[A-Za-z0-9_-])?")
_AUTOMATIC_STEM = re.compile(
    r"recording_([0-9]{8}_[0-9]{6})(?:_[0-9]+)?(?:\.[0-9]{3,4})?(?:_recovered(?:_[0-9]+)?)?"
)
_SEGMENT_STEM = re.compile(r"(.*[A-Za-z0-9_-])\.([0-9]{3,4})(?:_recovered)?(?:_[0-9]+)?")
_RECOVERED_STEM = re.compile(r".+_recovered(?:_[0-9]+)?")
_RECOVERED_ENDING = re.compile(r"_recovered(?:_[0-9]+)?$")
RECOVERED = "_recovered"
MAX_REMEMBERED = 4096
"""Names of a folder that is listed again and again."""
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
        len(text) <= MAX_STORED_CHARS
        and dot + ending in SUFFIXES
        and ".." not in text
        and _STORED_STEM.fullmatch(stem) is not None
    )


def automatic_stem(started_at: float) -> str:
    """`recording_YYYYMMDD_HHMMSS` of `started_at` (epoch seconds) in local time."""
    return time.strftime(f"recording_{_TIME_FORMAT}", time.localtime(started_at))


def numbered(stem: str) -> Iterator[str]:
    """`stem`, then `stem` with `_2`, `_3` …, without end."""
    yield stem
    number = 2
    while True:
        yield f"{stem}_{number}"
        number += 1


def segment_of(name: str) -> tuple[str, int] | None:
    """The recording that the file `name` is a part of, and which one, from 1: `cat.mp4`, 2 for
    `cat.002.mp4`. None: it stands for itself."""
    stem, dot, ending = name.rpartition(".")
    match = _SEGMENT_STEM.fullmatch(stem)
    return None if match is None else (match[1] + dot + ending, int(match[2]))


def recovered_name(name: str) -> str:
    stem, dot, ending = name.rpartition(".")
    return stem + RECOVERED + dot + ending


@lru_cache(MAX_REMEMBERED)
def names_before(name: str) -> tuple[str, ...]:
    """What the file `name` may have been called while its recording ran: without `_recovered`, and
    without the number of a segment."""
    stem, dot, ending = name.rpartition(".")
    as_recorded = (name, _RECOVERED_ENDING.sub("", stem) + dot + ending)
    segments = filter(None, map(segment_of, as_recorded))
    return tuple(dict.fromkeys((*as_recorded, *(base for base, _ in segments))))


def is_recovered(name: str) -> bool:
    return _RECOVERED_STEM.fullmatch(name.rpartition(".")[0]) is not None


@lru_cache(MAX_REMEMBERED)
def start_time_in(name: str) -> float | None:
    """Epoch seconds that an automatic name tells, None for other names."""
    match = _AUTOMATIC_STEM.fullmatch(name.rpartition(".")[0])
    if match is None:
        return None
    try:
        return time.mktime(time.strptime(match[1], _TIME_FORMAT))
    except (ValueError, OverflowError):
        return None
