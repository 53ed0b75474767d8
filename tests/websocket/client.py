"""WebSocket clients for tests: one that behaves, and a bare socket that need not."""

from __future__ import annotations

import contextlib
import json
import socket
import ssl
import struct
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit

from flask import Flask
from simple_websocket import Client, ConnectionClosed
from wsproto import ConnectionType, WSConnection
from wsproto.events import AcceptConnection, Request

from pet_stream.web_server import WebServer
from tests.apps import stream_of
from tests.description_check import message_validator
from tests.waiting import TIMEOUT_S

HEADER = struct.Struct(">BxxxIQQ")


@contextmanager
def served(app: Flask) -> Iterator[str]:
    """Start the app's stream and serve it; yields the address as ws://host:port."""
    server = WebServer("127.0.0.1", 0)
    stream_of(app).start()
    server.start(app)
    try:
        yield f"ws://127.0.0.1:{server.port}"
    finally:
        stream_of(app).stop()
        server.stop()


class WebSocket:
    """A client that answers pings. What it receives must be described. For one thread, and a
    `with`."""

    def __init__(self, url: str, ssl_context: ssl.SSLContext | None = None, **headers: str) -> None:
        self._path = "/api/" + urlsplit(url).path.partition("/api/")[2]
        self._client = _Client(url, headers, ssl_context)

    def __enter__(self) -> WebSocket:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    def close(self) -> None:
        with contextlib.suppress(ConnectionClosed, OSError):  # ended by the server
            self._client.close()
        self._client.thread.join(TIMEOUT_S)

    @contextmanager
    def not_reading(self) -> Iterator[None]:
        """Its window fills up; pings go unanswered."""
        real, self._client.sock = self._client.sock, _Pause(self._client.sock)
        try:
            yield
        finally:
            self._client.sock.go_on.set()
            self._client.sock = real

    def send(self, message: object) -> None:
        self._client.send(json.dumps(message))

    def send_text(self, text: str) -> None:
        self._client.send(text)

    def receive(self, timeout_s: float = TIMEOUT_S) -> Any:
        """A text message's JSON, or a binary message. Raises TimeoutError, ConnectionClosed."""
        message = self._client.receive(timeout_s)
        if message is None:
            raise TimeoutError("no message in time")
        if isinstance(message, bytes):
            return message
        received = json.loads(message)
        message_validator(self._path, "from_server").validate(received)
        return received

    def receive_until(self, is_wanted: Callable[[Any], bool], timeout_s: float = TIMEOUT_S) -> Any:
        deadline_s = time.monotonic() + timeout_s
        while not is_wanted(message := self.receive(max(0.01, deadline_s - time.monotonic()))):
            assert time.monotonic() < deadline_s
        return message

    def text(self, kind: str) -> dict[str, Any]:
        """The next text message of this type."""
        message: dict[str, Any] = self.receive_until(
            lambda m: isinstance(m, dict) and m["type"] == kind
        )
        return message

    def binary(self) -> bytes:
        message: bytes = self.receive_until(lambda m: isinstance(m, bytes))
        return message

    def close_code(self, timeout_s: float = TIMEOUT_S) -> int:
        """Read on until the server has closed."""
        deadline_s = time.monotonic() + timeout_s
        try:
            while time.monotonic() < deadline_s:
                self._client.receive(max(0.0, deadline_s - time.monotonic()))
        except ConnectionClosed as closed:
            return int(closed.reason)
        raise AssertionError("the server did not close")


class _Client(Client):  # type: ignore[misc]
    """simple_websocket's, which drops what comes together with the end of the handshake, leaves the
    port out of `Host`, and a socket open where nobody answers."""

    receive_bytes: int

    def __init__(
        self, url: str, headers: dict[str, str], ssl_context: ssl.SSLContext | None
    ) -> None:
        parts = urlsplit(url)
        self.host, self.path = parts.netloc, parts.path
        if parts.query:
            self.path += f"?{parts.query}"
        self.subprotocols: list[str] = []
        self.extra_headeers = list(headers.items())  # its spelling
        address = parts.hostname or "", parts.port or 80
        with contextlib.ExitStack() as on_failure:
            sock = on_failure.enter_context(socket.create_connection(address))
            if ssl_context is not None:
                sock = ssl_context.wrap_socket(sock, server_hostname=parts.hostname)
                on_failure.enter_context(sock)
            super(Client, self).__init__(sock, connection_type=ConnectionType.CLIENT)
            on_failure.pop_all()

    def handshake(self) -> None:
        usual, self.receive_bytes = self.receive_bytes, 1
        super().handshake()
        self.receive_bytes = usual


class _Pause:
    """A socket whose next `recv` waits until `go_on`."""

    def __init__(self, real: socket.socket) -> None:
        self._real = real
        self.go_on = threading.Event()

    def recv(self, size: int) -> bytes:
        assert self.go_on.wait(TIMEOUT_S)
        return self._real.recv(size)

    def send(self, data: bytes) -> int:
        return self._real.send(data)


def deaf_client(
    url: str, receive_buffer: int = 4096, *, answers_first: bool = True, **headers: str
) -> socket.socket:
    """A socket behind a WebSocket handshake. It neither reads nor answers pings, but for the first
    one, which it needs for a place."""
    parts = urlsplit(url)
    client = socket.socket()
    client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
    client.settimeout(TIMEOUT_S)
    client.connect((parts.hostname or "", parts.port or 80))
    connection = WSConnection(ConnectionType.CLIENT)
    fields = [(name.encode(), value.encode()) for name, value in headers.items()]
    client.sendall(
        connection.send(Request(host=parts.netloc, target=parts.path, extra_headers=fields))
    )
    head = b""
    while not head.endswith(b"\r\n\r\n"):
        head += client.recv(1)
    connection.receive_data(head)
    assert isinstance(next(connection.events()), AcceptConnection)
    if answers_first:
        answer_ping(client)
    return client


def answer_ping(client: socket.socket) -> None:
    """Read a short ping, and nothing but that, and answer it."""
    size = client.recv(2)[1]
    client.sendall(masked(0xA, client.recv(size)))


def masked(opcode: int, payload: bytes = b"", first: int = 0x80, mask: int = 0x80) -> bytes:
    """A client's frame (RFC 6455 section 5.2), as wrong as wanted. The masking key is zero."""
    size = len(payload)
    if size < 126:
        header = bytes((first | opcode, mask | size))
    elif size < 1 << 16:
        header = struct.pack(">BBH", first | opcode, mask | 126, size)
    else:
        header = struct.pack(">BBQ", first | opcode, mask | 127, size)
    return header + bytes(4 if mask else 0) + payload


def header_of(message: bytes) -> tuple[int, int, int, int]:
    """Flags, sequence, capture time (CLOCK_MONOTONIC, µs), capture time (epoch, µs)."""
    flags, sequence, capture_us, wall_us = HEADER.unpack_from(message)
    return flags, sequence, capture_us, wall_us
