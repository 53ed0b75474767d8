"""One place: who takes it, for how long, and why it may be taken away."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum

LEASE_SWEEPS = 20
"""A place that nobody renews comes back after this many sweeps. Sweeps are counted, not seconds,
because nobody can renew while the process stands still."""


class Ending(Enum):
    """Why a place is taken away."""

    REMOVED = "removed"
    """An owner has ended it."""
    SUPERSEDED = "superseded"
    """Its own device watches in newer pages."""
    RACED = "raced"
    """It came by two ways, and has kept both for too long."""


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
    race: str = ""
    """The same for the two ways by which one page tries to watch; empty if it takes one."""
    thinned_to: Callable[[], float | None] = lambda: None
    """Pictures a second that it is sent of a stream that its link can't carry; 0 while that is not
    known, None if it is sent all."""


SOMEBODY = Occupant()


class Place:
    """One viewer's place. The owner of the live connection renews it. Releasing it twice does no
    harm. Any thread."""

    def __init__(self, occupant: Occupant, release: Callable[[Place], object]) -> None:
        self.id = secrets.token_urlsafe(6)
        self.occupant = occupant
        self.taken_at_s = time.monotonic()
        self.was_shared = False
        """Whether the two ways of a page have raced in it."""
        self._release = release
        self._sweeps_left = LEASE_SWEEPS

    def renew(self) -> None:
        """The connection is alive: begin the lease again."""
        self._sweeps_left = LEASE_SWEEPS

    def release(self) -> None:
        self._release(self)

    def is_overdue(self) -> bool:
        """Count one more sweep; returns whether the lease has ended."""
        self._sweeps_left -= 1
        return self._sweeps_left <= 0
