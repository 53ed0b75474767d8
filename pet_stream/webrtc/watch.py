"""Runs the liveness checks of all viewers by one timer."""

from __future__ import annotations

import asyncio
from typing import Protocol

from ..process.standstill import Looks
from ..supervision.error_counts import ErrorCounts


class Watched(Protocol):
    def look(self, now_s: float) -> None: ...

    def begin_anew(self, now_s: float) -> None:
        """The process stood still: silence until now tells nothing."""

    def end(self, reason: str) -> None: ...


class Watch:
    """Calls each viewer's `look` every `interval_s`. On the event-loop thread; the timer runs while
    there are viewers. One whose check fails is ended."""

    def __init__(self, interval_s: float, errors: ErrorCounts | None = None) -> None:
        self._errors = errors or ErrorCounts()
        self._interval_s = interval_s
        self._looks = Looks(interval_s)
        self._watched: list[Watched] = []
        self._timer: asyncio.TimerHandle | None = None

    def add(self, viewer: Watched) -> None:
        self._watched.append(viewer)
        if self._timer is None:
            self._wait()

    def remove(self, viewer: Watched) -> None:
        """Does nothing if it is not watched."""
        if viewer in self._watched:
            self._watched.remove(viewer)
        if not self._watched and self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _wait(self) -> None:
        self._timer = asyncio.get_running_loop().call_later(self._interval_s, self._look)

    def _look(self) -> None:
        self._wait()
        now_s = asyncio.get_running_loop().time()
        is_late = self._looks.is_late(now_s)
        for viewer in tuple(self._watched):
            try:
                if is_late:
                    viewer.begin_anew(now_s)
                viewer.look(now_s)
            except Exception as exc:  # noqa: PERF203 (each for itself)
                self._errors.end("webrtc", exc, "a viewer is ended, because its check failed")
                viewer.end("it can't be checked")
