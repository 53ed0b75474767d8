"""Makes SIGHUP a wish, where nobody else handles it and no terminal could have been closed."""

from __future__ import annotations

import os
import signal
import threading
import weakref
from collections.abc import Callable
from types import FrameType

from .gunicorn import is_worker


def call_on_hang_up(method: Callable[[], object]) -> None:
    """Have SIGHUP call a bound method, while its object lives, in the middle of anything.

    By default, SIGHUP ends a process at once. It stays as it is where there is a terminal, in
    gunicorn's workers, outside the main thread, and where the host has a handler of its own.
    """
    if threading.current_thread() is not threading.main_thread():
        return
    handler = signal.getsignal(signal.SIGHUP)
    if isinstance(handler, _HangUp):
        handler.add(method)
    elif handler is signal.SIG_DFL and not _is_handled() and not has_terminal() and not is_worker():
        ours = _HangUp()
        ours.add(method)
        signal.signal(signal.SIGHUP, ours)


def has_terminal() -> bool:
    """Whether this process has a controlling terminal."""
    try:
        os.close(os.open("/dev/tty", os.O_RDONLY | os.O_NOCTTY | os.O_NONBLOCK | os.O_CLOEXEC))
    except OSError:
        return False
    return True


class _HangUp:
    def __init__(self) -> None:
        self._methods: list[weakref.WeakMethod[Callable[[], object]]] = []
        self._pid = os.getpid()

    def add(self, method: Callable[[], object]) -> None:
        self._methods.append(weakref.WeakMethod(method))

    def __call__(self, number: int, frame: FrameType | None) -> None:
        if os.getpid() != self._pid:  # a forked child is the host's
            signal.signal(number, signal.SIG_DFL)
            signal.raise_signal(number)
        for reference in tuple(self._methods):
            method = reference()
            if method is not None:
                method()


def _is_handled() -> bool:
    """Whether the process has a handler that Python does not know of, as uWSGI's workers have."""
    with open("/proc/self/status") as status:
        caught = next((line.split()[1] for line in status if line.startswith("SigCgt:")), "0")
    return bool(int(caught, 16) >> (signal.SIGHUP - 1) & 1)
