"""The event loop that a recording belongs to, until it moves to another."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from functools import partial


class HomeLoop:
    """Calls back on the loop on which it was made, or to which it has moved since. On that loop;
    any thread may `post` and read.

    A loop that is left may be stuck, and wake up later. What it was to call then is not called.
    """

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._timers: set[asyncio.TimerHandle] = set()
        """Those that have not called yet."""

    @property
    def is_here(self) -> bool:
        """Whether it is the running loop."""
        return self._loop is asyncio.get_running_loop()

    @property
    def is_closed(self) -> bool:
        return self._loop.is_closed()

    def move_here(self) -> None:
        """Belong to the running loop from now on."""
        self._loop = asyncio.get_running_loop()
        self._timers.clear()

    def new_future(self) -> asyncio.Future[None]:
        return self._loop.create_future()

    def time(self) -> float:
        """Seconds, on the clock of all loops."""
        return self._loop.time()

    def guarded(self, callback: Callable[..., None]) -> Callable[..., None]:
        """Returns `callback`, but doing nothing after a move."""
        return partial(self._call, self._loop, callback)

    def call_later(self, delay_s: float, callback: Callable[..., None], *args: object) -> None:
        def call(*args: object) -> None:
            self._timers.discard(timer)
            callback(*args)

        timer = self._loop.call_later(delay_s, self.guarded(call), *args)
        self._timers.add(timer)

    def cancel_timers(self) -> None:
        for timer in self._timers:
            timer.cancel()
        self._timers.clear()

    def post(self, callback: Callable[[], None]) -> bool:
        """Have `callback` called; False if the loop has ended. Any thread."""
        loop = self._loop
        try:
            loop.call_soon_threadsafe(self._call, loop, callback)
        except RuntimeError:
            return False
        return True

    def _call(
        self, loop: asyncio.AbstractEventLoop, callback: Callable[..., None], *args: object
    ) -> None:
        if loop is self._loop:
            callback(*args)
