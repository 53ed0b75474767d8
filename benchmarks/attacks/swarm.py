"""Thousands of TCP connections at once, each following a script of its own."""

from __future__ import annotations

import contextlib
import heapq
import select
import socket
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

from .target import Target

Script = Callable[[], Iterator[tuple[bytes, float]]]
"""What to send next, and how many seconds to wait after that. Behind its end the connection
stays open."""

BATCH = 100
BATCH_S = 0.05
RETRY_S = 2.0
ROOM_S = 0.2
LOOK_S = 1.0
RECEIVE_BUFFER_BYTES = 4096
"""What is never read fills it at once."""
_ENDED = select.POLLRDHUP | select.POLLHUP | select.POLLERR


def swarm(target: Target, count: int, scripts: Sequence[Script]) -> str:
    """Keep `count` connections open, one script after the other; one that the server ends is opened
    again. Nothing is ever read."""
    connections = [
        _Connection(target.address, target.source(i), scripts[i % len(scripts)])
        for i in range(count)
    ]
    due = [(i // BATCH * BATCH_S, i) for i in range(count)]
    heapq.heapify(due)
    while target.is_on:
        at_s, index = due[0]
        wait_s = at_s - target.elapsed_s
        if wait_s > 0:
            time.sleep(min(wait_s, max(0.0, target.seconds - target.elapsed_s)))
            continue
        heapq.heapreplace(due, (target.elapsed_s + connections[index].step(), index))
    opened = sum(connection.opened_count for connection in connections)
    open_count = sum(connection.is_open for connection in connections)
    for connection in connections:
        connection.close()
    return f"{opened} opened, {open_count} open at the end"


@dataclass(slots=True)
class _Connection:
    address: tuple[str, int]
    source: tuple[str, int]
    script: Script
    opened_count: int = 0
    """How often the server took it."""
    _tcp: socket.socket | None = None
    _steps: Iterator[tuple[bytes, float]] = field(default_factory=lambda: iter(()))
    _unsent: bytes = b""
    _pause_s: float = 0.0
    _is_connected: bool = False

    @property
    def is_open(self) -> bool:
        return self._is_connected and not self._has_ended()

    def step(self) -> float:
        """Go on; the seconds until the next step."""
        if self._tcp is None:
            return self._open()
        if self._has_ended():
            self.close()
            return RETRY_S
        if not self._unsent:
            self._unsent, self._pause_s = next(self._steps, (b"", LOOK_S))
        if self._unsent:
            try:
                sent = self._tcp.send(self._unsent)
            except BlockingIOError:  # not connected yet, or the server does not read
                return ROOM_S
            except OSError:
                self.close()
                return RETRY_S
            self._note_connected()
            self._unsent = self._unsent[sent:]
        return self._pause_s if not self._unsent else BATCH_S

    def close(self) -> None:
        if self._tcp is not None:
            self._tcp.close()
        self._tcp, self._unsent, self._is_connected = None, b"", False

    def _open(self) -> float:
        self._tcp = tcp = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        tcp.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_BUFFER_BYTES)
        tcp.setblocking(False)
        self._steps = self.script()
        try:
            tcp.bind(self.source)
            with contextlib.suppress(BlockingIOError):
                tcp.connect(self.address)
        except OSError:
            self.close()
        return BATCH_S

    def _note_connected(self) -> None:
        if not self._is_connected:
            self._is_connected = True
            self.opened_count += 1

    def _has_ended(self) -> bool:
        assert self._tcp is not None
        poll = select.poll()
        poll.register(self._tcp, _ENDED | select.POLLOUT)
        return any(events & _ENDED for _, events in poll.poll(0))
