"""Offers that were answered and whose viewers have not connected yet: which gives way to a newer
one. Pure.

An offer costs who makes it nothing and us sockets, so there is room for a few. A viewer that means
it connects within a fraction of a second.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Generic, Protocol, TypeVar

MAX_PENDING = 16
MAX_OF_CLIENT = 4
"""Of one client, a network address. It may have more for the first PATIENCE_S while there is room:
ten tabs that are opened at once."""
PATIENCE_S = 2.0


class Offered(Protocol):
    """Whoever is to connect."""

    @property
    def is_reached(self) -> bool:
        """ICE checks went through: there is somebody."""


T = TypeVar("T", bound=Offered)


class PendingOffers(Generic[T]):
    """On the event-loop thread; its length from any.

    The oldest gives way, of those that were not reached; of those that were, once they are more
    than half: checks alone keep nobody out either.
    """

    def __init__(self) -> None:
        self._offers: dict[T, tuple[str, float]] = {}  # client and time, the oldest first

    def __len__(self) -> int:
        return len(self._offers)

    def add(self, offered: T, client: str, now_s: float) -> Sequence[T]:
        """Take in `offered`; returns those that give way to it, which are out now."""
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
        """It has connected or ended. Does nothing if it is out already."""
        self._offers.pop(offered, None)

    def _of(self, client: str) -> list[T]:
        return [offered for offered, (owner, _) in self._offers.items() if owner == client]

    def _fullest_client(self) -> str:
        counts = Counter(client for client, _ in self._offers.values())
        return max(counts, key=counts.__getitem__)  # of equals that of the oldest offer


def _first_to_go(offers: Sequence[T]) -> T:
    reached = [offered for offered in offers if offered.is_reached]
    if 2 * len(reached) > len(offers):
        return reached[0]
    return next(offered for offered in offers if not offered.is_reached)
