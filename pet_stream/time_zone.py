"""The time zone of this machine, in which recordings are named, and its days."""

from __future__ import annotations

import os
import re
import time
from collections.abc import Iterator
from contextlib import suppress
from datetime import date, datetime, timedelta
from pathlib import Path

_NAME = re.compile(r"[A-Za-z0-9_+-]+(/[A-Za-z0-9_+-]+)*")
_LINK, _FILE = Path("/etc/localtime"), Path("/etc/timezone")
_MONTH_S = 30 * 86_400
_SEARCHED_S = 36 * 3600
"""A day begins within this time of what the C library takes for its noon."""


def local_zone() -> str:
    """Returns the name of the time zone in the IANA database, `Europe/Berlin`, or `UTC`; where it
    is not known, the offset from UTC of now, `+05:30`. Browsers take each of them."""
    if time.tzname == ("UTC", "UTC"):
        return "UTC"
    now_s = time.time()
    for name in _candidates():
        if _is_local(name, now_s):
            return name
    minutes = abs(offset := time.localtime(now_s).tm_gmtoff) // 60
    return f"{'-' if offset < 0 else '+'}{minutes // 60:02}:{minutes % 60:02}"


def day_of(at_s: float) -> date:
    """Returns the day of `at_s`, epoch seconds. Raises ValueError for a time that no calendar
    has."""
    try:
        return date.fromtimestamp(at_s)
    except (ValueError, OverflowError, OSError) as exc:
        raise ValueError("no calendar has this time") from exc


def day_bounds(day: date) -> tuple[int, int]:
    """Returns when `day` begins and ends, epoch seconds: 23 or 25 hours where clocks change. Raises
    ValueError for the first and the last day of all."""
    try:
        return _start(day), _start(day + timedelta(days=1))
    except (ValueError, OverflowError) as exc:
        raise ValueError("no calendar has this day") from exc


def _start(day: date) -> int:
    """Returns the first second of `day`: not always 0 o'clock, for clocks may change just then."""
    noon = int(time.mktime((day.year, day.month, day.day, 12, 0, 0, 0, 0, -1)))
    begin, end = noon - _SEARCHED_S, noon + _SEARCHED_S
    while begin < end:
        middle = (begin + end) // 2
        if day_of(middle) < day:
            begin = middle + 1
        else:
            end = middle
    return begin


def _candidates() -> Iterator[str]:
    """Yields what the zone may be called, as the C library looks for it."""
    asked = os.environ.get("TZ")
    if asked is not None:
        yield _name_in(asked.removeprefix(":"))
        return
    with suppress(OSError):
        yield _name_in(os.path.realpath(_LINK))
    with suppress(OSError, ValueError):
        yield _FILE.read_text(encoding="ascii")[:100].strip()


def _name_in(path: str) -> str:
    _, _, name = path.rpartition("zoneinfo/")
    return name.removeprefix("posix/")


def _is_local(name: str, now_s: float) -> bool:
    """Whether the local time is that of the zone `name`, now and through a year: what a file says
    need not be what the C library goes by."""
    from zoneinfo import ZoneInfo, ZoneInfoNotFoundError  # lazy: before the first list nobody asks

    if not _NAME.fullmatch(name):
        return False
    try:
        zone = ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return False
    return all(
        datetime.fromtimestamp(at_s, zone).utcoffset()
        == timedelta(seconds=time.localtime(at_s).tm_gmtoff)
        for at_s in (now_s + month * _MONTH_S for month in range(13))
    )
