"""Does something at an interval, on the event loop, for as long as it is needed."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable

from ..event_loop import EventLoopThread

logger = logging.getLogger(__name__)


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

    async def _run(self) -> None:
        is_needed = True
        try:
            while is_needed:
                await asyncio.sleep(self._interval_s)
                try:
                    is_needed = self._tick()
                except Exception:
                    logger.exception(
                        "%s failed, and is tried again in %g s", self._name, self._interval_s
                    )
        finally:
            self._task = None  # a task that was cancelled keeps its frames
