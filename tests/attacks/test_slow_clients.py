"""Clients that keep the web server of `run` waiting take no place from the others."""

from __future__ import annotations

import contextlib
import os
import socket
import struct
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from flask import Flask, request

from pet_stream.own_server import ConnectionCounts
from pet_stream.web_server import WebServer
from pet_stream.web_server.client_streams import MAX_HEADER_BYTES
from pet_stream.web_server.http_clients import ClientLimits
from tests.attacks.http_clients import ask, connect, descriptor_count, many, read_to_end
from tests.browser.processes import Process
from tests.waiting import TIMEOUT_S, wait_until

HALF = b"GET / HTTP/1.1\r\nHost: a\r\n"
CHECKOUT = Path(__file__).resolve().parent.parent.parent
SHORT_S = 0.3
LONG_S = 10 * TIMEOUT_S


class Host:
    """An app that notes what reaches it."""

    def __init__(self) -> None:
        self.app = Flask(__name__, static_folder=None)
        self.app.add_url_rule("/", view_func=self._index, methods=["GET", "POST"])
        self.app.add_url_rule("/large", view_func=self._large)
        self.counts = ConnectionCounts()
        self.bodies: list[bytes | None] = []
        self.endings: list[str] = []

    def _index(self) -> str:
        self.bodies.append(None)
        self.bodies[-1] = request.get_data()
        return "here"

    def _large(self) -> Iterator[bytes]:
        try:
            for _ in range(1024):
                yield bytes(64 * 1024)
        finally:
            self.endings.append("closed")


Serve = Callable[[ClientLimits], int]


@pytest.fixture
def host() -> Host:
    return Host()


@pytest.fixture
def serve(host: Host) -> Iterator[Serve]:
    with contextlib.ExitStack() as stack:

        def start(limits: ClientLimits) -> int:
            server = WebServer("127.0.0.1", 0, limits)
            stack.callback(server.stop)
            server.start(host.app, host.counts)
            return server.port

        yield start


def test_300_half_requests_keep_nobody_out_and_leave_nothing(host: Host, serve: Serve) -> None:
    port = serve(ClientLimits(header_s=LONG_S))
    threads, descriptors = threading.active_count(), descriptor_count()
    with many(300, port, HALF):
        assert ask(port, "/")[0] == 200
        assert host.counts.ended == 300 + 1 - 128
        wait_until(lambda: threading.active_count() - threads <= 128)
    wait_until(lambda: threading.active_count() == threads)
    wait_until(lambda: descriptor_count() <= descriptors)
    assert not host.counts.refused


def test_connections_that_say_nothing_are_the_same(host: Host, serve: Serve) -> None:
    port = serve(ClientLimits(max_count=4))
    with many(8, port, b""):
        assert ask(port, "/")[0] == 200


@pytest.mark.parametrize("head", [HALF, b"POST / HTTP/1.1\r\nContent-Length: 1000\r\n\r\n"])
def test_a_byte_now_and_then_buys_no_time(host: Host, serve: Serve, head: bytes) -> None:
    port = serve(ClientLimits(header_s=SHORT_S, body_s=SHORT_S))
    with connect(port, head) as client, contextlib.suppress(ConnectionError):
        client.settimeout(SHORT_S / 10)
        deadline_s = time.monotonic() + TIMEOUT_S
        while time.monotonic() < deadline_s:
            client.send(b"x")
            with contextlib.suppress(TimeoutError):
                if not client.recv(1000):
                    break
        else:
            pytest.fail("it was not ended")
    assert host.counts.timed_out == 1
    assert not any(host.bodies)


def test_a_body_that_does_not_come_is_a_bad_request(host: Host, serve: Serve) -> None:
    port = serve(ClientLimits(body_s=SHORT_S))
    with connect(port, b"POST / HTTP/1.1\r\nContent-Length: 9\r\n\r\n1234") as client:
        assert read_to_end(client).startswith(b"HTTP/1.1 400 ")


def test_half_bodies_give_way(host: Host, serve: Serve) -> None:
    port = serve(ClientLimits(max_count=4, body_s=LONG_S))
    with many(8, port, b"POST / HTTP/1.1\r\nContent-Length: 9\r\n\r\n1234"):
        wait_until(lambda: len(host.bodies) >= 4)
        assert ask(port, "/")[0] == 200


