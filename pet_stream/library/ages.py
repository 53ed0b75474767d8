"""Tells how old recordings are, even if the wall clock is set."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence

from .clock import EARLIEST_S, ClockReading, ClockWatch, read_clocks
from .listing import Recording

logger = logging.getLogger(__name__)

MAX_REMEMBERED = 10_000


class Ages:
    """The ages of recordings. For those that ended in this process they come from the time since
    the machine's start; for all others from the wall clock, while it can be trusted. Belongs to one
    thread; any thread may call `note_end`."""

    def __init__(self, read: Callable[[], ClockReading] = read_clocks) -> None:
        self._read = read
        self._watch = ClockWatch()
        self._is_trusted = True
        self._ended_s: dict[str, float] = {}
        self._now = ClockReading(0.0, 0.0, False)

    def note_end(self, name: str) -> None:
        """Note that the recording with the final name `name` was finished now, or that it was put
        into the bin as the entry `name`."""
        self._ended_s[name] = self._read().boot_s
        if len(self._ended_s) > MAX_REMEMBERED:
            del self._ended_s[next(iter(self._ended_s))]

    def oldest_first(self, rows: Sequence[Recording]) -> list[tuple[Recording, float | None]]:
        """Returns `rows` (newest first) in reverse, each with its age in seconds; None: unknown."""
        self._now = now = self._read()
        ended = [(end_s, row) for row in rows if (end_s := self._ended_s.get(row.name)) is not None]
        ended.sort(key=lambda item: item[0])
        of_this_run = {row.name for _, row in ended}
        earlier = [row for row in reversed(rows) if row.name not in of_this_run]
        changed_s = [row.changed_ns / 1e9 for row in earlier]
        is_trusted = self._watch.trusts(now, max(changed_s, default=None))
        self._tell(is_trusted)
        return [
            *(
                (row, now.wall_s - at_s if is_trusted and at_s > EARLIEST_S else None)
                for row, at_s in zip(earlier, changed_s, strict=True)
            ),
            *((row, now.boot_s - end_s) for end_s, row in ended),
        ]

    def of(self, name: str, at_s: float) -> float | None:
        """Returns the age of what note_end() was told as `name`, or else of what happened at `at_s`
        by the wall clock of then: when oldest_first() was last called. None: unknown."""
        if name in self._ended_s:
            return self._now.boot_s - self._ended_s[name]
        return self._now.wall_s - at_s if self._is_trusted and at_s > EARLIEST_S else None

    def _tell(self, is_trusted: bool) -> None:
        if is_trusted != self._is_trusted:
            self._is_trusted = is_trusted
            logger.info(
                "the wall clock is trusted: recordings that are too old are deleted"
                if is_trusted
                else "the wall clock is not trusted: nothing is deleted for its age until it is set"
            )
