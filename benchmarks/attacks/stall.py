"""The machine stands still, as it does while an SD card is busy."""

from __future__ import annotations

import os
import signal
import time

from .target import Target

STOPPED_S = 5.0
BETWEEN_S = 1.5


def stall(target: Target) -> str:
    """the server is stopped for 5 s and goes on, again and again"""
    count = 0
    while target.is_on:
        os.kill(target.pid, signal.SIGSTOP)
        try:
            time.sleep(STOPPED_S)
        finally:
            os.kill(target.pid, signal.SIGCONT)
        count += 1
        time.sleep(BETWEEN_S)
    return f"{count} × {STOPPED_S:g} s"
