"""Clients that keep a TLS server waiting, or send it what is no TLS."""

from __future__ import annotations

import contextlib
import logging
import socket
import ssl
import struct
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from flask import Flask

from pet_stream.own_server import ConnectionCounts
from pet_stream.web_server import WebServer
from pet_stream.web_server.certificate import Certificate
from pet_stream.web_server.http_clients import ClientLimits, HttpClients
from pet_stream.web_server.tls_handshake import shake_hands
from tests.attacks.http_clients import connect, descriptor_count, many, read_to_end
from tests.certificates import trusting, write_certificate
from tests.waiting import TIMEOUT_S, wait_until

SHORT_S = 0.3
LONG_S = 10 * TIMEOUT_S
REQUEST = b"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"


def client_hello() -> bytes:
    outgoing = ssl.MemoryBIO()
    client = ssl.create_default_context().wrap_bio(
        ssl.MemoryBIO(), outgoing, server_hostname="127.0.0.1"
    )
    with contextlib.suppress(ssl.SSLWantReadError):
        client.do_handshake()
    return outgoing.read()


HELLO = client_hello()
HALF = HELLO[: len(HELLO) // 2]
NO_TLS = {
    "garbage": b"\xff" * 1000,
    "zeros": bytes(1000),
    "SSH": b"SSH-2.0-OpenSSH_9.2\r\n",
    "SSL 2": b"\x80\x2e\x01\x00\x02",
    "HTTP/2": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    "a record of no length": b"\x16\x03\x01\x00\x00",
    "a record that is too long": b"\x16\x03\x01\xff\xff" + bytes(70_000),
    "a handshake that is none": b"\x16\x03\x01\x00\x10" + b"\xff" * 16,
    "an alert": b"\x15\x03\x03\x00\x02\x02\x28",
    "application data": b"\x17\x03\x03\x00\x10" + bytes(16),
    "one byte": b"\x16",
    "half of a hello": HALF,
    "a hello": HELLO,
    "two hellos": HELLO * 2,
    "a hello, and garbage": HELLO + b"\xff" * 100,
}

Serve = Callable[[ClientLimits], int]


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("tls") / "tls.pem"
    write_certificate(path)
    return path


@pytest.fixture
def counts() -> ConnectionCounts:
    return ConnectionCounts()


@pytest.fixture
def serve(path: Path, counts: ConnectionCounts) -> Iterator[Serve]:
    app = Flask(__name__, static_folder=None)
    app.add_url_rule("/", view_func=lambda: "here")
    app.add_url_rule("/large", view_func=large)
    with contextlib.ExitStack() as stack:

        def start(limits: ClientLimits) -> int:
            server = WebServer("127.0.0.1", 0, limits, Certificate(path))
            stack.callback(server.stop)
            server.start(app, counts)
            return server.port

        yield start


def large() -> Iterator[bytes]:
    for _ in range(1024):
        yield bytes(64 * 1024)


def secured(path: Path, port: int, *, receive_buffer: int | None = None) -> ssl.SSLSocket:
    """A connection over which hands are shaken."""
    plain = connect(port, receive_buffer=receive_buffer)
    return trusting(path).wrap_socket(plain, server_hostname="127.0.0.1")


def ask(path: Path, port: int) -> bytes:
    with secured(path, port) as client:
        client.sendall(REQUEST)
        return read_to_end(client)


@pytest.mark.parametrize(
    "data",
    [b"", HALF, HELLO, REQUEST[:-2]],
    ids=["nothing", "half a hello", "a hello", "half a request in clear text"],
)
def test_200_that_shake_no_hands_keep_nobody_out_and_leave_nothing(
    serve: Serve, path: Path, counts: ConnectionCounts, data: bytes
) -> None:
    port = serve(ClientLimits(header_s=LONG_S))
    threads, descriptors = threading.active_count(), descriptor_count()
    with many(200, port, data):
        assert ask(path, port).startswith(b"HTTP/1.1 200 ")
        assert counts.ended == 200 + 1 - 128
        wait_until(lambda: threading.active_count() - threads <= 128)
    wait_until(lambda: threading.active_count() == threads)
    wait_until(lambda: descriptor_count() <= descriptors)
    assert not counts.refused


def test_a_byte_of_a_handshake_now_and_then_buys_no_time(
    serve: Serve, counts: ConnectionCounts
) -> None:
    port = serve(ClientLimits(header_s=SHORT_S))
    with connect(port) as client, contextlib.suppress(ConnectionError):
        client.settimeout(SHORT_S / 10)
        for byte in HELLO:
            client.send(bytes([byte]))
            with contextlib.suppress(TimeoutError):
                if not client.recv(1000):
                    break
        else:
            pytest.fail("it was not ended")
    wait_until(lambda: counts.timed_out == 1)


def test_a_handshake_buys_no_time_for_the_header(
    serve: Serve, path: Path, counts: ConnectionCounts
) -> None:
    """Nor does a record that comes byte by byte."""
    port = serve(ClientLimits(header_s=SHORT_S))
    with secured(path, port) as client:
        began_s = time.monotonic()
        client.sendall(REQUEST[:-2])
        raw = socket.socket(fileno=client.detach())
    with raw, contextlib.suppress(ConnectionError):
        raw.settimeout(SHORT_S / 10)
        record = b"\x17\x03\x03\x01\x00" + bytes(256)
        for byte in record:
            raw.send(bytes([byte]))
            with contextlib.suppress(TimeoutError):
                while raw.recv(1000):  # tickets, then the end
                    pass
                break
        else:
            pytest.fail("it was not ended")
    assert time.monotonic() - began_s < TIMEOUT_S
    wait_until(lambda: counts.timed_out == 1)


@pytest.mark.parametrize("is_reset", [False, True], ids=["closed", "reset"])
@pytest.mark.parametrize("data", NO_TLS.values(), ids=NO_TLS)
def test_what_is_no_tls_is_a_line_for_debugging(
    serve: Serve, path: Path, caplog: pytest.LogCaptureFixture, data: bytes, is_reset: bool
) -> None:
    caplog.set_level(logging.DEBUG, "pet_stream")
    port = serve(ClientLimits(header_s=LONG_S))
    threads, descriptors = threading.active_count(), descriptor_count()
    client = connect(port, data)
    if is_reset:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    client.close()
    wait_until(lambda: threading.active_count() == threads)
    wait_until(lambda: descriptor_count() <= descriptors)
    assert {record.levelname for record in caplog.records} <= {"DEBUG"}
    assert not any(record.exc_info for record in caplog.records)
    assert ask(path, port).startswith(b"HTTP/1.1 200 ")


def test_garbage_behind_a_handshake_is_no_request(
    serve: Serve, path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    port = serve(ClientLimits())
    threads = threading.active_count()
    for garbage in (b"\xff" * 100, b"\x17\x03\x03\x00\x20" + bytes(32), REQUEST):
        with secured(path, port) as client:
            raw = socket.socket(fileno=client.detach())
        with raw:
            raw.settimeout(TIMEOUT_S)
            raw.sendall(garbage)
            assert b"HTTP/1.1" not in read_to_end(raw)
    wait_until(lambda: threading.active_count() == threads)
    assert not caplog.records


def test_who_does_not_read_has_one_time_for_all_records(
    serve: Serve, path: Path, counts: ConnectionCounts
) -> None:
    port = serve(ClientLimits(send_s=SHORT_S))
    threads = threading.active_count()
    with secured(path, port, receive_buffer=4096) as client:
        client.sendall(REQUEST.replace(b"/ ", b"/large ", 1))
        wait_until(lambda: counts.timed_out == 1)
        wait_until(lambda: threading.active_count() == threads)


def test_who_does_not_read_gives_way(serve: Serve, path: Path, counts: ConnectionCounts) -> None:
    port = serve(ClientLimits(max_count=4, send_s=LONG_S))
    with contextlib.ExitStack() as stack:
        for _ in range(8):
            client = stack.enter_context(secured(path, port, receive_buffer=4096))
            client.sendall(REQUEST.replace(b"/ ", b"/large ", 1))
        wait_until(lambda: counts.ended >= 4)
        assert ask(path, port).startswith(b"HTTP/1.1 200 ")


def test_resets_leave_nothing(serve: Serve, path: Path, caplog: pytest.LogCaptureFixture) -> None:
    port = serve(ClientLimits())
    threads, descriptors = threading.active_count(), descriptor_count()
    for target in (b"/ ", b"/large "):
        for _ in range(5):
            with secured(path, port) as client:
                client.sendall(REQUEST.replace(b"/ ", target, 1))
                client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    wait_until(lambda: threading.active_count() == threads)
    wait_until(lambda: descriptor_count() <= descriptors)
    assert not caplog.records


def test_a_client_that_is_ended_is_sent_nothing_in_clear_text(path: Path) -> None:
    """Its thread may be about to write."""
    clients = HttpClients(ClientLimits(), ConnectionCounts())
    with socket.create_server(("127.0.0.1", 0)) as listener:
        with connect(listener.getsockname()[1]) as stranger:
            stranger.sendall(HELLO)
            accepted, address = listener.accept()
            assert clients.admit(accepted, address[0])
            client = clients.of(accepted)
            secured = clients.secure(client, Certificate(path).context())
            client.end()
            with secured:
                with pytest.raises(ssl.SSLError):  # and no ValueError: its keys are still there
                    secured.unwrap()
                with contextlib.suppress(OSError):
                    secured.sendall(b"the password")
            assert b"password" not in read_to_end(stranger)
        with connect(listener.getsockname()[1]) as stranger:  # the other way round
            stranger.sendall(HELLO)
            accepted, address = listener.accept()
            assert clients.admit(accepted, address[0])
            client = clients.of(accepted)
            client.end()
            with pytest.raises((ConnectionError, ssl.SSLError)):
                shake_hands(client, clients, Certificate(path).context())
            client.socket.close()
