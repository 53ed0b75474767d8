"""How often the interpreter's threads take turns: a setting of the whole process."""

from __future__ import annotations

import sys
import threading

from .forks import call_in_child

SHORT_S = 0.0005
"""A busy request thread then holds up a picture by half a millisecond instead of five."""


class SwitchInterval:
    """Short while anybody needs it, as it was before when nobody does. Any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._holders: set[int] = set()
        self._usual_s = sys.getswitchinterval()
        call_in_child(self._renew_lock)

    def shorten(self, holder: object, *, is_needed: bool) -> None:
        """`holder` (told apart by identity) needs it short, or no longer does."""
        with self._lock:
            had_holders = bool(self._holders)
            if is_needed:
                self._holders.add(id(holder))
            else:
                self._holders.discard(id(holder))
            if self._holders and not had_holders:
                self._usual_s = sys.getswitchinterval()
                sys.setswitchinterval(min(SHORT_S, self._usual_s))
            elif had_holders and not self._holders:
                sys.setswitchinterval(self._usual_s)

    def _renew_lock(self) -> None:
        """In a forked child: a thread that had it is not there. Before the streams of the apps are
        told, which ask for it, because the process's first comes first."""
        self._lock = threading.Lock()


switch_interval = SwitchInterval()
"""The process has one, so there is one here, shared by the apps in it."""
