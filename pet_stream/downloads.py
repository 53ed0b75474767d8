"""Recordings on their way to clients: a bounded number, each for as long as its client takes it."""

from __future__ import annotations

import contextlib
import socket
import threading
import time

from .errors import Busy

MAX_COUNT = 32
GIVE_WAY_S = 2.0
"""A client that has kept us waiting this long gives way to another request. A paused player does,
too: it asks for the rest when it goes on."""
LEASE_S = 60.0
"""No server waits this long for a client, so one that nobody has asked for more is gone."""


class Download:
    """One answer's lease: renewed by each part that the client has taken. Any thread."""

    def __init__(self, downloads: Downloads, server_socket: socket.socket | None) -> None:
        self.socket = server_socket
        self.renewed_at_s = time.monotonic()
        self._downloads = downloads

    def renew(self) -> None:
        self.renewed_at_s = time.monotonic()

    def release(self) -> None:
        """Idempotent."""
        self._downloads._release(self)


class Downloads:
    """All of one app. Any thread."""

    def __init__(self, max_count: int = MAX_COUNT, give_way_s: float = GIVE_WAY_S) -> None:
        self.refused_count = 0
        self.ended_count = 0
        """Gave way to others."""
        self._max_count = max_count
        self._give_way_s = give_way_s
        self._lock = threading.Lock()
        self._running: set[Download] = set()

    @property
    def active_count(self) -> int:
        with self._lock:
            self._drop_gone()
            return len(self._running)

    def acquire(self, server_socket: socket.socket | None, room: int | None = None) -> Download:
        """`server_socket`: the client's connection, if the server tells. `room`: how many the
        server's threads allow. Raises Busy."""
        max_count = self._max_count if room is None else min(self._max_count, room)
        with self._lock:
            self._drop_gone()
            if len(self._running) >= max_count and not self._end_slowest():
                self.refused_count += 1
                raise Busy(f"{len(self._running)} recordings are being sent already")
            download = Download(self, server_socket)
            self._running.add(download)
            return download

    def make_room(self) -> bool:
        """End the one whose client keeps us waiting longest; False if all of them read."""
        with self._lock:
            return self._end_slowest()

    def _end_slowest(self) -> bool:
        slowest = min(self._running, key=lambda download: download.renewed_at_s, default=None)
        if slowest is None or time.monotonic() - slowest.renewed_at_s < self._give_way_s:
            return False
        self._running.discard(slowest)
        self.ended_count += 1
        if slowest.socket is not None:
            with contextlib.suppress(OSError):  # closed meanwhile
                socket.socket.shutdown(slowest.socket, socket.SHUT_RDWR)  # TLS would go on in clear
        return True

    def _drop_gone(self) -> None:
        now_s = time.monotonic()
        self._running = {d for d in self._running if now_s - d.renewed_at_s < LEASE_S}

    def _release(self, download: Download) -> None:
        with self._lock:
            self._running.discard(download)
