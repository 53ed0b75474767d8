"""Connections that stay open for the next request, and those that must not (RFC 9112, 9.3)."""

from __future__ import annotations

import http.client
import socket
import time
from collections.abc import Iterator

import pytest
from flask import Flask, Response, request

from pet_stream.own_server import ConnectionCounts
from pet_stream.web_server import WebServer
from pet_stream.web_server.http_clients import ClientLimits
from tests.attacks.http_clients import connect, read_to_end
from tests.waiting import TIMEOUT_S, wait_until

SHORT_S = 0.3
GET = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"


@pytest.fixture
def bodies() -> list[bytes]:
    """Of the requests that have reached the app."""
    return []


@pytest.fixture
def counts() -> ConnectionCounts:
    return ConnectionCounts()


@pytest.fixture
def port(bodies: list[bytes], counts: ConnectionCounts) -> Iterator[int]:
    app = Flask(__name__, static_folder=None)

    @app.route("/", methods=["GET", "POST"])
    def index() -> str:
        bodies.append(request.get_data())
        return f"{len(bodies)}\n"

    @app.post("/unread")
    def unread() -> str:
        bodies.append(b"unread")
        return "unread"

    @app.get("/streamed")
    def streamed() -> Iterator[str]:
        yield "a"
        yield "b"

    @app.get("/nothing")
    def nothing() -> tuple[str, int]:
        return "", 204

    @app.get("/short")
    def short() -> Response:
        return Response("abc", headers={"Content-Length": "10"})

    @app.get("/long")
    def long() -> Response:
        return Response(iter([b"abcdef", b"ghi"]), headers={"Content-Length": "4"})

    @app.get("/fails")
    def fails() -> Response:
        def parts() -> Iterator[bytes]:
            yield b"abc"
            raise ConnectionError

        return Response(parts(), headers={"Content-Length": "10"})

    server = WebServer("127.0.0.1", 0, ClientLimits(idle_s=SHORT_S, linger_s=SHORT_S))
    server.start(app, counts)
    yield server.port
    server.stop()


def read_answer(client: socket.socket, method: str = "GET") -> http.client.HTTPResponse:
    answer = http.client.HTTPResponse(client, method=method)
    answer.begin()
    return answer


def is_closed(client: socket.socket) -> bool:
    return client.recv(1) == b""


def test_requests_follow_each_other_on_one_connection(port: int, bodies: list[bytes]) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=TIMEOUT_S)
    for method, path, body, status, said in (
        ("GET", "/", None, 200, b"1\n"),
        ("POST", "/", b"xy", 200, b"2\n"),
        ("HEAD", "/", None, 200, b""),
        ("GET", "/nothing", None, 204, b""),
        ("POST", "/", b"", 200, b"4\n"),
    ):
        connection.request(method, path, body)
        if connection.sock is not None:
            first = connection.sock
        answer = connection.getresponse()
        assert (answer.status, answer.read()) == (status, said)
        assert connection.sock is first
        assert answer.getheader("Connection") is None
    connection.close()
    assert bodies == [b"", b"xy", b"", b""]


@pytest.mark.parametrize(
    "head",
    [
        b"GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
        b"GET /nowhere HTTP/1.1\r\nHost: a\r\n\r\n",
        b"GET /streamed HTTP/1.1\r\nHost: a\r\n\r\n",
        b"POST /unread HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc",
    ],
)
def test_others_end_after_one_answer(port: int, head: bytes) -> None:
    with connect(port, head) as client:
        answer = read_to_end(client)
    assert answer.startswith(b"HTTP/1.1 ")
    assert b"\r\nConnection: close\r\n" in answer


