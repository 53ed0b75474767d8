"""Times of the week, as in "Mon-Fri 08:00-17:00", in local time. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
MAX_SPANS = 100

_DAY_MINUTES = 24 * 60
_WEEK_MINUTES = 7 * _DAY_MINUTES
_DAY = "|".join(DAYS)
_SPAN = re.compile(
    rf"(?:({_DAY})(?:-({_DAY}))? +)?([0-9]{{2}}):([0-5][0-9])-([0-9]{{2}}):([0-5][0-9])",
    re.IGNORECASE | re.ASCII,
)


@dataclass(frozen=True, slots=True)
class Span:
    """From one time of the day to another, on some days of the week."""

    days: tuple[int, ...]
    """On which it begins; 0 is Monday."""
    begins_min: int
    """Minutes from midnight."""
    length_min: int

    @classmethod
    def parse(cls, text: str) -> Span:
        """Read "22:00-07:00", "Sun 10:00-12:00" or "Fri-Mon 08:00-24:00". One whose end is before
        its beginning goes over midnight. Raises ValueError."""
        match = _SPAN.fullmatch(text.strip())
        if match is None:
            raise ValueError
        first, last, *digits = match.groups()
        begin_h, begin_m, end_h, end_m = map(int, digits)
        begins_min, ends_min = 60 * begin_h + begin_m, 60 * end_h + end_m
        if begins_min >= _DAY_MINUTES or ends_min > _DAY_MINUTES or begins_min == ends_min:
            raise ValueError
        return cls(_days(first, last), begins_min, (ends_min - begins_min) % _DAY_MINUTES or 1440)

    def end_after(self, now: datetime) -> datetime | None:
        """Returns when it ends; None if `now` is not in it."""
        minute = now.weekday() * _DAY_MINUTES + now.hour * 60 + now.minute
        for day in self.days:
            since_min = (minute - day * _DAY_MINUTES - self.begins_min) % _WEEK_MINUTES
            if since_min < self.length_min:
                whole = now.replace(second=0, microsecond=0)
                return whole + timedelta(minutes=self.length_min - since_min)
        return None


def end_of_spans(spans: Sequence[Span], now: datetime) -> datetime | None:
    """Returns when all those have ended that `now` is in, and those that follow without a gap; None
    if it is in none. Of a schedule without gaps it is a time far ahead."""
    end = now
    for _ in range(7 * len(spans)):
        later = max(filter(None, (span.end_after(end) for span in spans)), default=end)
        if later == end:
            break
        end = later
    return None if end == now else end


def _days(first: str | None, last: str | None) -> tuple[int, ...]:
    if first is None:
        return tuple(range(7))
    begin = DAYS.index(first.capitalize())
    end = begin if last is None else DAYS.index(last.capitalize())
    return tuple((begin + n) % 7 for n in range((end - begin) % 7 + 1))
