"""SIGTERM as an ordinary exit, so that what runs is ended in order."""

from __future__ import annotations

import os
import signal
import sys
import threading
from types import FrameType


def exit_on_sigterm() -> None:
    """Let SIGTERM end this process through its exit handlers, if nobody else handles it.

    A plain Python process dies of SIGTERM on the spot, and a recording with it. gunicorn, the
    reloader and hosts that set a handler of their own, before or after, are left as they are; so
    are processes forked from this one. Outside of the main thread it does nothing.
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
        signal.signal(signal_number, signal.SIG_IGN)  # ending takes a moment: once is enough
        sys.exit(0)

    signal.signal(signal.SIGTERM, end)
