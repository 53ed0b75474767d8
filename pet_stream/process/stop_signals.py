"""Lets commands wait for Ctrl-C, SIGTERM and a closed terminal, and then end in order."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable
from types import FrameType, TracebackType

_Handler = Callable[[int, FrameType | None], object] | int | None


class StopSignals:
    """Blocks the stop signals until the main thread asks for them, so that they interrupt nothing.

    Enter this context before any thread is started. Later threads and child processes inherit the
    blocked signals; a child calls `accept_stop_signals`. After the first signal, the next one ends
    the process at once.
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
        """Wait for a signal. Returns whether one has come in time; None: no time limit."""
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
    """Unblock the stop signals in a child process."""
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT, signal.SIGTERM, signal.SIGHUP})
