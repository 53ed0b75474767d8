"""What was seen lately: for recordings and clips that begin in the past."""

from __future__ import annotations

import math
from collections import deque

from ..media.detections import Sighting

STEP_S = 0.15
"""Boxes are moved between two sightings, so these are close enough, also where more are read."""


class SightingMemory:
    """The sightings of the last `max_s`, of which none is closer than STEP_S to the one before.
    Owned by a lock.

    A slow detector's reach back further: no time is looked at, but all are bounded.
    """

    def __init__(self, max_s: float) -> None:
        self._sightings: deque[Sighting] = deque()
        self.set_limit(max_s)

    def set_limit(self, max_s: float) -> None:
        """Forget what is too much from now on."""
        self._sightings = deque(self._sightings, math.ceil(max_s / STEP_S))

    @property
    def is_on(self) -> bool:
        return bool(self._sightings.maxlen)

    def add(self, sighting: Sighting) -> None:
        if self._sightings:
            since_ns = sighting.capture_ns - self._sightings[-1].capture_ns
            if since_ns < STEP_S * 1e9:
                return
        self._sightings.append(sighting)

    def since(self, start_ns: int) -> list[Sighting]:
        """Returns those of pictures from `start_ns` (capture time) on."""
        return [sighting for sighting in self._sightings if sighting.capture_ns >= start_ns]

    def clear(self) -> None:
        self._sightings.clear()
