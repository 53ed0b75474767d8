"""Makes SIGTERM an ordinary exit, so that exit handlers run."""

from __future__ import annotations

import os
import signal
import sys
import threading
from types import FrameType


def exit_on_sigterm() -> None:
    """Let SIGTERM end this process through its exit handlers, if nobody else handles it.

    By default, SIGTERM ends a Python process at once, in the middle of a recording. A handler that
    gunicorn, the reloader or the host sets, before or after, stays in force; forked processes are
    not changed. Outside the main thread this does nothing.
    """
    if threading.current_thread() is not threading.main_thread():
        return
    if signal.getsignal(signal.SIGTERM) is not signal.SIG_DFL:
        return
    pid = os.getpid()

    def end(signal_number: int, frame: FrameType | None) -> None:
        if os.getpid() != pid:
            signal.signal(signal_number, signal.SIG_DFL)
            signal.raise_signal(signal_number)
        signal.signal(signal_number, signal.SIG_IGN)  # a second one must not interrupt the exit
        sys.exit(0)

    signal.signal(signal.SIGTERM, end)
