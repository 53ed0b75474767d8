"""Waiting for what another thread, process or browser does.

A machine under load may stand still for seconds, so the limit only tells what never happens; how
soon things happen is measured by `python -m benchmarks`.
"""

from __future__ import annotations

import time
from collections.abc import Callable

TIMEOUT_S = 30.0


def wait_until(condition: Callable[[], object], timeout_s: float = TIMEOUT_S) -> None:
    """Look every few milliseconds; fails when the time is up."""
    deadline = time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < deadline, "did not happen in time"
        time.sleep(0.005)
