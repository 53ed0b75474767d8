"""Limits how many may watch or listen at once. Places are leases."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable

from ..errors import Full
from ..supervision.error_counts import ErrorCounts
from .place import LEASE_SWEEPS, SOMEBODY, Ending, Occupant, Place
from .races import Races

__all__ = ["LEASE_SWEEPS", "SWEEP_INTERVAL_S", "Ending", "Occupant", "Place", "Places"]

SWEEP_INTERVAL_S = 0.4


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
        self._races = Races()
        self._total_count = 0

    def acquire(self, occupant: Occupant = SOMEBODY) -> Place:
        """Take a place, or share that of the page's other way. Raises Full when there is none."""
        place = Place(occupant, self._release)
        with self._lock:
            first = self._find_shared(occupant.race, occupant.holder, occupant.transport)
            if first is not None:
                self._races.begin(first, place)
                return place
            superseded = self._superseded_by(occupant.holder)
            self._check(len(self._taken) - len(superseded), is_owner=occupant.is_owner)
            ended = [way for old in superseded for way in self._take_away(old)]
            self._taken[place] = None
            self._total_count += 1
        for old in ended:
            self._end(old, Ending.SUPERSEDED)
        with self._errors.ending("places", "the taking of a place could not be told"):
            self._on_taken()
        return place

    def check(
        self, holder: str = "", *, is_owner: bool = True, race: str = "", transport: str = ""
    ) -> None:
        """Raises Full when `acquire` would now. Some places are for owners only; a device that
        has its share gives way to itself, and the second way of a page shares the place of the
        first."""
        with self._lock:
            if self._find_shared(race, holder, transport) is not None:
                return
            left_count = len(self._taken) - len(self._superseded_by(holder))
            self._check(left_count, is_owner=is_owner)

    @property
    def is_any_shareable(self) -> bool:
        """Whether somebody watches who may come by another way, too, for a moment."""
        with self._lock:
            return any(p.occupant.race and not p.was_shared for p in self._taken)

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
            ended = self._take_away(found)
        for way in ended:
            self._end(way, Ending.REMOVED)
        return True

    def sweep(self) -> bool:
        """Take back the places that nobody has renewed for LEASE_SWEEPS sweeps. The event loop's
        ticker calls this regularly. Returns whether any place is still taken."""
        with self._lock:
            raced = self._races.sweep()
            for place in tuple(self._taken):
                if place.is_overdue():
                    self._leave(place)
            is_any_taken = bool(self._taken)
        for way in raced:
            self._end(way, Ending.RACED)
        return is_any_taken

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

    def _find_shared(self, race: str, holder: str, transport: str) -> Place | None:
        return self._races.find(race, holder, transport, self._taken, self.max_clients)

    def _take_away(self, place: Place) -> list[Place]:
        """Returns the ways by which its occupant came, which are to be ended."""
        second = self._races.end(place)
        del self._taken[place]
        return [place] if second is None else [place, second]

    def _leave(self, place: Place) -> None:
        """`place` is given back. The page's other way keeps it, if there is one."""
        second = self._races.end(place)
        if second is not None:
            second.id, second.taken_at_s = place.id, place.taken_at_s
            self._taken = {second if p is place else p: None for p in self._taken}
        self._taken.pop(place, None)

    def _release(self, place: Place) -> None:
        with self._lock:
            self._leave(place)
