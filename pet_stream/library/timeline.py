"""Tells when was recorded: on one day, and on which days."""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import date

from ..media.gaps import Gaps
from ..time_zone import day_bounds, day_of
from .library import Library
from .listing import Recording

MAX_SPANS = 10_000
LONGEST_S = 31 * 86_400.0
"""A file may say anything of its length: beyond this it is not shown."""


@dataclass(frozen=True, slots=True)
class Span:
    """When a recording was made, epoch seconds."""

    recording: Recording
    from_s: float
    to_s: float
    """Infinite while it is being made; if its files were not read yet, or have no times, when the
    last of them was changed."""
    gaps: Gaps | None
    is_read: bool


@dataclass(frozen=True, slots=True)
class Day:
    from_s: int
    to_s: int
    spans: list[Span]
    """The newest, oldest first; not cut at the bounds of the day."""
    left_out: int


@dataclass(slots=True)
class DayTotal:
    """What was recorded on one day."""

    recordings: int = 0
    starred: int = 0
    duration_s: float = 0.0


def day_of_recordings(library: Library, day: date, max_spans: int = MAX_SPANS) -> Day:
    """Returns what was recorded on `day`; reads no file. Raises StorageError, and ValueError for a
    day that no calendar has."""
    from_s, to_s = day_bounds(day)
    spans = list[Span]()
    left_out = 0
    for recording in library.listed().rows:
        if recording.started_at >= to_s:
            continue
        if recording.started_at < from_s - LONGEST_S:
            break
        if recording.started_at < from_s and not _may_last_until(recording, from_s):
            continue
        span = _span(library, recording)
        if span.to_s < from_s:
            continue
        if len(spans) < max_spans:
            spans.append(span)
        else:
            left_out += 1
    spans.reverse()
    return Day(from_s, to_s, spans, left_out)


def days_of_recordings(library: Library, now_s: float) -> tuple[dict[date, DayTotal], int]:
    """Returns what was recorded on each day that has a recording, oldest first, and how many were
    not read yet; reads no file. One that is being made counts without its length. Raises
    StorageError."""
    totals: dict[date, DayTotal] = {}
    unread = 0
    calendar = _Calendar()
    for recording in reversed(library.listed().rows):
        span = _span(library, recording)
        unread += not span.is_read
        with suppress(ValueError):  # a name may have any date, the last of all too
            for day, duration_s in calendar.days_between(span.from_s, min(span.to_s, now_s)):
                total = totals.setdefault(day, DayTotal())
                total.recordings += 1
                total.starred += recording.is_starred
                total.duration_s += 0 if recording.is_running else duration_s
    return dict(sorted(totals.items())), unread


class _Calendar:
    """Remembers the day that was asked for last: the next recording is mostly on the same one."""

    def __init__(self) -> None:
        self._day = date.min
        self._from_s = self._to_s = 0

    def days_between(self, from_s: float, to_s: float) -> Iterator[tuple[date, float]]:
        """Yields each day that has a part of this time, and how long that part is."""
        while True:
            if not self._from_s <= from_s < self._to_s:
                self._day = day_of(from_s)
                self._from_s, self._to_s = day_bounds(self._day)
            end_s = min(to_s, self._to_s)
            yield self._day, max(0.0, end_s - from_s)
            if to_s <= self._to_s:
                return
            from_s = self._to_s


def _may_last_until(recording: Recording, at_s: float) -> bool:
    """Whether it is worth a closer look: a file was changed after its last picture."""
    return recording.is_running or recording.changed_ns >= at_s * 1e9


def _span(library: Library, recording: Recording) -> Span:
    from_s = recording.started_at
    if recording.is_running:
        return Span(recording, from_s, math.inf, None, is_read=True)
    details = library.facts.known_details(recording)
    to_s = max(from_s, recording.changed_ns / 1e9)
    if details is not None and details.duration_s is not None:
        to_s = from_s + details.duration_s
    gaps = None if details is None else details.gaps
    return Span(recording, from_s, min(to_s, from_s + LONGEST_S), gaps, details is not None)
