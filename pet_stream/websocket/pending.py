"""Chooses which WebSocket, of those without a place, gives way to a newer one. Pure.

Those are clients that have not shown yet that they read, or that are being refused. Each costs a
thread of the server, so there is room for only a few. A real client answers within a round trip.
"""

from __future__ import annotations

from collections import Counter
from typing import Generic, TypeVar

from ..errors import Busy

MAX_PENDING = 32
MAX_OF_CLIENT = 16
"""From one client, a network address."""
PATIENCE_S = 0.5
"""A client does not give way to a newer one of the same address before this time, so that it can
answer. A handshake that comes earlier is refused, which costs less."""

T = TypeVar("T")


class PendingClients(Generic[T]):
    """The clients without a place. On the event-loop thread; any thread may call `first_to_go`."""

    def __init__(self) -> None:
        self._pending: dict[T, tuple[str, float]] = {}  # client and time, the oldest first

    def add(self, pending: T, client: str, now_s: float) -> None:
        self._pending[pending] = client, now_s

    def discard(self, pending: T) -> None:
        """Remove `pending`: it has a place or has ended. Does nothing if it is removed already."""
        self._pending.pop(pending, None)

    def first_to_go(
        self,
        client: str,
        now_s: float,
        max_pending: int = MAX_PENDING,
        patience_s: float = PATIENCE_S,
    ) -> T | None:
        """Returns which one gives way to a newer one of `client`: its own oldest if it has its
        share, else the oldest of the client that has most. None if there is room. Raises Busy."""
        pending = tuple(self._pending.items())
        of_client = [(one, since_s) for one, (owner, since_s) in pending if owner == client]
        if len(of_client) >= min(MAX_OF_CLIENT, max_pending):
            oldest, since_s = of_client[0]
            if now_s - since_s < patience_s:
                raise Busy("Too many WebSockets at once", retry_after_s=1)
            return oldest
        if len(pending) < max_pending:
            return None
        counts = Counter(owner for _, (owner, _) in pending)
        fullest = max(counts, key=counts.__getitem__)  # on a tie the one with the oldest
        return next(one for one, (owner, _) in pending if owner == fullest)
