"""A bounded queue between threads; the reading thread may wait."""

from __future__ import annotations

import threading
from collections import deque
from typing import Generic, TypeVar

T = TypeVar("T")


class Mailbox(Generic[T]):
    """Holds the newest `capacity` items, until it is closed. Any thread may use it."""

    def __init__(self, capacity: int) -> None:
        self._changed = threading.Condition()
        self._waiting: deque[T] = deque(maxlen=capacity)
        self._is_closed = False

    def put(self, item: T) -> bool:
        """Add an item. If the queue is full, the oldest one is dropped. Returns whether there was
        room."""
        with self._changed:
            had_room = len(self._waiting) != self._waiting.maxlen
            self._waiting.append(item)
            self._changed.notify()
            return had_room

    def take(self, timeout_s: float) -> T | None:
        """Returns the oldest item; None when the time is up, or the queue is empty and closed."""
        with self._changed:
            self._changed.wait_for(lambda: self._waiting or self._is_closed, timeout_s)
            return self._waiting.popleft() if self._waiting else None

    def take_all(self) -> list[T]:
        """Returns everything that waits, the oldest first. Never waits."""
        with self._changed:
            items = list(self._waiting)
            self._waiting.clear()
        return items

    def close(self) -> None:
        """End the wait of every take(), now and later. Idempotent."""
        with self._changed:
            self._is_closed = True
            self._changed.notify_all()

    def __len__(self) -> int:
        return len(self._waiting)

    @property
    def is_closed(self) -> bool:
        return self._is_closed
