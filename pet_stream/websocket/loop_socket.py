"""Takes over the server's socket of one client: flask-sock answers the handshake on it, and from
then on the event loop has it."""

from __future__ import annotations

import fcntl
import logging
import select
import socket
import ssl
import struct
import termios
import time
from typing import Any

from ..errors import ClientGone

logger = logging.getLogger(__name__)

SOCKET_KEYS = ("werkzeug.socket", "gunicorn.socket")
"""Keys in the WSGI environment under which servers with real threads leave the connection."""

HANDSHAKE_TIMEOUT_S = 5.0
MAX_UNSENT_BYTES = 4 * 1024
"""In the kernel, not yet sent. The rest waits in the outbox, where it can still be dropped for
something newer."""

_READ_BYTES = 16 * 1024
"""A whole TLS record (RFC 8446 section 5.1): nothing stays where the event loop can't see it."""
_INT = struct.Struct("i")
_WOULD_BLOCK = (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError)


class LoopSocket:
    """The socket, read and written without waiting. It belongs to the request's thread, then to the
    event loop: OpenSSL allows one thread at a time.

    All that it raises is OSError, and then the connection is lost.
    """

    def __init__(self, server_socket: socket.socket) -> None:
        self._socket = server_socket
        server_socket.setblocking(False)
        try:
            server_socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            server_socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NOTSENT_LOWAT, MAX_UNSENT_BYTES)
        except OSError as exc:  # not TCP: a Unix socket behind a proxy
            logger.debug("no TCP options: %s", exc)

    def recv_some(self) -> bytes | None:
        """Returns what the client has sent; None if there is nothing now, empty at the end."""
        try:
            return self._socket.recv(_READ_BYTES)
        except _WOULD_BLOCK:
            return None

    def send_some(self, data: memoryview) -> int:
        """Send as many bytes as there is room for now; returns how many."""
        try:
            return self._socket.send(data)
        except _WOULD_BLOCK:
            return 0

    def unacknowledged_bytes(self) -> int:
        """Returns how many of the bytes sent the client's kernel has not confirmed (SIOCOUTQ)."""
        try:
            answer = fcntl.ioctl(self._socket.fileno(), termios.TIOCOUTQ, bytes(_INT.size))
        except (OSError, ValueError):  # it is closed
            return 0
        return int(_INT.unpack(answer)[0])

    def fileno(self) -> int:
        return self._socket.fileno()

    def shut_down(self) -> None:
        """Shut both directions down. What the server writes afterwards is lost. Idempotent."""
        try:
            self._socket.shutdown(socket.SHUT_RDWR)
        except OSError:  # it has ended already
            pass


class HandshakeSocket:
    """Stands in for the server's socket in the WSGI environment. flask-sock sends its answer to the
    handshake by it; flask-sock's reading thread then finds the end of the stream, and ends."""

    def __init__(self, loop_socket: LoopSocket, timeout_s: float = HANDSHAKE_TIMEOUT_S) -> None:
        self._loop_socket: LoopSocket | None = loop_socket
        self._timeout_s = timeout_s

    def send(self, data: bytes) -> int:
        """Raises ClientGone, in place of flask-sock's errors: resets and silence are no faults."""
        loop_socket, self._loop_socket = self._loop_socket, None
        if loop_socket is None:
            raise BrokenPipeError("the event loop sends, not flask-sock")
        try:
            self._send(loop_socket, data)
        except OSError as exc:
            logger.debug("a WebSocket's handshake is not answered: %s", exc)
            loop_socket.shut_down()
            raise ClientGone("The client has gone") from exc
        return len(data)

    def _send(self, loop_socket: LoopSocket, data: bytes) -> None:
        poll = select.poll()
        poll.register(loop_socket.fileno(), select.POLLOUT)
        deadline_s = time.monotonic() + self._timeout_s
        rest = memoryview(data)
        while rest:
            rest = rest[loop_socket.send_some(rest) :]
            if rest and not poll.poll(max(0.0, deadline_s - time.monotonic()) * 1000):
                raise TimeoutError("the client does not read")

    def recv(self, size: int) -> bytes:
        return b""

    def fileno(self) -> int:
        return -1  # for flask-sock's pings: there is nothing to wait for

    def close(self) -> None:
        """Do nothing: the server closes its socket."""


def take_socket(environ: dict[str, Any]) -> LoopSocket | None:
    """Returns the server's socket and leaves a HandshakeSocket in its place; None if there is no
    socket."""
    for key in SOCKET_KEYS:
        server_socket = environ.get(key)
        if server_socket is not None:
            loop_socket = LoopSocket(server_socket)
            environ[key] = HandshakeSocket(loop_socket)
            return loop_socket
    return None
