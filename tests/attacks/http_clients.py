"""HTTP clients that do not behave: raw sockets on loopback."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from tests.waiting import TIMEOUT_S


def connect(port: int, data: bytes = b"", *, receive_buffer: int | None = None) -> socket.socket:
    """A connection over which `data` was sent. `receive_buffer`: bytes that its kernel takes for
    it while nobody reads."""
    client = socket.socket()
    client.settimeout(TIMEOUT_S)
    if receive_buffer is not None:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
    client.connect(("127.0.0.1", port))
    client.sendall(data)
    return client


@contextmanager
def many(
    count: int, port: int, data: bytes, *, receive_buffer: int | None = None
) -> Iterator[list[socket.socket]]:
    """As many connections that have sent `data` and go on with nothing."""
    with ExitStack() as stack:
        yield [
            stack.enter_context(connect(port, data, receive_buffer=receive_buffer))
            for _ in range(count)
        ]


def ask(port: int, path: str, *headers: str) -> tuple[int, bytes]:
    """Status and all that follows of an honest request."""
    head = "\r\n".join([f"GET {path} HTTP/1.1", "Host: localhost", "Connection: close", *headers])
    with connect(port, f"{head}\r\n\r\n".encode()) as client:
        answer = read_to_end(client)
    return int(answer.split(b" ", 2)[1]), answer


def read_to_end(client: socket.socket) -> bytes:
    """Until the server ends it, in whichever way."""
    data = b""
    try:
        while chunk := client.recv(65536):
            data += chunk
    except ConnectionError:
        pass
    return data


def descriptor_count(pid: int | None = None) -> int:
    return len(os.listdir(f"/proc/{pid or 'self'}/fd"))
