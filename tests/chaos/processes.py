"""What happens to the server itself."""

from __future__ import annotations

import contextlib
import os
import resource
import signal
import threading
import time
from collections.abc import Iterator
from http.client import HTTPException
from pathlib import Path

from tests.frozen_disk import frozen
from tests.waiting import TIMEOUT_S, wait_until

from .disturbance import Disturbance, table
from .serving import CLOCK_FILE
from .site import Site

PROCESSES: list[Disturbance] = []
disturbance = table(PROCESSES)

LACK_S = 2.0
"""For how long something has run out."""
STOP_S = 10.0
"""A process ends within this many seconds, whatever its disk does."""
SPARE_BYTES = 1 << 20


@disturbance("clock stepped", fakes_clock=True)
def step_clock(site: Site) -> Iterator[None]:
    """Forward by a year, as when a board without a battery hears of the time, and back by two."""
    clock = site.folder / CLOCK_FILE
    for offset in ("+365d", "-365d"):
        clock.write_text(offset)
        time.sleep(1.5)
    yield
    clock.write_text("+0")


@disturbance("loop blocked", is_mild=True, is_short=True)
def block_loop(site: Site) -> Iterator[None]:
    site.ask("/chaos/block?s=2", "POST")
    time.sleep(2.0)
    yield


@disturbance("process stopped", is_mild=True)
def stop(site: Site) -> Iterator[None]:
    os.kill(site.pid, signal.SIGSTOP)
    time.sleep(2.0)
    os.kill(site.pid, signal.SIGCONT)
    yield


@disturbance("process killed", is_short=True, starts_again=True)
def kill(site: Site) -> Iterator[None]:
    """While it records, by the kernel, say; systemd starts it again."""
    site.stop_server(signal.SIGKILL)
    yield
    site.start_server()


@disturbance("process killed as run", way="run", starts_again=True)
def kill_run(site: Site) -> Iterator[None]:
    yield from kill(site)


@disturbance("process ended with a silent disk", needs_disk=True, starts_again=True)
def end_with_silent_disk(site: Site) -> Iterator[None]:
    with frozen(site.disk):
        assert site.process is not None
        site.process.send(signal.SIGTERM)
        wait_until(lambda: site.has_ended, STOP_S)
    site.stop_server(signal.SIGTERM)
    yield
    site.start_server()


@disturbance("process forks under load")
def fork(site: Site) -> Iterator[None]:
    with _load(site):
        for _ in range(10):
            site.ask("/chaos/fork", "POST")
    yield


@disturbance("process reloaded under load", way="gunicorn")
def reload(site: Site) -> Iterator[None]:
    """By gunicorn's SIGHUP: a new worker, while the old one says goodbye."""
    assert site.process is not None
    old = site.pid
    with _load(site):
        site.process.send(signal.SIGHUP)
        wait_until(lambda: _pid_of(site) not in (None, old), TIMEOUT_S)
    yield


@disturbance("limits descriptors")
def descriptors(site: Site) -> Iterator[None]:
    yield from _limited(site, "NOFILE", site.kept().descriptors + 1)


@disturbance("limits threads", as_user=True)
def threads(site: Site) -> Iterator[None]:
    yield from _limited(site, "NPROC", 1)


@disturbance("limits memory", as_user=True)
def memory(site: Site) -> Iterator[None]:
    pages = int(Path(f"/proc/{site.pid}/statm").read_text().split()[0])
    yield from _limited(site, "AS", pages * resource.getpagesize() + SPARE_BYTES)


def _limited(site: Site, name: str, limit: int) -> Iterator[None]:
    """Meanwhile people ask for what can't be had."""
    site.ask(f"/chaos/limit/{name}/{limit}/{LACK_S}", "POST")
    with _load(site):
        time.sleep(LACK_S)
    yield


@contextlib.contextmanager
def _load(site: Site) -> Iterator[None]:
    """Three clients ask all the time. Some get no answer."""
    is_over = threading.Event()

    def ask() -> None:
        while not is_over.is_set():
            for path in ("/health", "/metrics", "/api/recordings", "/pet-stream/"):
                with contextlib.suppress(OSError, HTTPException):
                    site.ask(path, timeout_s=2.0)

    clients = [threading.Thread(target=ask, name=f"client {n}") for n in range(3)]
    for client in clients:
        client.start()
    try:
        yield
    finally:
        is_over.set()
        for client in clients:
            client.join(TIMEOUT_S)


def _pid_of(site: Site) -> int | None:
    with contextlib.suppress(OSError, KeyError):
        return int(site.ask("/chaos/kept", timeout_s=1.0)["pid"])
    return None
