"""Learns how long after its capture a picture appears in the ring, from few looks."""

from __future__ import annotations

from typing import Final

_LAG_S: Final = 0.0003
"""The first look comes this much after the earliest arrival, and finds nearly every picture."""
_PROBE_EVERY: Final = 8
"""Every eighth picture is a probe: it is looked for without the lag, to learn when it came."""
_EARLIER_S: Final = 0.00006
_LATER_S: Final = 0.00001
"""Steps after a probe that found its picture, and after one that did not. They balance when every
seventh probe finds its picture."""
_MAX_STEP_S: Final = 0.016
_OVERSHOT_STEP_S: Final = 0.001
_SURELY_LATER: Final = 8
"""After this many pictures in a row that the first look did not find, all come later now."""
_OTHER_PHASE_S: Final = 0.1
_CLOSELY_S: Final = 0.004


class Phase:
    """Follows the shortest delay between capture and arrival, in seconds.

    Waking up for a look costs ten times as much as handling a picture, so there should be one look
    for each picture. But a picture that the first look finds may have been there for a while. So
    every eighth picture is looked for early, and earlier still while that finds it.
    """

    def __init__(self) -> None:
        self._earliest_s: float | None = None
        self._earlier_by_s = _EARLIER_S
        self._until_probe = 0
        self._not_before_s: list[float] = []

    @property
    def first_look_s(self) -> float | None:
        """Time from the next picture's capture to the first look for it; None while unknown."""
        if self._earliest_s is None:
            return None
        return self._earliest_s + (_LAG_S if self._until_probe else 0.0)

    def on_picture(self, found_s: float, not_before_s: float | None, unwatched_s: float) -> None:
        """Note that a picture was found `found_s` after its capture, `unwatched_s` after the look
        before.

        `not_before_s`: the last look that did not find it; None if the first look found it.
        """
        was_probe = self._until_probe == 0
        self._until_probe = (self._until_probe or _PROBE_EVERY) - 1
        if self._earliest_s is None or abs(found_s - self._earliest_s) > _OTHER_PHASE_S:
            self._earliest_s = found_s if unwatched_s < _CLOSELY_S else None
            self._not_before_s.clear()
        elif not_before_s is not None:
            self._come_later(self._earliest_s, not_before_s, was_probe=was_probe)
        else:
            self._not_before_s.clear()
            if was_probe or found_s < self._earliest_s:
                self._come_earlier(min(self._earliest_s, found_s))

    def _come_earlier(self, there_by_s: float) -> None:
        self._earliest_s = there_by_s - self._earlier_by_s
        self._earlier_by_s = min(2 * self._earlier_by_s, _MAX_STEP_S)
        self._until_probe = 0

    def _come_later(self, earliest_s: float, not_before_s: float, *, was_probe: bool) -> None:
        if self._earlier_by_s > _OVERSHOT_STEP_S:
            self._earliest_s = earliest_s + self._earlier_by_s / 2  # undo the last step
            self._until_probe = 0
        elif was_probe:
            self._earliest_s = earliest_s + _LATER_S
        else:
            self._not_before_s.append(not_before_s)
            if len(self._not_before_s) == _SURELY_LATER:
                self._earliest_s = max(earliest_s, min(self._not_before_s))
                self._not_before_s.clear()
        self._earlier_by_s = _EARLIER_S
