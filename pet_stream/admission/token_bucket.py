"""Limits how often something may be done: a few times at once, then at a steady rate."""

from __future__ import annotations

import math
import time
from collections.abc import Callable

from ..errors import TooMany


class TokenBucket:
    """Holds at most `size` tokens; one is added every `every_s` seconds. Owned by one thread."""

    def __init__(
        self, size: int, every_s: float, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._size = size
        self._every_s = every_s
        self._clock = clock
        self._full_at = -math.inf

    def take(self, message: str) -> None:
        """Take a token. Raises TooMany, with `message`, when none is left."""
        if (wait_s := self._take()) > 0:
            raise TooMany(message, math.ceil(wait_s))

    def try_take(self) -> bool:
        """Take a token. Returns whether there was one."""
        return self._take() <= 0

    def take_up_to(self, count: float) -> float:
        """`count` tokens, or as many of them as there are, parts of one included."""
        now = self._clock()
        until_full_s = max(0.0, self._full_at - now)
        taken = max(0.0, min(count, self._size - until_full_s / self._every_s))
        self._full_at = now + until_full_s + taken * self._every_s
        return taken

    def _take(self) -> float:
        """Take a token, if there is one. Returns the seconds until there is, else 0 or less."""
        now = self._clock()
        until_full_s = max(0.0, self._full_at - now)
        wait_s = until_full_s - (self._size - 1) * self._every_s
        if wait_s <= 0:
            self._full_at = now + until_full_s + self._every_s
        return wait_s
