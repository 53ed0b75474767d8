"""One viewer over plain HTTP: the body of an answer that ends only when the viewing does."""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass

from ..admission.places import LEASE_SWEEPS
from ..broadcaster import Broadcaster
from ..media.access_unit import AccessUnit
from .formats import LiveFormat

PIECE_BYTES = 64 * 1024
"""A client that takes such a piece lives."""
_CAPACITY = 300


@dataclass(frozen=True, slots=True)
class LiveLimits:
    first_picture_s: float = 5.0
    """How long a viewer waits for its first picture before it is refused."""
    lag_s: float = 1.0
    lag_bytes: int = 8 * 1024 * 1024
    """What may wait for a viewer whose network is slow; beyond it whole GOPs are left out."""
    look_s: float = 0.5
    """How often a viewer without a picture looks whether it is over."""
    unread_sweeps: int = LEASE_SWEEPS
    """A client that takes nothing for this long is ended."""


class HttpViewer:
    """An iterator over the bytes. One thread iterates; any thread may look, sweep and end it.

    Not every server closes an answer whose client has gone: then the sweeps end it.
    """

    def __init__(
        self,
        broadcaster: Broadcaster,
        live_format: LiveFormat,
        limits: LiveLimits,
        *,
        is_over: Callable[[], bool],
        server_socket: socket.socket | None = None,
    ) -> None:
        """`is_over`: whether there is nobody to send to, or nothing. `server_socket`: the client's
        connection, if the server gives it."""
        self.is_ended = False
        self.on_look: Callable[[], object] = lambda: None
        """Called whenever the client turns out to live."""
        self._live_format = live_format
        self._limits = limits
        self._is_over = is_over
        self._socket = server_socket
        self._sweeps_left = limits.unread_sweeps
        self._rest = memoryview(b"")
        self._last_sequence: int | None = None
        self._leaves_out_leading = True
        self._has_come = threading.Event()
        self._lock = threading.Lock()
        self._held = ExitStack()
        self._subscription = broadcaster.subscribe(
            "viewer over HTTP",
            _CAPACITY,
            self._has_come.set,
            is_urgent=True,
            max_bytes=limits.lag_bytes,
            max_seconds=limits.lag_s,
        )
        self._held.callback(broadcaster.unsubscribe, self._subscription)
        self._has_come.set()  # the GOP is there already, if there is one

    def hold(self, give_back: Callable[[], object]) -> None:
        """Call `give_back` when this ends; at once if it has."""
        with self._lock:
            if not self.is_ended:
                self._held.callback(give_back)
                return
        give_back()

    @property
    def sent_count(self) -> int:
        """Pictures that it was given."""
        return self._subscription.delivered_count

    @property
    def dropped_count(self) -> int:
        """Pictures left out because its network was too slow."""
        return self._subscription.dropped_count

    def wait_for_first(self) -> bool:
        """Wait for the first picture. Returns whether it has come."""
        deadline_s = time.monotonic() + self._limits.first_picture_s
        while not self._rest and time.monotonic() < deadline_s and self._goes_on():
            self._look(min(self._limits.look_s, deadline_s - time.monotonic()))
        return bool(self._rest)

    def __iter__(self) -> HttpViewer:
        return self

    def __next__(self) -> bytes:
        """Returns the next piece, and waits for it as long as it takes."""
        while self._goes_on():
            if self._rest:
                piece, self._rest = self._rest[:PIECE_BYTES], self._rest[PIECE_BYTES:]
                return bytes(piece)
            self._look(self._limits.look_s)
        self.close()
        raise StopIteration

    def count_sweep(self) -> None:
        """End it if its client has taken nothing for too long: its thread waits in the server's
        write, which the end of the connection ends."""
        self._sweeps_left -= 1
        if self._sweeps_left <= 0:
            self.end()

    def end(self) -> None:
        """Give back everything, and shut the connection down. Does not wait."""
        self.close()
        if self._socket is not None:
            with contextlib.suppress(OSError):  # closed meanwhile
                # Not SSLSocket.shutdown, after which TLS would go on in the clear.
                socket.socket.shutdown(self._socket, socket.SHUT_RDWR)

    def close(self) -> None:
        """Give back everything. Idempotent."""
        with self._lock:
            self.is_ended = True
            held = self._held.pop_all()
        self._has_come.set()
        held.close()

    def _goes_on(self) -> bool:
        self._sweeps_left = self._limits.unread_sweeps
        self.on_look()
        return not (self.is_ended or self._is_over())

    def _look(self, timeout_s: float) -> None:
        if self._has_come.wait(max(0.0, timeout_s)) and not self.is_ended:
            self._has_come.clear()
            units = self._without_leading(self._subscription.take())
            self._rest = memoryview(self._live_format.bytes_of(units))

    def _without_leading(self, units: Sequence[AccessUnit]) -> Sequence[AccessUnit]:
        """Returns `units` without those that refer to pictures which this viewer has not got: they
        are shown before the entry point at which it begins, or goes on after a gap."""
        kept: list[AccessUnit] = []
        for unit in units:
            if unit.is_entry_point:
                self._leaves_out_leading = unit.sequence - 1 != self._last_sequence
            self._last_sequence = unit.sequence
            if not (unit.is_leading and self._leaves_out_leading):
                kept.append(unit)
        return kept
