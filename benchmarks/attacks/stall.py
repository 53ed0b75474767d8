"""The machine stands still, as it does while an SD card is busy."""

from __future__ import annotations

import os
import signal
import time

from .target import Target


def stall(target: Target) -> str:
    """the server is stopped, and goes on"""
    os.kill(target.pid, signal.SIGSTOP)
    try:
        time.sleep(target.seconds)
    finally:
        os.kill(target.pid, signal.SIGCONT)
    return f"{target.seconds:g} s"
