"""Shortens the interpreter's switch interval, which the whole process shares."""

from __future__ import annotations

import sys
import threading
from typing import Protocol

from .forks import call_in_child

SHORT_S = 0.0005
"""A busy request thread then delays a picture by half a millisecond instead of five."""


class HasAudience(Protocol):
    """A broadcaster."""

    @property
    def has_urgent_subscriber(self) -> bool: ...


class SwitchInterval:
    """The switch interval: short while somebody watches, otherwise as before. Any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._holders: set[int] = set()
        self._usual_s = sys.getswitchinterval()
        call_in_child(self._renew_lock)

    def follow(self, broadcaster: HasAudience) -> None:
        """Note whether this one (compared by identity) needs it short now. To be called after each
        change of its audience."""
        with self._lock:  # of two changes at once, the second one here sees what came of both
            self._note(broadcaster, is_needed=broadcaster.has_urgent_subscriber)

    def forget(self, broadcaster: HasAudience) -> None:
        """It needs it short no more."""
        with self._lock:
            self._note(broadcaster, is_needed=False)

    def _note(self, broadcaster: HasAudience, *, is_needed: bool) -> None:
        had_holders = bool(self._holders)
        if is_needed:
            self._holders.add(id(broadcaster))
        else:
            self._holders.discard(id(broadcaster))
        if self._holders and not had_holders:
            self._usual_s = sys.getswitchinterval()
            sys.setswitchinterval(min(SHORT_S, self._usual_s))
        elif had_holders and not self._holders:
            sys.setswitchinterval(self._usual_s)

    def _renew_lock(self) -> None:
        """Make a new lock, in a forked child: a thread that held the old one does not exist there.
        This hook was registered first, so it runs before those of the streams, which use it."""
        self._lock = threading.Lock()


switch_interval = SwitchInterval()
"""The only one: the process has one interval, which its apps share."""
