"""Where our own requests may lead, and how long they take."""

from __future__ import annotations

import socket
import ssl
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from pet_stream.outgoing.addresses import Forbidden, addresses_of
from pet_stream.outgoing.exchange import Exchange
from tests.certificates import trusting, write_certificate
from tests.waiting import TIMEOUT_S


def leads_to(monkeypatch: pytest.MonkeyPatch, *addresses: str) -> None:
    """As a name server says that somebody else keeps."""
    found = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (text, 80)) for text in addresses]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: found)


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1",
        "127.9.9.9",
        "169.254.169.254",
        "0.0.0.0",
        "224.0.0.1",
        "::1",
        "::",
        "fe80::1%eth0",
        "ff02::1",
        "::ffff:127.0.0.1",
        "::ffff:169.254.169.254",
        "64:ff9b::7f00:1",
        "2002:7f00:1::",
    ],
)
def test_a_name_does_not_lead_to_this_machine_or_its_link(
    monkeypatch: pytest.MonkeyPatch, address: str
) -> None:
    leads_to(monkeypatch, address)
    with pytest.raises(Forbidden, match=r"hook\.example leads to"):
        list(addresses_of("hook.example", 80))
    leads_to(monkeypatch, address, "192.0.2.7")
    assert list(addresses_of("hook.example", 80)) == ["192.0.2.7"]


@pytest.mark.parametrize("address", ["192.168.1.7", "10.0.0.1", "2001:db8::1", "fd00::1"])
def test_a_name_may_lead_into_the_house(monkeypatch: pytest.MonkeyPatch, address: str) -> None:
    leads_to(monkeypatch, address)
    assert list(addresses_of("homeassistant.local", 80)) == [address]


def test_what_the_setting_spells_is_meant(monkeypatch: pytest.MonkeyPatch) -> None:
    for literal in ("127.0.0.1", "169.254.1.1", "::1"):
        assert list(addresses_of(literal, 80)) == [literal]
    leads_to(monkeypatch, "127.0.0.1")
    assert list(addresses_of("localhost", 80)) == ["127.0.0.1"]
    leads_to(monkeypatch, "169.254.1.1")
    with pytest.raises(Forbidden):
        list(addresses_of("localhost", 80))


Serve = Callable[[socket.socket], object]


def ask(serve: Serve, exchange: Exchange, scheme: str = "http") -> object:
    """The answer of one connection, which `serve` has; or the error."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def work() -> None:
            connection, _ = server.accept()
            with connection:
                try:
                    serve(connection)
                except OSError:
                    pass

        thread = threading.Thread(target=work)
        thread.start()
        try:
            port = server.getsockname()[1]
            return exchange.ask("POST", f"{scheme}://127.0.0.1:{port}/a?b=c", {"X": "1"}, b"body")
        except OSError as exc:
            return exc
        finally:
            thread.join(TIMEOUT_S)


def test_a_request_and_its_answer() -> None:
    seen = []

    def serve(connection: socket.socket) -> None:
        seen.append(connection.recv(65536))
        connection.sendall(b"HTTP/1.1 201 Created\r\nLocation: /x\r\nContent-Length: 2\r\n\r\nhi")

    answer = ask(serve, Exchange())
    assert (answer.status, answer.headers["location"], answer.body) == (201, "/x", b"hi")  # type: ignore[attr-defined]
    assert seen[0].startswith(b"POST /a?b=c HTTP/1.1\r\n")
    assert b"\r\nX: 1\r\n" in seen[0]


def test_drops_of_an_answer_buy_no_time() -> None:
    def serve(connection: socket.socket) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
        while True:
            connection.sendall(b"x")
            time.sleep(0.02)

    began_s = time.monotonic()
    answer = ask(serve, Exchange(limit_s=0.3, max_bytes=100_000))
    assert isinstance(answer, TimeoutError)
    assert time.monotonic() - began_s < 2.0


def test_an_endless_answer_is_read_as_far_as_it_is_wanted() -> None:
    def serve(connection: socket.socket) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
        while True:
            connection.sendall(bytes(65536))

    answer = ask(serve, Exchange(max_bytes=1000))
    assert len(answer.body) == 1000  # type: ignore[attr-defined]


@pytest.mark.parametrize("said", [b"", b"SSH-2.0-x\r\n", b"\0" * 100, b"HTTP/1.1 abc\r\n\r\n"])
def test_what_is_no_http_is_an_error_with_words(said: bytes) -> None:
    def serve(connection: socket.socket) -> None:
        connection.recv(65536)
        connection.sendall(said)

    answer = ask(serve, Exchange())
    assert isinstance(answer, ConnectionError)
    assert "HTTP" in str(answer)


def test_a_certificate_that_nobody_vouches_for_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "cert.pem"
    write_certificate(path)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(path)

    def serve(connection: socket.socket) -> None:
        with context.wrap_socket(connection, server_side=True) as secured:
            secured.recv(65536)
            secured.sendall(b"HTTP/1.1 204 No Content\r\n\r\n")

    assert isinstance(ask(serve, Exchange(), "https"), ssl.SSLCertVerificationError)
    answer = ask(serve, Exchange(context=trusting(path)), "https")
    assert answer.status == 204  # type: ignore[attr-defined]


def test_cancelled_means_no_more_requests() -> None:
    exchange = Exchange(limit_s=60.0)

    def serve(connection: socket.socket) -> None:
        connection.recv(65536)
        exchange.cancel()

    assert isinstance(ask(serve, exchange), OSError)
    with socket.create_server(("127.0.0.1", 0)) as server, pytest.raises(ConnectionError):
        exchange.ask("GET", f"http://127.0.0.1:{server.getsockname()[1]}/", {})
