from __future__ import annotations

import contextlib
import selectors
import socket
import socketserver
import threading
import urllib.error
import urllib.request
from collections.abc import Iterator

import pytest
from flask import Flask

from pet_stream.errors import AddressUnavailable
from pet_stream.web_server import WebServer
from tests.waiting import TIMEOUT_S


@pytest.fixture
def server() -> Iterator[WebServer]:
    server = WebServer("127.0.0.1", 0)
    yield server
    server.stop()


def get(server: WebServer, path: str) -> bytes:
    with urllib.request.urlopen(
        f"http://127.0.0.1:{server.port}{path}", timeout=TIMEOUT_S
    ) as answer:
        return bytes(answer.read())


def test_it_serves_requests_side_by_side(server: WebServer) -> None:
    app = Flask(__name__, static_folder=None)
    together = threading.Barrier(2, timeout=TIMEOUT_S)

    @app.get("/")
    def index() -> str:
        together.wait()
        return "both"

    server.start(app)
    other = threading.Thread(target=get, args=(server, "/"))
    other.start()
    assert get(server, "/") == b"both"
    other.join()


def test_it_does_not_say_which_versions_serve(server: WebServer) -> None:
    server.start(Flask(__name__, static_folder=None))
    with pytest.raises(urllib.error.HTTPError) as caught:
        get(server, "/nothing")
    with caught.value as answer:
        assert answer.headers.get_all("Server") == ["pet-stream"]


def test_the_address_is_taken_before_anything_is_answered(server: WebServer) -> None:
    with pytest.raises(AddressUnavailable, match=f"port {server.port} is taken by another"):
        WebServer("127.0.0.1", server.port)


def test_stop_is_idempotent_and_does_not_wait_for_requests(server: WebServer) -> None:
    app = Flask(__name__, static_folder=None)
    is_running, may_end = threading.Event(), threading.Event()

    @app.get("/")
    def endless() -> str:
        is_running.set()
        may_end.wait(2 * TIMEOUT_S)
        return ""

    assert not server.is_serving
    server.start(app)
    request = threading.Thread(target=get, args=(server, "/"))
    request.start()
    assert is_running.wait(TIMEOUT_S)
    assert server.is_serving
    server.stop()
    server.stop()
    assert not server.is_serving
    assert request.is_alive()
    may_end.set()
    request.join(TIMEOUT_S)
    with pytest.raises(ConnectionRefusedError), socket.socket() as probe:
        probe.connect(("127.0.0.1", server.port))


def test_it_sleeps_while_nothing_is_asked_for(
    server: WebServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    waits_s: list[float | None] = []
    is_waiting = threading.Event()

    class NotingSelector(selectors.PollSelector):
        def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
            waits_s.append(timeout)
            is_waiting.set()
            return super().select(timeout)

    monkeypatch.setattr(socketserver, "_ServerSelector", NotingSelector)
    server.start(Flask(__name__, static_folder=None))
    assert is_waiting.wait(TIMEOUT_S)
    assert waits_s == [3600]
    stopping = threading.Thread(target=server.stop, daemon=True)
    stopping.start()
    stopping.join(TIMEOUT_S)
    assert not stopping.is_alive()


def test_ipv6_is_served_where_there_is_any() -> None:
    with contextlib.suppress(AddressUnavailable):
        WebServer("::1", 0).stop()


@pytest.mark.parametrize(
    ("host", "reason"),
    [
        ("203.0.113.7", "is not an address of this machine"),
        ("no such host", "is not an address of this machine"),
    ],
)
def test_an_address_of_somebody_else_is_refused(host: str, reason: str) -> None:
    with pytest.raises(AddressUnavailable, match=reason):
        WebServer(host, 0)
