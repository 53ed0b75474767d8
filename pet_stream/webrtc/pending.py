"""Chooses which offer, of those whose viewers have not connected, gives way to a newer one. Pure.

An offer costs its sender nothing, but it costs us sockets, so there is room for only a few. A real
viewer connects within a fraction of a second.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Generic, Protocol, TypeVar

MAX_PENDING = 16
MAX_OF_CLIENT = 4
"""From one client, a network address. It may have more for the first PATIENCE_S while there is
room: a browser may open ten tabs at once."""
PATIENCE_S = 2.0


class Offered(Protocol):
    """A viewer that was answered and has not connected yet."""

    @property
    def is_reached(self) -> bool:
        """Whether an ICE check went through: somebody is there."""


T = TypeVar("T", bound=Offered)


class PendingOffers(Generic[T]):
    """The offers that wait. On the event-loop thread; any thread may ask for its length.

    The oldest of those that were not reached gives way. Once more than half were reached, the
    oldest of these does: ICE checks alone must not keep others out.
    """

    def __init__(self) -> None:
        self._offers: dict[T, tuple[str, float]] = {}  # client and time, the oldest first

    def __len__(self) -> int:
        return len(self._offers)

    def add(self, offered: T, client: str, now_s: float) -> Sequence[T]:
        """Take in `offered`; returns those that give way to it, which are removed."""
        of_client = self._of(client)
        if len(self._offers) >= MAX_PENDING:
            has_share = len(of_client) >= MAX_OF_CLIENT
            leaving = [_first_to_go(of_client if has_share else self._of(self._fullest_client()))]
        else:
            overdue = [
                other
                for other in of_client
                if not other.is_reached and now_s - self._offers[other][1] >= PATIENCE_S
            ]
            leaving = overdue[: max(0, len(of_client) + 1 - MAX_OF_CLIENT)]
        for other in leaving:
            del self._offers[other]
        self._offers[offered] = client, now_s
        return leaving

    def discard(self, offered: T) -> None:
        """Remove `offered`: it has connected or ended. Does nothing if it is removed already."""
        self._offers.pop(offered, None)

    def _of(self, client: str) -> list[T]:
        return [offered for offered, (owner, _) in self._offers.items() if owner == client]

    def _fullest_client(self) -> str:
        counts = Counter(client for client, _ in self._offers.values())
        return max(counts, key=counts.__getitem__)  # on a tie the one with the oldest offer


def _first_to_go(offers: Sequence[T]) -> T:
    reached = [offered for offered in offers if offered.is_reached]
    if 2 * len(reached) > len(offers):
        return reached[0]
    return next(offered for offered in offers if not offered.is_reached)
