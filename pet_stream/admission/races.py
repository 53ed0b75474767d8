"""Lets the two ways of one page share a place while they race for the first picture.

Both may be connected for a moment; the page closes the slower one. A page that keeps both would
watch twice for one place, so there are bounds: a place is shared once, with one other way of the
same device, for RACE_SWEEPS; then the way that came second is ended.
"""

from __future__ import annotations

from collections.abc import Iterable

from .place import Place

RACE_SWEEPS = 10
"""4 s: a page on a slow link waits for a large IDR."""
SHARED_ONE_IN = 4
"""One in this many places may be shared at once, and at least one."""


class Races:
    """The places that are shared now, and who came second. `Places` owns it, and holds its lock
    around every call."""

    def __init__(self) -> None:
        self._seconds: dict[Place, Place] = {}  # by who came first
        self._sweeps_left: dict[Place, int] = {}  # of who came second

    def find(
        self, race: str, holder: str, transport: str, taken: Iterable[Place], max_clients: int
    ) -> Place | None:
        """Returns the place that this way of a page may share, if there is one."""
        if not race or len(self._seconds) >= max(1, max_clients // SHARED_ONE_IN):
            return None
        for place in taken:
            other = place.occupant
            is_same_page = (other.race, other.holder) == (race, holder)
            if is_same_page and other.transport != transport and not place.was_shared:
                return place
        return None

    def begin(self, first: Place, second: Place) -> None:
        """`second` shares the place of `first`."""
        first.was_shared = second.was_shared = True
        self._seconds[first] = second
        self._sweeps_left[second] = RACE_SWEEPS

    def second_of(self, first: Place) -> Place | None:
        return self._seconds.get(first)

    def end(self, place: Place) -> Place | None:
        """`place` is given back or taken away. Returns who has it now: the one that came second,
        if the first has left."""
        if (second := self._seconds.pop(place, None)) is not None:
            del self._sweeps_left[second]
            return second
        for first, second in self._seconds.items():
            if second is place:
                del self._seconds[first], self._sweeps_left[second]
                break
        return None

    def sweep(self) -> list[Place]:
        """Returns those that came second and have shared a place for too long, or that nobody has
        renewed; they have no place any more."""
        leaving = []
        for first, second in tuple(self._seconds.items()):
            self._sweeps_left[second] -= 1
            if self._sweeps_left[second] <= 0 or second.is_overdue():
                del self._seconds[first], self._sweeps_left[second]
                leaving.append(second)
        return leaving
