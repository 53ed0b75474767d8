"""Ctrl-C, SIGTERM and a closed terminal, for commands that end in order."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable
from types import FrameType, TracebackType

_Handler = Callable[[int, FrameType | None], object] | int | None


class StopSignals:
    """They wait until the main thread asks for them, so that nothing is interrupted in the middle.

    To be entered before any thread is started: they are blocked, in each later thread, too, and in
    child processes, which call `accept_stop_signals`. Once one has come, the next ends the process
    on the spot.
    """

    def __init__(self) -> None:
        self._numbers = {signal.SIGINT, signal.SIGTERM}
        if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:  # nohup
            self._numbers.add(signal.SIGHUP)
        self._mask: set[int] = set()
        self._handlers: dict[int, _Handler] = {}

    def __enter__(self) -> StopSignals:
        assert threading.active_count() == 1
        self._mask = signal.pthread_sigmask(signal.SIG_BLOCK, self._numbers)
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        for number, handler in self._handlers.items():
            signal.signal(number, handler)
        signal.pthread_sigmask(signal.SIG_SETMASK, self._mask)

    def wait(self, timeout_s: float | None = None) -> bool:
        """Whether one has come by then; None: wait until it has."""
        if self._handlers:
            return True
        if timeout_s is None:
            signal.sigwait(self._numbers)
        elif signal.sigtimedwait(self._numbers, timeout_s) is None:
            return False
        for number in self._numbers:
            self._handlers[number] = signal.signal(number, signal.SIG_DFL)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, self._numbers)
        return True


def accept_stop_signals() -> None:
    """In a child process, which has inherited that they are blocked."""
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT, signal.SIGTERM, signal.SIGHUP})
