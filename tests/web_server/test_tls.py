"""The web server of `run` and `demo` over TLS."""

from __future__ import annotations

import http.client
import socket
import ssl
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask, Response, request

from pet_stream.accounts.accounts import Accounts
from pet_stream.web_server import WebServer
from pet_stream.web_server.certificate import Certificate
from tests.apps import mounted_app, stream_of
from tests.attacks.http_clients import connect, read_to_end
from tests.certificates import trusting, write_certificate
from tests.waiting import TIMEOUT_S
from tests.websocket.client import WebSocket

LARGE = bytes(range(256)) * 8000


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "tls.pem"
    write_certificate(path)
    return path


@pytest.fixture
def app() -> Flask:
    app = Flask(__name__, static_folder=None)

    @app.route("/", methods=["GET", "POST"])
    def index() -> str:
        return f"{request.url} {request.is_secure} {request.get_data(as_text=True)}"

    @app.get("/large")
    def large() -> Response:
        return Response(LARGE[i : i + 100_000] for i in range(0, len(LARGE), 100_000))

    return app


@pytest.fixture
def server(path: Path) -> Iterator[WebServer]:
    server = WebServer("127.0.0.1", 0, certificate=Certificate(path, check_interval_s=0.0))
    yield server
    server.stop()


@pytest.fixture
def url(server: WebServer, app: Flask) -> str:
    server.start(app)
    return f"{server.scheme}://127.0.0.1:{server.port}"


def test_an_app_knows_that_it_is_asked_over_tls(url: str, path: Path) -> None:
    assert url.startswith("https:")
    with urllib.request.urlopen(
        f"{url}/?x", b"body", timeout=TIMEOUT_S, context=trusting(path)
    ) as answer:
        assert answer.read().decode() == f"{url}/?x True body"


def test_an_answer_ends_with_a_goodbye(url: str, server: WebServer, path: Path) -> None:
    """Who hears none can't know whether something was cut off."""
    with trusting(path).wrap_socket(
        connect(server.port), server_hostname="127.0.0.1", suppress_ragged_eofs=False
    ) as client:
        client.sendall(b"GET /large HTTP/1.0\r\n\r\n")
        data = read_to_end(client)
    assert data.count(b"\xfe\xff") == LARGE.count(b"\xfe\xff")


def test_a_renewed_certificate_is_that_of_the_next_connection(url: str, path: Path) -> None:
    for _ in range(2):
        write_certificate(path)
        with urllib.request.urlopen(url, timeout=TIMEOUT_S, context=trusting(path)) as answer:
            assert answer.status == 200


@pytest.mark.parametrize("method", ["GET", "HEAD"])
@pytest.mark.parametrize("host", ["127.0.0.1:1", "my_pi.local", "[::1]:8080"])
def test_who_speaks_plain_http_is_told_where_the_page_is(
    url: str, server: WebServer, method: str, host: str
) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=TIMEOUT_S)
    connection.request(method, "/a//b?c=%20", headers={"Host": host})
    answer = connection.getresponse()
    assert (answer.status, answer.headers["Location"]) == (307, f"https://{host}/a//b?c=%20")
    assert answer.read() == b""
    connection.close()


@pytest.mark.parametrize(
    "head",
    [
        b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0",
        b"GET / HTTP/1.1",
        b"GET / HTTP/1.1\r\nHost: evil.example/?",
        b"GET / HTTP/1.1\r\nHost: a@b",
        b"GET https://evil.example/ HTTP/1.1\r\nHost: a",
        b"GET * HTTP/1.1\r\nHost: a",
    ],
)
def test_nobody_else_who_speaks_plain_http_is_sent_anywhere(
    url: str, server: WebServer, head: bytes
) -> None:
    with connect(server.port, head + b"\r\n\r\n") as client:
        answer = read_to_end(client)
    assert answer.startswith(b"HTTP/1.1 400 ")
    assert answer.endswith(b'{"code": "https_only", "error": "This port speaks HTTPS"}\n')
    assert b"Location" not in answer


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_websockets_and_cookies_are_those_of_tls(
    server: WebServer, path: Path, tmp_path: Path, version: ssl.TLSVersion
) -> None:
    context = trusting(path)
    context.minimum_version = context.maximum_version = version
    accounts = tmp_path / "accounts.json"
    with mounted_app(tmp_path, AUTH="builtin", ACCOUNTS=accounts, ALLOWED_ORIGINS=[]) as app:
        stream_of(app).start()
        server.start(app)
        origin = f"https://127.0.0.1:{server.port}"
        secret = Accounts(accounts).invite("owner", by="a test")
        connection = http.client.HTTPSConnection(
            "127.0.0.1", server.port, timeout=TIMEOUT_S, context=context
        )
        connection.request(
            "POST",
            "/pet-stream/api/session",
            f'{{"invitation": "{secret}"}}',
            {"Content-Type": "application/json", "Origin": origin},
        )
        answer = connection.getresponse()
        cookie = answer.headers["Set-Cookie"]
        connection.close()
        assert cookie.startswith("__Host-pet_stream_")
        assert {"Secure", "HttpOnly", "Path=/"} <= set(cookie.split("; "))
        headers = {"Cookie": cookie.partition(";")[0], "Origin": origin}
        with WebSocket(f"wss://127.0.0.1:{server.port}/api/stream/ws", context, **headers) as page:
            assert page.text("state")["camera"]["state"] == "offline"
        server.stop()


def test_a_client_that_is_gone_before_it_speaks_is_nothing(
    url: str, server: WebServer, path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    connect(server.port).close()
    with socket.create_connection(("127.0.0.1", server.port)) as client:
        client.shutdown(socket.SHUT_WR)
        assert client.recv(1) == b""
    assert not caplog.records
