"""Decides whether the wall clock can be trusted: deleting by age depends on it.

A board without a battery starts in 1970 until NTP sets its clock, and a clock may be set wrong by
hand or by a server. The time since the machine's start shows when that happens: nobody can set it.
"""

from __future__ import annotations

import time
from dataclasses import dataclass

EARLIEST_S = 1_577_836_800.0
"""The year 2020. An earlier clock was never set; earlier files were made with such a clock."""
STEP_S = 60.0
"""A wall clock that moves by more than this against the time since the start was set."""
DOUBT_S = 86_400.0
"""A trusted clock that is set is not trusted for this many seconds, unless it is set back."""
SETTLE_S = 600.0
"""Time after the machine's start for NTP to set the clock, where no NTP daemon reports it."""
_TIME_ERROR = 5  # adjtimex(2): not synchronized
_TIMEX_BYTES = 512  # more than any struct timex


@dataclass(frozen=True, slots=True)
class ClockReading:
    wall_s: float
    """Seconds since 1970."""
    boot_s: float
    """Seconds since the machine's start, sleep included."""
    is_synchronized: bool
    """As an NTP daemon reports."""


def read_clocks() -> ClockReading:
    return ClockReading(time.time(), boot_time_s(), _is_synchronized())


def boot_time_s() -> float:
    return time.clock_gettime(time.CLOCK_BOOTTIME)


class ClockWatch:
    """Trusts the wall clock or not, by what it showed before. Owned by one thread."""

    def __init__(self) -> None:
        self._offset_s: float | None = None  # of the wall clock when it was last trusted
        self._doubted_offset_s: float | None = None
        self._doubted_since_s = 0.0

    def trusts(self, now: ClockReading, newest_s: float | None) -> bool:
        """Whether the wall clock can be trusted. `newest_s` is what it showed when the newest file
        was written; None: there is no file."""
        is_settled = now.is_synchronized or (
            now.boot_s >= SETTLE_S and (newest_s is None or newest_s <= now.wall_s)
        )
        if self._is_doubted(now) or now.wall_s < EARLIEST_S or not is_settled:
            return False
        self._offset_s = now.wall_s - now.boot_s
        self._doubted_offset_s = None
        return True

    def _is_doubted(self, now: ClockReading) -> bool:
        """Whether the clock was set within DOUBT_S, after it had been trusted."""
        offset_s = now.wall_s - now.boot_s
        if _is_near(offset_s, self._offset_s):
            self._doubted_offset_s = None
            return False
        if self._offset_s is None:
            return False
        if not _is_near(offset_s, self._doubted_offset_s):
            self._doubted_offset_s, self._doubted_since_s = offset_s, now.boot_s
        return now.boot_s - self._doubted_since_s < DOUBT_S


def _is_near(offset_s: float, other_s: float | None) -> bool:
    return other_s is not None and abs(offset_s - other_s) <= STEP_S


def _is_synchronized() -> bool:
    """Whether the kernel knows of a synchronized clock. `modes` is 0, so nothing is changed."""
    import ctypes  # lazy: 0.2 MB, needed only where recordings are deleted by age

    try:
        state: int = ctypes.CDLL(None).adjtimex(ctypes.create_string_buffer(_TIMEX_BYTES))
    except (OSError, AttributeError):
        return False
    return 0 <= state < _TIME_ERROR
