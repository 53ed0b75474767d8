"""One viewer from its offer to its end: whose it is, and what it holds."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from ..admission.grants import Hold
from ..admission.place import Place
from ..rights import Grant
from .audience import Audience
from .peer import Peer


@dataclass(eq=False, slots=True)
class Life:
    """A viewer from its offer to its end."""

    peer: Peer
    client: str
    transport: str
    grant: Grant
    hold: Hold
    asked_ns: int
    """When its offer came, on the monotonic clock."""
    audience: Audience
    """Who watches the same camera."""
    race: str = ""
    """Names the page, if it tries another way at the same time."""
    task: asyncio.Task[None] | None = None
    place: Place | None = None
    """Taken when it has connected."""

    @property
    def is_reached(self) -> bool:
        return self.peer.is_reached

    def look(self, now_s: float) -> None:
        if self.place is not None and not self.peer.is_ending:
            self.place.renew()
        self.peer.look(now_s)

    def begin_anew(self, now_s: float) -> None:
        self.peer.begin_anew(now_s)

    def end(self, reason: str) -> None:
        self.peer.end(reason)
