"""Maps the camera's capture times to CLOCK_MONOTONIC, whichever clock the camera uses."""

from __future__ import annotations

import time
from typing import Final

_PLAUSIBLE_AGE_NS: Final = 60 * 1_000_000_000
_STEP_NS: Final = 50_000_000
_SLEWING_WEIGHT: Final = 64


class CaptureClock:
    """Maps capture times to this machine's CLOCK_MONOTONIC; one per segment.

    Older daemons stamp with CLOCK_MONOTONIC, later ones with CLOCK_REALTIME. The first picture
    whose age is plausible on one of the two decides; when ages become implausible, it is decided
    again. Until then (always, for a camera with a clock of its own) the first picture counts as
    delivered without delay. CLOCK_REALTIME is slewed and set while the camera runs, so its offset
    is followed.
    """

    def __init__(self) -> None:
        self.name: str | None = None
        """`monotonic`, `realtime` or `unknown`; None before the first picture."""
        self._offset_ns = 0

    def to_monotonic_ns(self, captured_at_ns: int) -> int:
        """Returns the time of capture in nanoseconds of CLOCK_MONOTONIC; never in the future, even
        if the header is damaged."""
        now_ns = time.monotonic_ns()
        if self.name == "realtime":
            self._follow(now_ns - time.time_ns())
        age_ns = now_ns - captured_at_ns - self._offset_ns
        if self.name in (None, "unknown") or abs(age_ns) > _PLAUSIBLE_AGE_NS:
            self._decide(captured_at_ns, now_ns)
        return min(captured_at_ns + self._offset_ns, now_ns)

    def _follow(self, offset_ns: int) -> None:
        """Follow the offset: a step at once, small changes smoothed, because the thread may be
        delayed between the two clock readings."""
        change_ns = offset_ns - self._offset_ns
        self._offset_ns += change_ns if abs(change_ns) > _STEP_NS else change_ns // _SLEWING_WEIGHT

    def _decide(self, captured_at_ns: int, now_ns: int) -> None:
        realtime_ns = time.time_ns()
        if abs(now_ns - captured_at_ns) <= _PLAUSIBLE_AGE_NS:
            self.name, self._offset_ns = "monotonic", 0
        elif abs(realtime_ns - captured_at_ns) <= _PLAUSIBLE_AGE_NS:
            self.name, self._offset_ns = "realtime", now_ns - realtime_ns
        elif self.name is None:
            self.name, self._offset_ns = "unknown", now_ns - captured_at_ns
