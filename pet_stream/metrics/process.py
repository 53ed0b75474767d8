"""What this process uses, by Linux's /proc; None where there is none."""

from __future__ import annotations

import contextlib
import os
import time
from functools import cache
from pathlib import Path

_SELF = Path("/proc/self")


def cpu_s() -> float:
    """Returns the processor time so far of all threads."""
    return time.process_time()


def resident_bytes() -> int | None:
    with contextlib.suppress(OSError):
        pages = int((_SELF / "statm").read_text().split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE")
    return None


def open_descriptors() -> int | None:
    with contextlib.suppress(OSError):
        return len(os.listdir(_SELF / "fd")) - 1  # the one that lists them
    return None


def started_at() -> float | None:
    """Returns when the process was started, epoch seconds. It stays the same when the clock is
    set."""
    with contextlib.suppress(OSError):
        return _started_at(os.getpid())
    return None


@cache
def _started_at(pid: int) -> float:
    """Raises OSError."""
    # The name of the program, in parentheses, may hold spaces.
    fields = (_SELF / "stat").read_text().rpartition(")")[2].split()
    age_s = time.clock_gettime(time.CLOCK_BOOTTIME) - int(fields[19]) / os.sysconf("SC_CLK_TCK")
    return time.time() - age_s