@pytest.mark.parametrize(
    "fields",
    [
        b"Content-Length: 5\r\nTransfer-Encoding: chunked",
        b"Transfer-Encoding: chunked",
        b"Transfer-Encoding: \x0bchunked",
        b"Content-Length: 5\r\nContent-Length: 6",
        b"Content-Length: 5, 6",
        b"Content-Length: +5",
        b"Content-Length: 0x5",
        b"Content-Length : 5",
        b"Content-Length:\r\n 5",
        b" Content-Length: 5",
        b"X\0: 5",
        b"Expect: 100-continue",
        b"Upgrade: h2c",
    ],
)
def test_nothing_follows_a_request_whose_end_two_might_see_differently(
    port: int, bodies: list[bytes], fields: bytes
) -> None:
    """A proxy in front that saw it elsewhere would take the answer to the second for somebody
    else's (CWE-444)."""
    hidden = b"0\r\n\r\nPOST / HTTP/1.1\r\nHost: a\r\nContent-Length: 6\r\n\r\nhidden"
    with connect(port, b"POST / HTTP/1.1\r\nHost: a\r\n" + fields + b"\r\n\r\n" + hidden) as client:
        answer = read_to_end(client)
    assert b"hidden" not in bodies
    assert answer.count(b"HTTP/1.1 ") - answer.count(b"HTTP/1.1 100 ") <= 1


@pytest.mark.parametrize(
    "head",
    [
        b"GET / HTTP/1.1\r\nHost: a\r\nX: y\rContent-Length: 0\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: a\r\nX: \0\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: a\r\ngarbage\r\nContent-Length: 6\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: a\r\ngarbage\r\nTransfer-Encoding: chunked\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: a\r\n: x\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: a\r\nFrom x\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: a\nX: y\r\n\r\n",
        b"GET / HTTP/1.1\nHost: a\n\n",
        b"GET /\rHTTP/1.1\r\nHost: a\r\n\r\n",
    ],
)
def test_nothing_follows_a_header_that_two_might_read_differently(
    port: int, bodies: list[bytes], head: bytes
) -> None:
    with connect(port, head) as client:
        assert read_answer(client).status == 200
        try:
            client.sendall(GET)
            read_to_end(client)
        except ConnectionError:
            pass
    assert len(bodies) == 1


def test_a_request_that_did_not_wait_for_its_turn_is_not_answered(
    port: int, bodies: list[bytes]
) -> None:
    """Its client sends it again. Half of one could otherwise pass for a whole one."""
    for more in (GET, GET[:20], b"G"):
        bodies.clear()
        with connect(port, GET + more) as client:
            assert read_to_end(client).count(b"HTTP/1.1 200") == 1
        assert len(bodies) == 1


def test_half_of_a_second_request_is_no_request(port: int, bodies: list[bytes]) -> None:
    with connect(port, GET) as client:
        read_answer(client).read()
        client.sendall(b"GET / HTTP/1.1\r\n")
        client.shutdown(socket.SHUT_WR)
        assert is_closed(client)
    assert len(bodies) == 1


@pytest.mark.parametrize("path", ["/short", "/fails"])
def test_an_answer_that_is_not_whole_ends_its_connection(port: int, path: str) -> None:
    with connect(port, GET.replace(b"/ ", path.encode() + b" ")) as client:
        assert read_to_end(client).endswith(b"\r\n\r\nabc")


def test_an_answer_never_runs_into_the_next(port: int) -> None:
    with connect(port, GET.replace(b"/ ", b"/long ")) as client:
        assert read_answer(client).read() == b"abcd"
        client.sendall(GET)
        assert read_answer(client).status == 200


def test_an_idle_connection_ends_and_is_no_fault(port: int, counts: ConnectionCounts) -> None:
    with connect(port, GET) as client:
        read_answer(client).read()
        began_s = time.monotonic()
        assert is_closed(client)
        assert time.monotonic() - began_s > SHORT_S / 2
    assert counts.timed_out == 0


def test_idle_connections_give_way_and_end_with_the_server() -> None:
    app = Flask(__name__, static_folder=None)
    app.add_url_rule("/", view_func=lambda: "here")
    server, counts = WebServer("127.0.0.1", 0, ClientLimits(max_count=4)), ConnectionCounts()
    server.start(app, counts)
    idle = [connect(server.port, GET) for _ in range(6)]
    for client in idle[2:]:
        assert read_answer(client).read() == b"here"
    wait_until(lambda: counts.ended == 2)
    server.stop()
    for client in idle:
        with client:
            read_to_end(client)
