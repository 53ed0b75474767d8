"""Limits how many may watch or listen at once. Places are leases."""

from __future__ import annotations

import threading
from collections.abc import Callable

from ..errors import Full

LEASE_SWEEPS = 20
"""A place that nobody renews comes back after this many sweeps. Sweeps are counted, not seconds,
because nobody can renew while the process stands still."""
SWEEP_INTERVAL_S = 0.4


class Place:
    """One viewer's place. The owner of the live connection renews it. Releasing it twice does no
    harm. Any thread."""

    def __init__(self, places: Places) -> None:
        self._places = places
        self._sweeps_left = LEASE_SWEEPS

    def renew(self) -> None:
        """The connection is alive: begin the lease again."""
        self._sweeps_left = LEASE_SWEEPS

    def release(self) -> None:
        self._places._release(self)


class Places:
    """A bounded number of places. Any thread may use it.

    Take a place before the first await of a request, so that two requests at once can't both get
    the last one.
    """

    def __init__(self, max_clients: int, on_taken: Callable[[], object] = lambda: None) -> None:
        """`on_taken` is called when a place was taken: sweep() must be called from then on."""
        self.max_clients = max_clients
        self._on_taken = on_taken
        self._lock = threading.Lock()
        self._taken: set[Place] = set()
        self._total_count = 0

    def acquire(self) -> Place:
        """Take a place. Raises Full when there is none."""
        with self._lock:
            self.check()
            place = Place(self)
            self._taken.add(place)
            self._total_count += 1
        self._on_taken()
        return place

    def check(self) -> None:
        """Raises Full when no place is free now."""
        if len(self._taken) >= self.max_clients:
            raise Full(self.max_clients)

    def sweep(self) -> bool:
        """Take back the places that nobody has renewed for LEASE_SWEEPS sweeps. The event loop's
        ticker calls this regularly. Returns whether any place is still taken."""
        with self._lock:
            for place in tuple(self._taken):
                place._sweeps_left -= 1
                if place._sweeps_left <= 0:
                    self._taken.discard(place)
            return bool(self._taken)

    @property
    def active_count(self) -> int:
        """Places taken now."""
        return len(self._taken)

    @property
    def total_count(self) -> int:
        """Places ever taken."""
        return self._total_count

    def _release(self, place: Place) -> None:
        with self._lock:
            self._taken.discard(place)
