"""A short queue for expensive work: one request at a time."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from ..errors import TooMany


class ShortQueue:
    """One caller has the turn; at most `max_waiting` wait for it, each up to `timeout_s`. Any
    thread."""

    def __init__(self, max_waiting: int, timeout_s: float = 5.0) -> None:
        self._places = threading.BoundedSemaphore(1 + max_waiting)
        self._turn = threading.Lock()
        self._timeout_s = timeout_s

    @contextmanager
    def turn(self, message: str) -> Iterator[None]:
        """Wait for the turn. Raises TooMany, with `message`, if too many wait or it takes too
        long."""
        if not self._places.acquire(blocking=False):
            raise TooMany(message)
        try:
            if not self._turn.acquire(timeout=self._timeout_s):
                raise TooMany(message)
            try:
                yield
            finally:
                self._turn.release()
        finally:
            self._places.release()
