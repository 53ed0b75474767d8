"""Lets commands wait for Ctrl-C, SIGTERM and a closed terminal, and then end in order."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable
from types import FrameType, TracebackType

from .hang_up import has_terminal

_Handler = Callable[[int, FrameType | None], object] | int | None


class StopSignals:
    """Blocks the stop signals until the main thread asks for them, so that they interrupt nothing.

    Enter this context before any thread is started. Later threads and child processes inherit the
    blocked signals; a child calls `accept_stop_signals`. After the first signal, the next one ends
    the process at once.

    Where there was no terminal from the beginning, as in a service, SIGHUP says something else:
    read the settings again.
    """

    def __init__(self) -> None:
        self._numbers = {signal.SIGINT, signal.SIGTERM}
        if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:  # nohup
            self._numbers.add(signal.SIGHUP)
        self._has_terminal = has_terminal()
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

    def wait(
        self, timeout_s: float | None = None, on_reload: Callable[[], object] | None = None
    ) -> bool:
        """Wait for a signal. Returns whether one to stop has come in time; None: no time limit.
        `on_reload` is called, and False returned, when one has come that says so."""
        if self._handlers:
            return True
        if timeout_s is None:
            number = signal.sigwait(self._numbers)
        elif (found := signal.sigtimedwait(self._numbers, timeout_s)) is not None:
            number = found.si_signo
        else:
            return False
        if number == signal.SIGHUP and on_reload is not None and not self._has_terminal:
            on_reload()
            return False
        for number in self._numbers:
            self._handlers[number] = signal.signal(number, signal.SIG_DFL)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, self._numbers)
        return True


def accept_stop_signals() -> None:
    """Unblock the stop signals in a child process."""
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT, signal.SIGTERM, signal.SIGHUP})
