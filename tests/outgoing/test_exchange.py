"""Where our own requests may lead, and how long they take."""

from __future__ import annotations

import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from pet_stream.outgoing.addresses import Forbidden, addresses_of
from pet_stream.outgoing.exchange import Exchange
from tests.certificates import trusting, write_certificate
from tests.waiting import TIMEOUT_S, wait_until


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
        addresses_of("hook.example", 80)
    leads_to(monkeypatch, address, "192.0.2.7")
    assert addresses_of("hook.example", 80) == ["192.0.2.7"]


@pytest.mark.parametrize("address", ["192.168.1.7", "10.0.0.1", "2001:db8::1", "fd00::1"])
def test_a_name_may_lead_into_the_house(monkeypatch: pytest.MonkeyPatch, address: str) -> None:
    leads_to(monkeypatch, address)
    assert addresses_of("homeassistant.local", 80) == [address]


def test_what_the_setting_spells_is_meant(monkeypatch: pytest.MonkeyPatch) -> None:
    for literal in ("127.0.0.1", "169.254.1.1", "::1", "fe80::1%eth0"):
        assert addresses_of(literal, 80) == [literal]
    assert addresses_of("fe80::1%25eth0", 80) == ["fe80::1%eth0"]
    leads_to(monkeypatch, "127.0.0.1")
    assert addresses_of("localhost", 80) == ["127.0.0.1"]
    leads_to(monkeypatch, "169.254.1.1")
    with pytest.raises(Forbidden):
        addresses_of("localhost", 80)


Serve = Callable[[socket.socket], object]


def whole(connection: socket.socket) -> bytes:
    """The request, to its end: who closes before that resets the connection."""
    request = b""
    while not request.endswith(b"\r\n\r\nbody"):
        request += connection.recv(65536)
    return request


def ask(serve: Serve, exchange: Exchange, scheme: str = "http", path: str = "/a?b=c") -> object:
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
            return exchange.ask("POST", f"{scheme}://127.0.0.1:{port}{path}", {"X": "1"}, b"body")
        except OSError as exc:
            return exc
        finally:
            thread.join(TIMEOUT_S)


def test_a_request_and_its_answer() -> None:
    seen = []

    def serve(connection: socket.socket) -> None:
        seen.append(whole(connection))
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


@pytest.mark.parametrize(
    ("begin", "drip"),
    [
        (b"HTTP/1.1 200 OK\r\n", b"X: y\r\n"),
        (b"HTTP/1.1 200 OK\r\nLocation: /", b"x" * 5000),
        (b"HTTP/1.1 ", b"2"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 9000000\r\n\r\n", b"x"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", b"1\r\nx\r\n"),
        (b"HTTP/1.1 100 Continue\r\n\r\n", b"HTTP/1.1 100 Continue\r\n\r\n"),
        (b"HTTP/1.1 100 Continue\r\n\r\n", b"HTTP/1.1 100 Continue\r\n\r\n" * 2000),
    ],
    ids=["headers", "location", "status", "length", "chunks", "continue", "continue-flood"],
)
def test_an_answer_that_goes_on_for_ever_ends_in_time_with_few_words(
    begin: bytes, drip: bytes
) -> None:
    def serve(connection: socket.socket) -> None:
        connection.sendall(begin)
        while True:
            connection.sendall(drip)
            time.sleep(0.01)

    began_s = time.monotonic()
    answer = ask(serve, Exchange(limit_s=0.3))
    assert isinstance(answer, OSError)
    assert len(str(answer)) < 200
    assert time.monotonic() - began_s < TIMEOUT_S / 2


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
            whole(secured)
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


@pytest.fixture
def hung_name_server(monkeypatch: pytest.MonkeyPatch) -> Iterator[threading.Event]:
    """Answers once this is set."""
    goes_on = threading.Event()

    def hang(*_: object, **__: object) -> list[object]:
        goes_on.wait(TIMEOUT_S)
        raise socket.gaierror("gone")

    monkeypatch.setattr(socket, "getaddrinfo", hang)
    yield goes_on
    goes_on.set()


def test_a_name_server_that_hangs_costs_a_request_its_time_and_one_thread(
    hung_name_server: threading.Event,
) -> None:
    exchange, before = Exchange(limit_s=0.1), threading.active_count()
    for _ in range(3):
        with pytest.raises(TimeoutError, match="name server"):
            exchange.ask("GET", "http://hook.example/", {})
    assert threading.active_count() == before + 1
    hung_name_server.set()
    wait_until(lambda: threading.active_count() == before)
    with pytest.raises(socket.gaierror):
        exchange.ask("GET", "http://hook.example/", {})


def test_cancelling_does_not_wait_for_a_name_server(hung_name_server: threading.Event) -> None:
    exchange = Exchange(limit_s=60.0)
    threading.Timer(0.05, exchange.cancel).start()
    began_s = time.monotonic()
    with pytest.raises(ConnectionError):
        exchange.ask("GET", "http://hook.example/", {})
    assert time.monotonic() - began_s < TIMEOUT_S / 2


def test_cancelling_does_not_wait_for_a_host_that_is_silent() -> None:
    exchange = Exchange(limit_s=60.0)
    with socket.socket() as full, ExitStack() as stack:
        full.bind(("127.0.0.1", 0))
        full.listen(0)  # and nobody accepts: what comes after the first two gets no answer
        for _ in range(3):
            waiting = stack.enter_context(socket.socket())
            waiting.setblocking(False)
            waiting.connect_ex(full.getsockname())
        threading.Timer(0.05, exchange.cancel).start()
        began_s = time.monotonic()
        with pytest.raises(OSError, match=r"reset|cancelled"):
            exchange.ask("GET", f"http://127.0.0.1:{full.getsockname()[1]}/", {})
        assert time.monotonic() - began_s < TIMEOUT_S / 2


@pytest.mark.parametrize("host", ["a" * 70 + ".example", ".example", "a..b"])
@pytest.mark.parametrize("scheme", ["http", "https"])
def test_what_can_be_no_name_is_an_error_with_words(scheme: str, host: str) -> None:
    with pytest.raises(OSError, match="no name of a server"):
        Exchange().ask("GET", f"{scheme}://{host}/", {})


def test_a_path_may_have_any_letters() -> None:
    seen = []

    def serve(connection: socket.socket) -> None:
        seen.append(whole(connection))
        connection.sendall(b"HTTP/1.1 204 No Content\r\n\r\n")

    ask(serve, Exchange(), path="/k\u00fcche/%41?a=\u00fc&b=[1]")
    assert seen[0].startswith(b"POST /k%C3%BCche/%41?a=%C3%BC&b=[1] HTTP/1.1\r\n")
    assert b"\r\nHost: 127.0.0.1:" in seen[0]
