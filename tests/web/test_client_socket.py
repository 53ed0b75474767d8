"""Under a server without limits of its own, as hosts have."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

import pytest
from flask import Flask, Response
from werkzeug.serving import make_server

from pet_stream.errors import PetStreamError
from pet_stream.web.client_socket import client_socket, limit_waiting
from pet_stream.web.errors import answer_error
from pet_stream.web.json_bodies import read_json
from tests.attacks.http_clients import connect, read_to_end
from tests.waiting import wait_until

TIMEOUT_S = 0.3


@contextmanager
def served(app: Flask) -> Iterator[int]:
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    try:
        yield server.port
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.fixture
def host() -> Flask:
    app = Flask(__name__, static_folder=None)
    app.before_request(partial(limit_waiting, TIMEOUT_S))
    return app


@pytest.mark.parametrize("size", [1, 64])
def test_an_answer_that_nobody_reads_ends(host: Flask, size: int) -> None:
    """In one piece, or in parts."""
    endings: list[str] = []

    @host.get("/")
    def index() -> Response:
        parts = [bytes(64 * 1024 * 1024 // size)] * size
        response = Response(iter(parts))
        response.call_on_close(partial(endings.append, "closed"))
        return response

    with served(host) as port:
        threads = threading.active_count()
        with connect(port, b"GET / HTTP/1.1\r\nHost: a\r\n\r\n", receive_buffer=4096):
            wait_until(lambda: endings)
            wait_until(lambda: threading.active_count() == threads)


@pytest.mark.parametrize("head", ["Content-Length: 9", "Transfer-Encoding: chunked"])
def test_a_body_that_does_not_come_is_a_bad_request(host: Flask, head: str) -> None:
    host.register_error_handler(PetStreamError, answer_error)

    @host.post("/")
    def index() -> dict[str, Any]:
        return read_json()

    with served(host) as port, connect(port, f"POST / HTTP/1.1\r\n{head}\r\n\r\n4".encode()) as c:
        answer = read_to_end(c)
    assert answer.startswith(b"HTTP/1.1 400 ")
    assert b'"code":"bad_request"' in answer


@pytest.mark.parametrize(
    "environ",
    [
        {},
        {"gunicorn.socket": object()},
        {"gunicorn.socket": "a socket", "SERVER_PROTOCOL": "HTTP/2"},
    ],
)
def test_servers_that_show_no_socket_are_left_alone(host: Flask, environ: dict[str, Any]) -> None:
    with host.test_request_context(environ_overrides=environ):
        assert client_socket() is None
        limit_waiting()


def test_a_unix_socket_has_the_limit_too(host: Flask) -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs, host.test_request_context(environ_overrides={"gunicorn.socket": ours}):
        limit_waiting(TIMEOUT_S)
        assert ours.gettimeout() == TIMEOUT_S
