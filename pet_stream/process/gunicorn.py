"""What gunicorn's worker, if one serves us, says about itself.

Its own handler of SIGTERM leads to it, whichever thread asks and whenever the app was loaded.
"""

from __future__ import annotations

import signal
from typing import Any


def is_server_ending() -> bool:
    """Whether the worker waits for its last requests.

    It does so for 30 s and tells nobody; then it is killed, with whatever it was recording. So
    what would last for ever has to end by itself. Other servers do not wait for requests.
    """
    return getattr(_worker(), "alive", None) is False


def thread_limit() -> int | None:
    """How many requests it serves at once; None under servers that start a thread for each."""
    threads = getattr(getattr(_worker(), "cfg", None), "threads", None)
    return threads if isinstance(threads, int) and threads > 1 else None


def _worker() -> Any:
    return getattr(signal.getsignal(signal.SIGTERM), "__self__", None)
