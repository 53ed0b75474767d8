"""Limits the concurrent work of one kind, in total and for each client."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

from ..errors import Busy


class Turns:
    """At most `max_count` turns at once, `max_of_client` of them for one client. Others are refused
    at once, so that they do not wait in the server's threads. Any thread."""

    def __init__(self, max_count: int, max_of_client: int) -> None:
        self.refused_count = 0
        self._max_count = max_count
        self._max_of_client = max_of_client
        self._lock = threading.Lock()
        self._taken: Counter[str] = Counter()

    @contextmanager
    def turn(self, client: str) -> Iterator[None]:
        """Hold a turn. Raises Busy if there is none."""
        with self._lock:
            if self._taken.total() >= self._max_count or self._taken[client] >= self._max_of_client:
                self.refused_count += 1
                raise Busy("Too many requests at once", retry_after_s=1)
            self._taken[client] += 1
        try:
            yield
        finally:
            with self._lock:
                self._taken[client] -= 1
                if not self._taken[client]:
                    del self._taken[client]
