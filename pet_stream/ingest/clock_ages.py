"""Tells by the ages of live pictures whether the camera really has a clock of this machine."""

from __future__ import annotations

from typing import Final

LIVE_AGE_NS: Final = 5_000_000_000
"""A live picture is younger."""
EARLY_NS: Final = 2_000_000
"""A picture may seem this much too new: its clock and ours are read one after the other."""

_NEAR_NS: Final = 500_000_000
_EARLY_LOOKS: Final = 4
_LOOKS: Final = 16
_MORE_AGE_NS: Final = 250_000_000
_WINDOW_NS: Final = 1_000_000_000
_WINDOW_LOOKS: Final = 4


class ClockAges:
    """Watches the newest picture of each look. Pure.

    The clock is fast if pictures of the near future come often. It is slow if even the youngest
    picture of a second is a quarter of a second older than the youngest ever, and another clock if
    live pictures are very old. A single wrong stamp says nothing.
    """

    def __init__(self) -> None:
        self._least_ns = LIVE_AGE_NS
        self.begin()

    def begin(self) -> None:
        """Begin anew with the same clock. What is known of the usual age stays."""
        self._early = 0  # a bit for each look, the newest is the lowest
        self._window_least_ns: int | None = None
        self._window_looks = 0
        self.window_end_ns = 0
        """Before that, live pictures that are not early refute nothing. 0: it is not known yet."""

    def are_plausible(self, age_ns: int) -> bool:
        return -EARLY_NS <= age_ns <= LIVE_AGE_NS

    def are_usual(self, age_ns: int) -> bool:
        """Whether it is also about as young as with this clock before."""
        return -EARLY_NS <= age_ns <= min(LIVE_AGE_NS, self._least_ns + _MORE_AGE_NS // 2)

    def refute(self, age_ns: int, now_ns: int, *, is_believed: bool) -> bool:
        """Take the age of a look's newest picture. Returns whether it can't be this clock."""
        is_early = -_NEAR_NS < age_ns < -EARLY_NS
        self._early = (self._early << 1 | is_early) & (1 << _LOOKS) - 1
        if self._early.bit_count() >= _EARLY_LOOKS:
            return True
        if not is_believed:
            return False
        if age_ns > LIVE_AGE_NS:
            return True
        if self._window_least_ns is None:
            self._window_least_ns = age_ns
            self._window_looks, self.window_end_ns = 0, now_ns + _WINDOW_NS
        self._window_least_ns = min(self._window_least_ns, age_ns)
        self._window_looks += 1
        if now_ns < self.window_end_ns or self._window_looks < _WINDOW_LOOKS:
            return False
        least_ns, self._window_least_ns = self._window_least_ns, None
        self.window_end_ns = 0
        if least_ns > self._least_ns + _MORE_AGE_NS:
            return True
        self._least_ns = max(0, min(self._least_ns, least_ns))
        return False
