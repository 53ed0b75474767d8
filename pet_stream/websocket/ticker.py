"""Does something at an interval, on the event loop, for as long as it is needed."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from ..event_loop import EventLoopThread


class Ticker:
    """Calls `tick` every `interval_s` until it returns False. On the event loop."""

    def __init__(
        self, event_loop: EventLoopThread, name: str, interval_s: float, tick: Callable[[], bool]
    ) -> None:
        self._event_loop = event_loop
        self._name = name
        self._interval_s = interval_s
        self._tick = tick
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Start ticking; does nothing if it ticks already."""
        if self._task is None or self._task.done():
            self._task = self._event_loop.spawn(self._run(), self._name)

    def tick_now(self) -> bool:
        """Tick, apart from the interval. Returns whether it goes on: also after a failure."""
        with self._event_loop.errors.ending("loop", f"{self._name} failed, and is tried again"):
            return self._tick()
        return True

    async def _run(self) -> None:
        is_needed = True
        try:
            while is_needed:
                await asyncio.sleep(self._interval_s)
                is_needed = self.tick_now()
        finally:
            self._task = None  # a task that was cancelled keeps its frames
