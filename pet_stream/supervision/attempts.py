"""How often a part was started again in vain, and when the next try is due."""

from __future__ import annotations

from dataclasses import dataclass

from ..errors import MAX_FAILURES


@dataclass(frozen=True, slots=True)
class BackOff:
    """The first try comes at once, the second after `first_s`; each further one waits twice as
    long, `longest_s` at most."""

    first_s: float = 0.5
    longest_s: float = 2.0
    """So that it lives again within 3 s of the cause going away, whenever that is."""
    max_failures: int = MAX_FAILURES
    """After this many failures in a row it is said that the part has failed."""
    recovered_s: float = 5.0
    """What has lived for this long has recovered: its next failure is the first again."""

    def delay_s(self, failure_count: int) -> float:
        if failure_count <= 1:
            return 0.0
        return min(self.longest_s, self.first_s * 2.0 ** min(failure_count - 2, 60))


class Attempts:
    """The failures of one part in a row. Owned by whoever looks."""

    def __init__(self, back_off: BackOff) -> None:
        self.failure_count = 0
        self._back_off = back_off
        self._due_at_s = 0.0
        self._last_at_s = 0.0

    @property
    def are_spent(self) -> bool:
        return self.failure_count >= self._back_off.max_failures

    def note_failure(self, now_s: float) -> None:
        self.failure_count += 1
        self._last_at_s = now_s
        self._due_at_s = now_s + self._back_off.delay_s(self.failure_count)

    def note_well(self, now_s: float) -> None:
        """It lives. Failures that are long ago are forgotten."""
        if self.failure_count and now_s - self._last_at_s > self._back_off.recovered_s:
            self.failure_count = 0

    def is_due(self, now_s: float) -> bool:
        return now_s >= self._due_at_s

    def forget(self) -> None:
        self.failure_count = 0
        self._due_at_s = 0.0
