"""When to look into the ring next: often when a picture is due, seldom in between.

Waking up for a look costs ten times as much as handling a picture, so there should be one look for
each picture.
"""

from __future__ import annotations

from typing import Final

_LOOK_S: Final = 0.0005
"""Time between two looks while a picture is due."""
_FIRST_LOOKS_S: Final = 0.002
_STALLED_S: Final = 0.02
_MAX_INTERVAL_S: Final = 5.0
_LOOKS_A_PICTURE: Final = 2
_FASTEST_WRITES: Final = 32.5
"""A second; a writer whose pace is unknown is trusted not to be faster."""

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


class Pacing:
    """Learns the rate and the phase of the pictures from their capture times.

    The camera takes pictures at even intervals and encodes each in about the same time. So the next
    picture is captured one interval after the last, and appears after the usual delay. All times
    are in seconds. Arrival times are on the caller's monotonic clock. Capture times are on the
    camera's clock; only their differences matter. Owned by the camera thread.
    """

    def __init__(self, slot_count: int) -> None:
        self._slots_a_look = slot_count // 2 - 2
        """At most this many writes between two looks: half a turn is for late wake-ups, and two
        slots can't be read."""
        self._idle_s = self._longest_s = self._slots_a_look / _FASTEST_WRITES
        """The longest wait in which no picture is overwritten unread; `_longest_s` as far as is
        known by now."""
        self.interval_s: float | None = None
        """Between two pictures, smoothed; None before the third picture."""
        self._phase = Phase()
        self._write_interval_s: float | None = None
        self._outliers = 0
        self._captured_s: float | None = None
        self._arrived_s = 0.0
        self._looked_s = 0.0
        self._looked_in_vain_s: float | None = None

    def on_writes(self, count: int, elapsed_s: float) -> None:
        """`count` slots were written in the last `elapsed_s`."""
        sample_s = elapsed_s / count
        if self._write_interval_s is None:
            self._write_interval_s = sample_s
        else:
            # Believe quickly that the ring turns faster, slowly that it turns slower.
            weight = 0.5 if sample_s < self._write_interval_s else 0.1
            self._write_interval_s += weight * (sample_s - self._write_interval_s)
        # A relay's ring may turn faster than that, but repeats each picture many times.
        picture_s = (self.interval_s or 0.0) / _LOOKS_A_PICTURE
        turn_s = self._slots_a_look * self._write_interval_s
        self._longest_s = min(self._idle_s, max(_LOOK_S, turn_s, picture_s))

    def on_picture(self, captured_s: float, arrived_s: float) -> None:
        """Note that the newest picture, captured at `captured_s`, was found at `arrived_s`."""
        if self._captured_s is not None:
            self._learn_interval(captured_s - self._captured_s)
        in_vain_s = self._looked_in_vain_s
        self._phase.on_picture(
            arrived_s - captured_s,
            None if in_vain_s is None else in_vain_s - captured_s,
            arrived_s - self._looked_s,
        )
        self._captured_s = captured_s
        self._arrived_s = arrived_s
        self._looked_in_vain_s = None

    def delay_s(self, now_s: float, *, is_urgent: bool) -> float:
        """Returns the time to wait before the next look. `is_urgent`: somebody watches."""
        self._looked_s = now_s
        longest_s = self._longest_s
        if not is_urgent:
            return longest_s
        if self._captured_s is None:
            return min(_STALLED_S, longest_s)
        first_look_s = self._phase.first_look_s
        if self.interval_s is None or first_look_s is None:
            return min(max(_FIRST_LOOKS_S, (now_s - self._arrived_s) / 8), _STALLED_S, longest_s)
        due_s = self._captured_s + self.interval_s + first_look_s
        if now_s < due_s:
            return min(due_s - now_s, longest_s)
        self._looked_in_vain_s = now_s
        overdue_s = now_s - due_s
        if overdue_s < max(0.01, self.interval_s):
            return self._look_s
        return min(max(self._look_s, overdue_s / 8), _STALLED_S, longest_s)

    @property
    def _look_s(self) -> float:
        """Returns the time between looks while a picture is due; longer for a slow relay."""
        writing_s, interval_s = self._write_interval_s, self.interval_s
        if writing_s is None or interval_s is None or writing_s > interval_s / 2:
            return _LOOK_S
        return max(_LOOK_S, writing_s / 2)

    def _learn_interval(self, sample_s: float) -> None:
        if not 0 < sample_s < _MAX_INTERVAL_S:
            return
        if self.interval_s is None:
            self.interval_s = sample_s
        elif abs(sample_s - self.interval_s) <= 0.3 * self.interval_s:
            self._outliers = 0
            self.interval_s += (sample_s - self.interval_s) / 8
        else:  # a missing picture, or a changed rate if it goes on
            self._outliers += 1
            if self._outliers >= 3:
                self.interval_s = sample_s
                self._outliers = 0


class Phase:
    """Follows the shortest delay between capture and arrival, in seconds, from few looks.

    A picture that the first look finds may have been there for a while. So every eighth picture is
    looked for early, and earlier still while that finds it.
    """

    def __init__(self) -> None:
        self._earliest_s: float | None = None
        self._earlier_by_s = _EARLIER_S
        self._until_probe = 0
        self._not_before_s: list[float] = []
        self.first_look_s: float | None = None
        """Time from the next picture's capture to the first look for it; None while unknown."""

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
        lag_s = _LAG_S if self._until_probe else 0.0
        self.first_look_s = None if self._earliest_s is None else self._earliest_s + lag_s

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
