"""Measures how long viewers wait for their first picture."""

from __future__ import annotations

import time
from collections.abc import Callable

from .histogram import WAITS_S, Histogram


class FirstPictures:
    """The viewers of one kind that have had no picture yet. On the event loop; `waits` from any
    thread.

    Most get one when they join, so `waiting` is usually empty: whoever sends a picture looks at it
    first, and viewers that have begun cost nothing.
    """

    def __init__(self, clock_ns: Callable[[], int] = time.monotonic_ns) -> None:
        self.waits = Histogram(WAITS_S)
        self.waiting: dict[object, int] = {}
        """Since when each waits, on the monotonic clock."""
        self._clock_ns = clock_ns

    def expect(self, viewer: object, since_ns: int) -> None:
        self.waiting[viewer] = since_ns

    def come(self, viewer: object) -> None:
        """Its first picture is sent. Later ones are not counted."""
        since_ns = self.waiting.pop(viewer, None)
        if since_ns is not None:
            self.waits.add(self._clock_ns() - since_ns)

    def come_to_all(self) -> None:
        for viewer in tuple(self.waiting):
            self.come(viewer)

    def give_up(self, viewer: object) -> None:
        """It leaves, perhaps without a picture."""
        self.waiting.pop(viewer, None)
