"""The names of recordings.

- A name in a request has ASCII letters, digits, `_` and `-` only, and at most 100 characters with
  its ending. The ending may be left out; if given, it chooses the format of the recording.
- A file that is already in the folder may also have dots and spaces inside its name, so that files
  copied in by hand are found.
- No name has a slash, a NUL, a leading dot or dash, or `..` in it. Other letters are refused, not
  normalized, because different letters can look alike.
- A recording of several files has one name: `cat.mp4` is `cat.001.mp4`, `cat.002.mp4` … on the
  disk. New names have no other dots, so the names alone say which files belong together.
- A file that was repaired after a crash has `_recovered` in front of its ending and keeps its
  number: `cat.002_recovered.mp4`.
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from datetime import datetime
from functools import lru_cache

from ..errors import BadName

MAX_NAME_CHARS = 100
MAX_FILE_NUMBER = 9999
MAX_STORED_CHARS = MAX_NAME_CHARS + len(".9999_recovered_99")
SUFFIXES = (".h264", ".mp4")

_REQUESTED_STEM = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_-]*")
_STORED_STEM = re.compile(r"[A-Za-z0-9_](?:[A-Za-z0-9_. -]*[A-Za-z0-9_-])?")
_AUTOMATIC_STEM = re.compile(
    r"recording_([0-9]{4})([0-9]{2})([0-9]{2})_([0-9]{2})([0-9]{2})([0-9]{2})"
    r"(?:_[0-9]+)?(?:\.[0-9]{3,4})?(?:_recovered(?:_[0-9]+)?)?"
)
_NUMBERED_STEM = re.compile(r"(.*[A-Za-z0-9_-])\.([0-9]{3,4})(?:_recovered)?(?:_[0-9]+)?")
_RESUMED_STEM = re.compile(r"(.+)_([2-9]|[1-9][0-9]{1,2})")
_RECOVERED_STEM = re.compile(r".+_recovered(?:_[0-9]+)?")
_RECOVERED_ENDING = re.compile(r"_recovered(?:_[0-9]+)?$")
RECOVERED = "_recovered"
LAST_S = 253_370_764_800.0
"""The first day of the year 9999: there are no later dates."""
MAX_REMEMBERED = 16_384
"""Size of the caches: a folder's names are checked at each listing."""


def requested_name(text: str, suffix: str) -> str:
    """Returns the file name for the name `text` in a request; it ends in `suffix` (".h264").

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
    """Returns `text` if a listed file may have this name. Raises BadName otherwise."""
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


def is_new_name(text: str) -> bool:
    """Whether a new recording may have been called so: as in a request, and numbered."""
    stem = text.rpartition(".")[0]
    return is_stored_name(text) and _REQUESTED_STEM.fullmatch(stem) is not None


def automatic_stem(started_at: float) -> str:
    """Returns `recording_YYYYMMDD_HHMMSS` of `started_at` (epoch seconds) in local time."""
    return time.strftime("recording_%Y%m%d_%H%M%S", time.localtime(started_at))


def numbered(stem: str) -> Iterator[str]:
    """Yields `stem`, then `stem` with `_2`, `_3` …, without end."""
    yield stem
    number = 2
    while True:
        yield f"{stem}_{number}"
        number += 1


def next_stem(stem: str) -> str:
    """Returns `cat_2` for `cat`, `cat_3` for `cat_2`, and so on: of a recording that goes on."""
    match = _RESUMED_STEM.fullmatch(stem)
    return f"{stem}_2" if match is None else f"{match[1]}_{int(match[2]) + 1}"


def composite_of(name: str) -> tuple[str, int] | None:
    """Returns the composite file that the file `name` belongs to, and its number there, from 1:
    `cat.mp4`, 2 for `cat.002.mp4`. None: the file is a recording by itself."""
    stem, dot, ending = name.rpartition(".")
    match = _NUMBERED_STEM.fullmatch(stem)
    return None if match is None else (match[1] + dot + ending, int(match[2]))


def recovered_name(name: str) -> str:
    stem, dot, ending = name.rpartition(".")
    return stem + RECOVERED + dot + ending


@lru_cache(MAX_REMEMBERED)
def names_before(name: str) -> tuple[str, ...]:
    """Returns the names that the file `name` may have had while its recording ran: without
    `_recovered`, and without its number."""
    stem, dot, ending = name.rpartition(".")
    as_recorded = (name, _RECOVERED_ENDING.sub("", stem) + dot + ending)
    composites = filter(None, map(composite_of, as_recorded))
    return tuple(dict.fromkeys((*as_recorded, *(name for name, _ in composites))))


def is_recovered(name: str) -> bool:
    return _RECOVERED_STEM.fullmatch(name.rpartition(".")[0]) is not None


def start_time_in(name: str, ended_s: float = 0) -> float | None:
    """Returns the time in an automatic name, epoch seconds; None for other names.

    Clocks that are set back show an hour twice. It is the second time if the file ended, at
    `ended_s`, less than an hour after that.
    """
    times = _start_times_in(name)
    if times is None:
        return None
    first_s, second_s = times
    return second_s if first_s < second_s <= ended_s < second_s + 3600 else first_s


@lru_cache(MAX_REMEMBERED)
def _start_times_in(name: str) -> tuple[float, float] | None:
    match = _AUTOMATIC_STEM.fullmatch(name.rpartition(".")[0])
    if match is None:
        return None
    year, month, day, hour, minute, second = map(int, match.groups())
    try:
        shown = datetime(year, month, day, hour, minute, second)
        times = shown.timestamp(), shown.replace(fold=1).timestamp()
    except (ValueError, OverflowError):
        return None
    return times if 0 <= times[0] < LAST_S else None
