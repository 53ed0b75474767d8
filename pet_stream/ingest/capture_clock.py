"""Finds out which clock a camera stamps its pictures with."""

from __future__ import annotations

import time

_PLAUSIBLE_AGE_NS = 60 * 1_000_000_000


class CaptureClock:
    """Maps capture times to this machine's CLOCK_MONOTONIC; one per segment.

    Older daemons stamp with CLOCK_MONOTONIC, later ones with CLOCK_REALTIME. The first picture
    whose age is plausible on one of the two decides. Until then, for a camera with a clock of its
    own for good, the first picture counts as delivered without delay.
    """

    def __init__(self) -> None:
        self.name: str | None = None
        """`monotonic`, `realtime` or `unknown`; None before the first picture."""
        self._offset_ns = 0

    def to_monotonic_ns(self, captured_at_ns: int) -> int:
        """The moment of capture, nanoseconds of CLOCK_MONOTONIC."""
        if self.name is None or self.name == "unknown":
            self._decide(captured_at_ns)
        return captured_at_ns + self._offset_ns

    def _decide(self, captured_at_ns: int) -> None:
        monotonic_ns = time.monotonic_ns()
        realtime_ns = time.time_ns()
        if abs(monotonic_ns - captured_at_ns) <= _PLAUSIBLE_AGE_NS:
            self.name, self._offset_ns = "monotonic", 0
        elif abs(realtime_ns - captured_at_ns) <= _PLAUSIBLE_AGE_NS:
            self.name, self._offset_ns = "realtime", monotonic_ns - realtime_ns
        elif self.name is None:
            self.name, self._offset_ns = "unknown", monotonic_ns - captured_at_ns
