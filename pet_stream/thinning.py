"""Decides how much of the stream a viewer is sent whose link can't carry all of it. Pure."""

from __future__ import annotations

import math
from collections import deque

EVERY = (0, 1, 2, 4)
"""From the whole stream down: 0, or which entry points are sent, each, every second, every
fourth."""

BAD_S = 3.0
"""A link that was bad for this many seconds gets less than the whole stream. Good seconds in
between are taken off."""
THINNED_BAD_S = 1.5
"""The same for a link that has less already."""
TRIAL_S = 10.0
"""A link that gets more has to carry it for this many seconds; until then it is on trial, …"""
TRIAL_BAD_S = 0.5
"""… and one bad report ends that."""
SETTLE_S = 1.5
"""After a change, what a viewer reports is still about the time before."""
FIRST_WAIT_S = 5.0
"""Least time until the next trial after the first one that failed. It doubles, …"""
LONGEST_WAIT_S = 60.0
"""… up to this. After this many good seconds a trial needs no sign that there is room."""
HOPELESS_LOOKS = 3
"""A link that has no room this many times in a row has changed since the trials that failed: when
it has room again, it need not wait."""
MAX_STEP_S = 2.0
"""A report counts for no more seconds than this."""

COUNTED = 5
"""Pictures over which their rate is told: one that is late does not change it much."""


class Thinning:
    """What one viewer is sent: everything, or entry points only. Owned by one thread; times in
    seconds, of one clock.

    It goes down step by step while the link is bad, and up again where there are signs that the
    link has room for that.
    """

    def __init__(self, now_s: float) -> None:
        self._level = 0
        self._bad_s = 0.0
        self._judged_s = self._good_since_s = now_s
        self._settled_s = now_s
        self._fallback = 0
        """The level that a failed trial goes back to."""
        self._trial_ends_s = -math.inf
        self._wait_s = FIRST_WAIT_S
        self._next_trial_s = -math.inf
        self._had_room: bool | None = None
        self._hopeless_looks = 0

    @property
    def every(self) -> int:
        """0: everything is sent; else only every this many entry points."""
        return EVERY[self._level]

    def judge(self, now_s: float, is_bad: bool | None, has_room: bool | None = None) -> bool:
        """Take in how the link was since the last call. To be called about once a second. Returns
        whether `every` has changed.

        `is_bad`: it has lost or delayed too much; `has_room`: it would carry the next step up. None
        where that is not known.
        """
        step_s = min(now_s - self._judged_s, MAX_STEP_S)
        self._judged_s = now_s
        if now_s < self._settled_s:
            return False
        self._look_for_room(has_room)
        if is_bad:
            self._good_since_s = now_s
            self._bad_s += step_s
            if self._bad_s >= self._bad_limit_s(now_s):
                return self._go_down(now_s)
        elif is_bad is not None:
            self._bad_s = max(0.0, self._bad_s - step_s)
        if self._fallback and now_s >= self._trial_ends_s:
            self._fallback, self._wait_s = 0, FIRST_WAIT_S
        return self._level > 0 and now_s >= self._next_trial_s and self._go_up(now_s, has_room)

    def _bad_limit_s(self, now_s: float) -> float:
        if now_s < self._trial_ends_s:
            return TRIAL_BAD_S
        return THINNED_BAD_S if self._level else BAD_S

    def _look_for_room(self, has_room: bool | None) -> None:
        if has_room is None:
            return
        self._had_room = has_room
        self._hopeless_looks = 0 if has_room else self._hopeless_looks + 1
        if self._hopeless_looks >= HOPELESS_LOOKS:
            self._wait_s, self._next_trial_s = FIRST_WAIT_S, -math.inf

    def _go_down(self, now_s: float) -> bool:
        before = self._level
        if now_s < self._trial_ends_s:
            self._level = self._fallback
            self._next_trial_s = now_s + self._wait_s
            self._wait_s = min(2 * self._wait_s, LONGEST_WAIT_S)
        else:
            self._level = min(before + 1, len(EVERY) - 1)
        self._fallback, self._trial_ends_s = 0, -math.inf
        self._settle(now_s)
        return self._level != before

    def _go_up(self, now_s: float, has_room: bool | None) -> bool:
        is_rested = now_s - self._good_since_s >= LONGEST_WAIT_S
        if not (has_room or (is_rested and self._had_room is not False)):
            return False
        self._fallback, self._level = self._level, self._level - 1
        self._trial_ends_s = now_s + TRIAL_S
        self._settle(now_s)
        return True

    def _settle(self, now_s: float) -> None:
        self._bad_s, self._good_since_s = 0.0, now_s
        self._settled_s = now_s + SETTLE_S


class PictureRate:
    """How many pictures a second are sent of those that are left. Owned by one thread."""

    def __init__(self) -> None:
        self._times_s: deque[float] = deque(maxlen=COUNTED)
        self._every = 0
        self._per_s = 0.0

    def add(self, now_s: float, every: int) -> float:
        """One more is sent now, of every this many. Returns the rate; 0 until it is known."""
        if every != self._every:
            self._every = every
            self._times_s.clear()
        self._times_s.append(now_s)
        if (span_s := now_s - self._times_s[0]) > 0:
            self._per_s = round((len(self._times_s) - 1) / span_s, 1)
        return self._per_s
