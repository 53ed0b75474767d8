"""Limits how many may watch or listen at once. Places are leases."""

from __future__ import annotations

import secrets
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum

from ..errors import Full
from ..supervision.error_counts import ErrorCounts

LEASE_SWEEPS = 20
"""A place that nobody renews comes back after this many sweeps. Sweeps are counted, not seconds,
because nobody can renew while the process stands still."""
SWEEP_INTERVAL_S = 0.4


class Ending(Enum):
    """Why a place is taken away."""

    REMOVED = "removed"
    """An owner has ended it."""
    SUPERSEDED = "superseded"
    """Its own device watches in newer pages."""


@dataclass(frozen=True, slots=True)
class Occupant:
    """Who takes a place. `end` is called when it is taken away, in any thread; it must not wait."""

    end: Callable[[Ending], object] = lambda _: None
    name: str = ""
    holder: str = ""
    """Identifies the device; empty if that is not known."""
    is_owner: bool = True
    client: str = ""
    transport: str = ""
    thinned_to: Callable[[], float | None] = lambda: None
    """Pictures a second that it is sent of a stream that its link can't carry; 0 while that is not
    known, None if it is sent all."""


class Place:
    """One viewer's place. The owner of the live connection renews it. Releasing it twice does no
    harm. Any thread."""

    def __init__(self, places: Places, occupant: Occupant) -> None:
        self.id = secrets.token_urlsafe(6)
        self.occupant = occupant
        self.taken_at_s = time.monotonic()
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

    def __init__(
        self,
        max_clients: int,
        on_taken: Callable[[], object] = lambda: None,
        kept_for_owners: int = 0,
        max_per_holder: int = 1000,
        errors: ErrorCounts | None = None,
    ) -> None:
        """`on_taken` is called when a place was taken: sweep() must be called from then on. A
        device that takes more than `max_per_holder` loses its oldest."""
        self.max_clients = max_clients
        self._max_per_holder = max_per_holder
        self._kept_for_owners = kept_for_owners
        self._on_taken = on_taken
        self._errors = errors or ErrorCounts()
        self._lock = threading.Lock()
        self._taken: dict[Place, None] = {}  # the oldest first
        self._total_count = 0

    def acquire(self, occupant: Occupant = Occupant()) -> Place:
        """Take a place. Raises Full when there is none."""
        with self._lock:
            superseded = self._superseded_by(occupant.holder)
            self._check(len(self._taken) - len(superseded), is_owner=occupant.is_owner)
            for place in superseded:
                del self._taken[place]
            place = Place(self, occupant)
            self._taken[place] = None
            self._total_count += 1
        for old in superseded:
            self._end(old, Ending.SUPERSEDED)
        with self._errors.ending("places", "the taking of a place could not be told"):
            self._on_taken()
        return place

    def check(self, holder: str = "", *, is_owner: bool = True) -> None:
        """Raises Full when `acquire` would now. Some places are for owners only; a device that
        has its share gives way to itself."""
        with self._lock:
            left_count = len(self._taken) - len(self._superseded_by(holder))
            self._check(left_count, is_owner=is_owner)

    def set_limit(self, max_clients: int, kept_for_owners: int) -> None:
        """From now on there are this many places. Nobody loses one that is taken."""
        with self._lock:
            self.max_clients, self._kept_for_owners = max_clients, kept_for_owners

    def remove(self, place_id: str) -> bool:
        """Take a place away from its occupant. Returns whether there is such a place."""
        with self._lock:
            found = next((place for place in self._taken if place.id == place_id), None)
            if found is None:
                return False
            del self._taken[found]
        self._end(found, Ending.REMOVED)
        return True

    def sweep(self) -> bool:
        """Take back the places that nobody has renewed for LEASE_SWEEPS sweeps. The event loop's
        ticker calls this regularly. Returns whether any place is still taken."""
        with self._lock:
            for place in tuple(self._taken):
                place._sweeps_left -= 1
                if place._sweeps_left <= 0:
                    del self._taken[place]
            return bool(self._taken)

    @property
    def taken(self) -> tuple[Place, ...]:
        """The places that are taken now, the oldest first."""
        with self._lock:
            return tuple(self._taken)

    @property
    def count_by_transport(self) -> Counter[str]:
        """Places taken now, by the way in which their occupants came."""
        return Counter(place.occupant.transport for place in self.taken)

    @property
    def thinned_by_transport(self) -> Counter[str]:
        """The same of those whose link can't carry the stream."""
        occupants = (place.occupant for place in self.taken)
        return Counter(o.transport for o in occupants if o.thinned_to() is not None)

    @property
    def active_count(self) -> int:
        """Places taken now."""
        return len(self._taken)

    @property
    def total_count(self) -> int:
        """Places ever taken."""
        return self._total_count

    def _end(self, place: Place, why: Ending) -> None:
        with self._errors.ending("places", "somebody could not be told that the place is gone"):
            place.occupant.end(why)

    def _check(self, taken_count: int, *, is_owner: bool) -> None:
        limit = self.max_clients - (0 if is_owner else self._kept_for_owners)
        if taken_count >= limit:
            raise Full(limit)

    def _superseded_by(self, holder: str) -> list[Place]:
        held = [place for place in self._taken if holder and place.occupant.holder == holder]
        return held[: max(0, len(held) - self._max_per_holder + 1)]

    def _release(self, place: Place) -> None:
        with self._lock:
            self._taken.pop(place, None)
