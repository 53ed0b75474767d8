"""One socket between two threads: flask-sock's reads it, the event loop writes it."""

from __future__ import annotations

import fcntl
import logging
import select
import socket
import ssl
import struct
import termios
import threading
import time
from collections.abc import Callable
from typing import Any

logger = logging.getLogger(__name__)

SOCKET_KEYS = ("werkzeug.socket", "gunicorn.socket")
"""Where servers with real threads leave the connection in the WSGI environment."""

HANDSHAKE_TIMEOUT_S = 5.0
MAX_UNSENT_BYTES = 4 * 1024
"""In the kernel, not yet on its way: what waits longer waits here, where it can still be dropped
for something newer."""

_INT = struct.Struct("i")
_WOULD_BLOCK = (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError)


class SharedSocket:
    """Stands in for the server's socket in the WSGI environment, so that flask-sock uses this one.

    flask-sock alone would wait in `send` for as long as a client does not read, let two threads
    write into the middle of each other's messages, and, over TLS, read and write at once what only
    one thread may touch. Here every operation is non-blocking and under one lock.

    Any thread may use it. Whatever it raises is an OSError, and then the connection is lost.
    """

    def __init__(self, server_socket: socket.socket) -> None:
        self.heard_at_s = time.monotonic()
        """When the client last sent anything."""
        self._socket = server_socket
        self._lock = threading.Lock()
        self._forward: Callable[[bytes], object] | None = None
        server_socket.setblocking(False)
        try:
            server_socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            server_socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NOTSENT_LOWAT, MAX_UNSENT_BYTES)
        except OSError as exc:  # not TCP: a Unix socket behind a proxy
            logger.debug("no TCP options: %s", exc)

    def forward_to(self, forward: Callable[[bytes], object]) -> None:
        """From now on flask-sock's own messages (pongs, the answer to a close) go there."""
        self._forward = forward

    def recv(self, size: int) -> bytes:
        """What the client sent, as soon as there is something; empty at the end."""
        while True:
            with self._lock:
                try:
                    data = self._socket.recv(size)
                except _WOULD_BLOCK:
                    pass
                else:
                    self.heard_at_s = time.monotonic()
                    return data
            self._wait(select.POLLIN, None)

    def send(self, data: bytes) -> int:
        """What flask-sock sends by itself, whole."""
        if self._forward is not None:
            self._forward(data)
            return len(data)
        deadline_s = time.monotonic() + HANDSHAKE_TIMEOUT_S
        rest = memoryview(data)
        while rest:
            sent = self.send_some(rest)
            rest = rest[sent:]
            if not sent and not self._wait(select.POLLOUT, deadline_s - time.monotonic()):
                raise TimeoutError("the client does not read")
        return len(data)

    def send_some(self, data: memoryview) -> int:
        """As many bytes as there is room for at this moment; 0 if there is none."""
        with self._lock:
            try:
                return self._socket.send(data)
            except _WOULD_BLOCK:
                return 0

    def unacknowledged_bytes(self) -> int:
        """How much of what was sent the other side's kernel has not confirmed yet (SIOCOUTQ)."""
        try:
            answer = fcntl.ioctl(self._socket.fileno(), termios.TIOCOUTQ, bytes(_INT.size))
        except (OSError, ValueError):  # it is closed
            return 0
        return int(_INT.unpack(answer)[0])

    def fileno(self) -> int:
        return self._socket.fileno()

    def shut_down(self) -> None:
        """End it for both sides; `recv` returns. What the server writes behind it goes nowhere."""
        try:
            self._socket.shutdown(socket.SHUT_RDWR)
        except OSError:  # it has ended already
            pass

    def close(self) -> None:
        """flask-sock is done with it; it is the server's to close."""

    def _wait(self, events: int, timeout_s: float | None) -> bool:
        poll = select.poll()
        poll.register(self._socket, events)
        return bool(poll.poll(None if timeout_s is None else max(0.0, timeout_s) * 1000))


def share_socket(environ: dict[str, Any]) -> SharedSocket | None:
    """Put a SharedSocket in place of the server's; None if the server offers no socket."""
    for key in SOCKET_KEYS:
        server_socket = environ.get(key)
        if server_socket is not None:
            shared = SharedSocket(server_socket)
            environ[key] = shared
            return shared
    return None
