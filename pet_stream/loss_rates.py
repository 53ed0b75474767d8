"""Says when more goes wrong than a well machine and camera explain: a warning, and a reason in
`/health`."""

from __future__ import annotations

import logging
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from operator import lt

from .reason import Reason

logger = logging.getLogger(__name__)

WINDOW_S = 60.0
LOOK_INTERVAL_S = 5.0


@dataclass(frozen=True, slots=True)
class Rate:
    """A number that should not rise fast."""

    reason: Reason
    lost: Callable[[], int]
    """How often it has happened so far."""
    least: int
    """In a minute; fewer are nothing to speak of."""
    done: Callable[[], int] | None = None
    """How often it went well so far; None: `least` alone counts."""
    share: float = 0.0
    """Of all, from which on it is too much."""
    counts: Callable[[], bool] = lambda: True
    """Whether it means anything now, where something else does not explain it."""


class LossRates:
    """Looks at `rates` every LOOK_INTERVAL_S. The watcher's thread looks, any thread may read."""

    def __init__(self, rates: Sequence[Rate], clock: Callable[[], float] = time.monotonic) -> None:
        self.reasons: tuple[Reason, ...] = ()
        """Those that are above their bounds: over the last minute, until it is half of that."""
        self.rates = tuple(rates)
        self._watched = [_Watched(rate) for rate in rates]
        self._clock = clock
        self._looked_s = float("-inf")

    def look(self) -> None:
        """Costs nothing if the last look was just now."""
        now_s = self._clock()
        if now_s - self._looked_s >= LOOK_INTERVAL_S:
            self._looked_s = now_s
            for watched in self._watched:
                watched.look()
            self.reasons = tuple(w.rate.reason for w in self._watched if w.is_too_much)


class _Watched:
    def __init__(self, rate: Rate) -> None:
        self.rate = rate
        self.is_too_much = False
        self._seen: deque[tuple[int, int]] = deque(maxlen=int(WINDOW_S / LOOK_INTERVAL_S) + 1)
        """`lost` and `done` at the last looks, oldest first."""

    def look(self) -> None:
        rate = self.rate
        counted = (rate.lost(), rate.done() if rate.done is not None else 0)
        # A part that was replaced counts from nought, whichever of the two shows it.
        is_anew = bool(self._seen) and any(map(lt, counted, self._seen[-1]))
        if is_anew or not rate.counts():
            self._seen.clear()
        self._seen.append(counted)
        (lost_before, done_before), (lost_now, done_now) = self._seen[0], self._seen[-1]
        lost, done = lost_now - lost_before, done_now - done_before
        half = 0.5 if self.is_too_much else 1.0
        is_too_much = lost >= half * rate.least and lost >= half * rate.share * (lost + done)
        if is_too_much and not self.is_too_much:
            of_all = "" if rate.done is None else f" of {lost + done}"
            logger.warning("%s (%d%s in the last minute)", rate.reason, lost, of_all)
        elif self.is_too_much and not is_too_much:
            logger.info("over: %s", rate.reason)
        self.is_too_much = is_too_much
