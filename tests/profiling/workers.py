"""Threads that do something known, for whoever looks at them."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def working(name: str = "worker") -> Iterator[threading.Thread]:
    """A thread that reckons all the time, in `reckon`, until the end of the context."""
    is_over = threading.Event()

    def reckon() -> None:
        secret = "a value that nobody is told"
        while not is_over.is_set():
            sum(range(len(secret)))

    with _running(threading.Thread(target=reckon, name=name), is_over) as thread:
        yield thread


@contextmanager
def waiting(name: str = "waiter") -> Iterator[threading.Thread]:
    """A thread that waits all the time, in `wait_for_it`."""
    is_over = threading.Event()

    def wait_for_it() -> None:
        is_over.wait()

    with _running(threading.Thread(target=wait_for_it, name=name), is_over) as thread:
        yield thread


@contextmanager
def _running(thread: threading.Thread, is_over: threading.Event) -> Iterator[threading.Thread]:
    thread.start()
    try:
        yield thread
    finally:
        is_over.set()
        thread.join()
