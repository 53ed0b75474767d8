"""Times of the week, as in "Mon-Fri 08:00-17:00", in local time. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
MAX_SPANS = 30

_DAY_MINUTES = 24 * 60
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
        today, minute = now.weekday(), now.hour * 60 + now.minute
        for days_ago in (0, 1):  # it lasts a day at most
            since_min = minute + days_ago * _DAY_MINUTES - self.begins_min
            if (today - days_ago) % 7 in self.days and 0 <= since_min < self.length_min:
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
