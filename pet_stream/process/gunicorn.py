"""Asks gunicorn's worker, if one serves us, about its state and its threads.

The worker is found through its SIGTERM handler, which works in any thread and whenever the app was
loaded.
"""

from __future__ import annotations

import signal
from typing import Any


def is_worker() -> bool:
    return hasattr(_worker(), "cfg")


def is_server_ending() -> bool:
    """Whether the worker waits for its last requests.

    It waits for 30 s without telling anybody. Then it is killed, even in the middle of a recording.
    So endless responses must end by themselves. Other servers do not wait for requests.
    """
    return getattr(_worker(), "alive", None) is False


def thread_limit() -> int | None:
    """Returns how many requests a worker with a pool of threads serves at once; None without."""
    worker = _worker()
    threads = getattr(getattr(worker, "cfg", None), "threads", None)
    return threads if isinstance(threads, int) and hasattr(worker, "tpool") else None


def _worker() -> Any:
    return getattr(signal.getsignal(signal.SIGTERM), "__self__", None)
