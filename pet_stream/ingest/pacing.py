"""When to look into the ring next: often when a picture is due, seldom in between."""

from __future__ import annotations

from typing import Final

from .phase import Phase

_LOOK_S: Final = 0.0005
"""Time between two looks while a picture is due."""
_FIRST_LOOKS_S: Final = 0.002
_STALLED_S: Final = 0.02
_MAX_INTERVAL_S: Final = 5.0
_LOOKS_A_PICTURE: Final = 2
_FASTEST_WRITES: Final = 32.5
"""A second; a writer whose pace is unknown is trusted not to be faster."""


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
        self._idle_s = self._slots_a_look / _FASTEST_WRITES
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
    def _longest_s(self) -> float:
        """Returns the longest wait in which no picture is overwritten unread."""
        if self._write_interval_s is None:
            return self._idle_s
        # A relay's ring may turn faster than that, but repeats each picture many times.
        picture_s = (self.interval_s or 0.0) / _LOOKS_A_PICTURE
        turn_s = self._slots_a_look * self._write_interval_s
        return min(self._idle_s, max(_LOOK_S, turn_s, picture_s))

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
