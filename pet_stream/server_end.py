"""Noticing that gunicorn wants its worker to end: nobody tells the requests that still run."""

from __future__ import annotations

import signal


def is_server_ending() -> bool:
    """Whether the worker that serves us waits for its last requests.

    It waits for 30 s, and is killed then, with whatever it was recording. So what would last for
    ever has to end by itself. The worker's own handler of SIGTERM leads to its `alive`, whichever
    thread asks and whenever the app was loaded. Other servers do not wait for requests.
    """
    worker = getattr(signal.getsignal(signal.SIGTERM), "__self__", None)
    return getattr(worker, "alive", None) is False
