"""Notices that the process itself stood still: SIGSTOP, swap, a blocking SD card.

Meanwhile the other side may have sent what the process did not read. So a limit on silence is
checked by regular looks, and begins again when a look comes late.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import Set
from typing import Any

LATE_S = 1.0
"""A look that comes later than due by this much means a standstill."""
LOOK_S = 0.5


class Looks:
    """Looks that are due every `interval_s`. Owned by one thread.

    The first one counts as late, because nobody knows when it was due; so does the first one after
    a pause.
    """

    def __init__(self, interval_s: float) -> None:
        self.interval_s = interval_s
        self._due_s = -math.inf

    def is_late(self, now_s: float) -> bool:
        """Whether this look is late. Call it at each look, with a monotonic time."""
        due_s, self._due_s = self._due_s, now_s + self.interval_s
        return now_s - due_s > LATE_S


async def wait_for_any(futures: Set[asyncio.Future[Any]], limit_s: float) -> None:
    """Wait until one of `futures` is done or `limit_s` is over; standstills do not count."""
    clock = asyncio.get_running_loop().time
    looks = Looks(LOOK_S)
    now_s = clock()
    deadline_s = now_s + limit_s
    while True:
        if looks.is_late(now_s):
            deadline_s = now_s + limit_s
        if now_s >= deadline_s:
            return
        step_s = min(LOOK_S, deadline_s - now_s)
        done, _ = await asyncio.wait(futures, timeout=step_s, return_when=asyncio.FIRST_COMPLETED)
        if done:
            return
        now_s = clock()