@pytest.mark.parametrize("rest", [b"x", bytes(10_000)])
def test_who_goes_on_after_its_answer_is_not_listened_to_for_long(
    host: Host, serve: Serve, rest: bytes
) -> None:
    port = serve(ClientLimits(body_s=LONG_S, linger_s=SHORT_S))
    threads = threading.active_count()
    with connect(port, b"GET / HTTP/1.1\r\nHost: a\r\n\r\n") as client:
        with contextlib.suppress(ConnectionError):
            deadline_s = time.monotonic() + TIMEOUT_S
            while time.monotonic() < deadline_s:
                client.sendall(rest)
        wait_until(lambda: threading.active_count() == threads)
    assert time.monotonic() < deadline_s


def test_nothing_more_after_a_late_body_is_not_waited_for(host: Host, serve: Serve) -> None:
    port = serve(ClientLimits(body_s=LONG_S, linger_s=SHORT_S))
    threads = threading.active_count()
    with connect(port, b"GET /nothing HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\n") as client:
        assert client.recv(1) == b"H"  # a 404: nobody reads the body
        client.sendall(b"1")
        wait_until(lambda: threading.active_count() == threads)


def test_a_header_that_ends_early_is_no_request(host: Host, serve: Serve) -> None:
    """What is missing may be its Origin."""
    port = serve(ClientLimits())
    for text in (HALF, HALF[:10], b"POST / HTTP/1.1\r\n"):
        with connect(port, text) as client:
            client.shutdown(socket.SHUT_WR)
            assert read_to_end(client) == b""
    assert not host.bodies


def test_a_header_without_end_is_refused(host: Host, serve: Serve) -> None:
    port = serve(ClientLimits())
    line = b"X: " + bytes(60_000).replace(b"\0", b"x") + b"\r\n"
    with connect(port, HALF + line * (MAX_HEADER_BYTES // len(line) + 1)) as client:
        assert read_to_end(client).startswith(b"HTTP/1.1 431 ")
    assert not host.bodies


def test_who_does_not_read_is_ended(host: Host, serve: Serve) -> None:
    port = serve(ClientLimits(send_s=SHORT_S))
    with connect(port, b"GET /large HTTP/1.1\r\nHost: a\r\n\r\n", receive_buffer=4096):
        wait_until(lambda: host.endings)
        wait_until(lambda: host.counts.timed_out == 1)


def test_who_does_not_read_gives_way(host: Host, serve: Serve) -> None:
    port = serve(ClientLimits(max_count=4, send_s=LONG_S))
    with many(8, port, b"GET /large HTTP/1.1\r\nHost: a\r\n\r\n", receive_buffer=4096):
        wait_until(lambda: host.counts.ended == 4)
        assert ask(port, "/")[0] == 200


def test_resets_leave_nothing(host: Host, serve: Serve) -> None:
    port = serve(ClientLimits())
    threads, descriptors = threading.active_count(), descriptor_count()
    for path in (b"/", b"/large"):
        with many(20, port, b"GET %b HTTP/1.1\r\nHost: a\r\n\r\n" % path) as clients:
            for client in clients:
                client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    wait_until(lambda: threading.active_count() == threads)
    wait_until(lambda: descriptor_count() <= descriptors)


def test_no_more_descriptors_is_no_reason_to_spin(tmp_path: Path, segment_name: str) -> None:
    """At the limit the server looks now and then; afterwards everything is as it was."""
    environment = {**os.environ, "PYTHONUNBUFFERED": "1"}
    command = ["prlimit", "--nofile=60:60", sys.executable, "-m", "pet_stream.command_line", "run"]
    options = ["--port", "0", "--shm", segment_name, "--record-path", str(tmp_path / "recordings")]
    process = Process([*command, *options], env=environment, cwd=CHECKOUT)
    try:
        port = int(process.wait_for_line(r"http://127\.0\.0\.1:(\d+)", TIMEOUT_S)[1])
        assert ask(port, "/health")[0] == 200
        descriptors = descriptor_count(process.pid)
        with many(100, port, HALF):
            process.wait_for_line("no connection can be taken", TIMEOUT_S)
            cpu_s = _cpu_s(process.pid)
            time.sleep(1.0)
            assert _cpu_s(process.pid) - cpu_s < 0.5
        assert ask(port, "/health")[0] == 200
        wait_until(lambda: descriptor_count(process.pid) <= descriptors)
        assert process.log.count("no connection can be taken") == 1
    finally:
        process.stop()


def _cpu_s(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
