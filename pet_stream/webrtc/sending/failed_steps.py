"""Remembers which steps have failed, so that new viewers begin on the ladder below them."""

from __future__ import annotations

import time
from collections.abc import Callable

from .sender import Step

REMEMBERED_S = 600.0
"""As long as Linux itself remembers that a way takes small packets only."""

_STEPS = tuple(Step)


class FailedSteps:
    """Which step has failed, by the local address that was sent from. On the event-loop thread.

    By address, because what fails is a network card, a tunnel, or an address that is gone, and
    viewers on another network need not pay for it. Forgotten after a while, because it may have
    been one viewer's odd route.
    """

    def __init__(
        self, remembered_s: float = REMEMBERED_S, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._remembered_s = remembered_s
        self._clock = clock
        self._failed: dict[str, tuple[int, float]] = {}
        """The lowest step that failed, and until when that counts, by address."""

    def add(self, host: str, step: Step) -> None:
        """Remember that nothing could be sent from `host` by this step."""
        now_s = self._clock()
        failed = {other: (i, until) for other, (i, until) in self._failed.items() if until > now_s}
        lowest = max(_STEPS.index(step), failed.get(host, (0, 0.0))[0])
        self._failed = {**failed, host: (lowest, now_s + self._remembered_s)}

    def first_step(self, host: str) -> Step:
        """Returns the first step for a viewer that is sent to from `host`."""
        lowest, until_s = self._failed.get(host, (0, 0.0))
        return _STEPS[lowest + 1] if self._clock() < until_s else _STEPS[0]
