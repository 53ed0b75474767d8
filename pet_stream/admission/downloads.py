"""Limits the recordings that are being sent; each holds its place only while its client reads."""

from __future__ import annotations

import contextlib
import math
import socket
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

from ..errors import Busy
from ..supervision.error_counts import ErrorCounts
from .grants import Hold

MAX_COUNT = 32
GIVE_WAY_S = 2.0
"""A client that has not read for this long gives way to a new request. So does a paused player: it
asks for the rest when it continues."""


@dataclass(frozen=True, slots=True)
class LeaseTime:
    """In sweeps, 0.4 s each. Sweeps are counted, not seconds, because nobody can read while the
    process stands still."""

    unread: int
    """A client that has read nothing for this long is disconnected."""
    total: float = math.inf
    """Every client is, after this."""


USUAL = LeaseTime(unread=40)
BRIEF = LeaseTime(unread=5, total=25)
"""In the only thread of a server: everybody else waits, and gunicorn kills it after 30 s. The
client asks for the rest by a range."""


class Download:
    """The lease of one response, renewed by each part that the client reads. Any thread."""

    def __init__(
        self, downloads: Downloads, server_socket: socket.socket | None, lease_time: LeaseTime
    ) -> None:
        self.socket = server_socket
        self.renewed_at_s = time.monotonic()
        self.hold: Hold | None = None
        self.is_ended = False
        """Nothing more may be sent."""
        self._downloads = downloads
        self._unread_sweeps = lease_time.unread
        self._sweeps_left: float = lease_time.unread
        self._total_left = lease_time.total

    def renew(self) -> None:
        self.renewed_at_s = time.monotonic()
        self._sweeps_left = self._unread_sweeps

    def count_sweep(self) -> bool:
        """Returns whether the lease has run out."""
        self._sweeps_left -= 1
        self._total_left -= 1
        return min(self._sweeps_left, self._total_left) <= 0

    def release(self) -> None:
        """Idempotent."""
        self._downloads._release(self)
        if self.hold is not None:
            self.hold.release()

    def end(self) -> None:
        """Stop sending, and shut the connection down if the server gives it: its next write
        fails."""
        self.is_ended = True
        if self.socket is not None:
            with contextlib.suppress(OSError):  # closed meanwhile
                # Not SSLSocket.shutdown, after which TLS would go on in the clear.
                socket.socket.shutdown(self.socket, socket.SHUT_RDWR)


class Downloads:
    """All downloads of one app. Any thread."""

    def __init__(
        self,
        max_count: int = MAX_COUNT,
        give_way_s: float = GIVE_WAY_S,
        on_taken: Callable[[], object] = lambda: None,
        errors: ErrorCounts | None = None,
    ) -> None:
        """`on_taken` is called when a download has begun: sweep() must be called from then on."""
        self.refused_count = 0
        self.ended_count = 0
        """Downloads ended because their clients did not read."""
        self._max_count = max_count
        self._give_way_s = give_way_s
        self._on_taken = on_taken
        self._errors = errors or ErrorCounts()
        self._lock = threading.Lock()
        self._running: set[Download] = set()

    @property
    def active_count(self) -> int:
        return len(self._running)

    def acquire(
        self,
        server_socket: socket.socket | None,
        room: int | None = None,
        lease_time: LeaseTime = USUAL,
    ) -> Download:
        """Begin a download. `server_socket`: the client's connection, if the server gives it.
        `room`: how many downloads the server's threads allow. Raises Busy."""
        max_count = self._max_count if room is None else min(self._max_count, room)
        with self._lock:
            if len(self._running) >= max_count and not self._end_slowest():
                self.refused_count += 1
                raise Busy(f"{len(self._running)} recordings are being sent already")
            download = Download(self, server_socket, lease_time)
            self._running.add(download)
        with self._errors.ending("places", "the beginning of a download could not be told"):
            self._on_taken()
        return download

    def make_room(self) -> bool:
        """End the download whose client has not read for longest. Returns False if all read."""
        with self._lock:
            return self._end_slowest()

    def sweep(self) -> bool:
        """End the downloads whose lease has run out. The event loop's ticker calls this regularly.
        Returns whether any download is running.

        The time limit of the socket would end them, too, but then gunicorn logs an error for each,
        and its main thread waits 2 s for the client to close.
        """
        with self._lock:
            for download in tuple(self._running):
                if download.count_sweep():
                    self._end(download)
            return bool(self._running)

    def _end_slowest(self) -> bool:
        slowest = min(self._running, key=lambda download: download.renewed_at_s, default=None)
        if slowest is None or time.monotonic() - slowest.renewed_at_s < self._give_way_s:
            return False
        self._end(slowest)
        return True

    def _end(self, download: Download) -> None:
        self._running.discard(download)
        self.ended_count += 1
        download.end()

    def _release(self, download: Download) -> None:
        with self._lock:
            self._running.discard(download)
