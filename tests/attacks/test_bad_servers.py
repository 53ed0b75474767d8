"""Servers that a command asks, and that mean ill: they get no token, no time and no memory."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import pytest

from pet_stream.command_line.failures import ExitCode, Failure, Refused, Unreachable
from pet_stream.command_line.http_client import Client
from tests.waiting import TIMEOUT_S

from ..command_line.conftest import PetStreamCommand, pet_stream

__all__ = ["pet_stream"]

LIMIT_S = 0.3


class Server:
    """Sends `answer`, then the pieces of `drip` until the client goes. Keeps what it was asked."""

    def __init__(self, answer: bytes, drip: bytes = b"") -> None:
        self.asked: list[bytes] = []
        self._answer, self._drip = answer, drip
        self._socket = socket.create_server(("127.0.0.1", 0))
        self._thread = threading.Thread(target=self._serve)
        self._thread.start()

    @property
    def port(self) -> int:
        port: int = self._socket.getsockname()[1]
        return port

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def stop(self) -> None:
        self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()
        self._thread.join(TIMEOUT_S)

    def _serve(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self._socket.accept()
                with client, suppress(OSError):
                    client.settimeout(TIMEOUT_S)
                    self.asked.append(client.recv(65_536))
                    client.sendall(self._answer)
                    while self._drip:
                        client.sendall(self._drip)
                        time.sleep(0.01)


@contextmanager
def server(answer: bytes, drip: bytes = b"") -> Iterator[Server]:
    running = Server(answer, drip)
    try:
        yield running
    finally:
        running.stop()


def redirect(location: str) -> bytes:
    return f"HTTP/1.1 302 Found\r\nLocation: {location}\r\nContent-Length: 0\r\n\r\n".encode()


@pytest.mark.parametrize("form", ["http://localhost:{0}/health", "//evil@127.0.0.1:{0}/health"])
def test_a_redirect_takes_the_token_nowhere_else(form: str) -> None:
    with server(b"") as thief, server(redirect(form.format(thief.port))) as liar:
        with pytest.raises(Unreachable, match="sends us on to"):
            Client(liar.url, "secret", timeout_s=TIMEOUT_S).get_json("/health")
        assert b"Bearer secret" in liar.asked[0]
        assert not thief.asked


def test_another_port_of_the_same_host_is_another_server() -> None:
    with server(b"") as thief, server(redirect(thief.url)) as liar:
        with pytest.raises(Unreachable):
            Client(liar.url, "secret", timeout_s=TIMEOUT_S).get_json("/health")
        assert not thief.asked


def test_redirects_have_an_end() -> None:
    with (
        server(redirect("/again")) as liar,
        pytest.raises(Unreachable, match="on and on"),
    ):
        Client(liar.url, timeout_s=TIMEOUT_S).get_json("/health")
    assert len(liar.asked) == 4


@pytest.mark.parametrize(
    ("answer", "drip"),
    [
        (b"HTTP/1.1 200 OK\r\n", b"X: y\r\n"),
        (b"HTTP/1.1 ", b"2"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n", b"x"),
        (b"HTTP/1.1 200 OK\r\n\r\n{", b" "),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", b"1\r\nx\r\n"),
        (b"HTTP/1.1 100 Continue\r\n\r\n", b"HTTP/1.1 100 Continue\r\n\r\n"),
    ],
    ids=["headers", "status", "length", "no-length", "chunks", "continue"],
)
def test_an_answer_that_goes_on_for_ever_ends(answer: bytes, drip: bytes) -> None:
    with (
        server(answer, drip) as slow,
        pytest.raises(Unreachable, match=r"does not answer|as it should"),
    ):
        Client(slow.url, timeout_s=LIMIT_S).get_json("/health")


def test_a_handshake_that_goes_on_for_ever_ends() -> None:
    with (
        server(b"\x16\x03\x03\x40\x00", b"x") as slow,
        pytest.raises(Unreachable),
    ):
        Client(slow.url.replace("http", "https"), timeout_s=LIMIT_S).get_json("/health")


@pytest.mark.parametrize("head", [b"", b"Content-Length: 2000000\r\n"])
def test_an_answer_is_bounded(head: bytes) -> None:
    answer = b"HTTP/1.1 200 OK\r\n" + head + b"\r\n" + b"x" * 2_000_000
    with server(answer) as large, pytest.raises(Failure, match="more than 1000000 bytes"):
        Client(large.url, timeout_s=TIMEOUT_S).get_json("/health")


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"SSH-2.0-OpenSSH_9.2\r\n",
        b"HTTP/1.1 200 OK\r\n\r\n[]",
        b"HTTP/1.1 200 OK\r\n\r\n" + b"[" * 200_000,
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"HTTP/1.1 302 Found\r\nLocation: http://[\r\nContent-Length: 0\r\n\r\n",
        b"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:port/\r\nContent-Length: 0\r\n\r\n",
        b"HTTP/1.1 302 Found\r\nContent-Length: 0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 200 + b"\r\n{}",
    ],
)
def test_what_is_no_answer_is_one_line(answer: bytes) -> None:
    with server(answer) as odd, pytest.raises(Unreachable) as caught:
        Client(odd.url, timeout_s=TIMEOUT_S).get_json("/health")
    assert caught.value.message.isprintable()


def test_an_error_can_not_steer_the_terminal() -> None:
    body = b'{"error": "\\u001b[2J\\u202e gone\\n", "code": "sign_in"}'
    head = b"HTTP/1.1 401 Unauthorized\r\nContent-Length: %d\r\n\r\n" % len(body)
    with server(head + body) as rude, pytest.raises(Refused) as caught:
        Client(rude.url, timeout_s=TIMEOUT_S).get_json("/health")
    assert caught.value.message.isprintable()


@pytest.mark.parametrize(
    "body",
    [
        b'{"status": "\\u001b[2J", "webrtc_clients": "\\u001b[2J", "camera": {"fps": "\\u0007"}}',
        b'{"status": "ok", "webrtc_clients": 1, "reasons": 5, "notices": {"a": "\\u001b"}}',
        b'{"status": "ok", "webrtc_clients": [], "reasons": [{"a": "\\u009b"}, null], "camera": 1}',
    ],
)
def test_what_a_status_says_can_not_either(pet_stream: PetStreamCommand, body: bytes) -> None:
    head = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(body)
    with server(head + body) as rude:
        result = pet_stream("status", "--url", rude.url)
    assert result.exit_code in (ExitCode.WELL, ExitCode.TROUBLE)
    assert all(line.isprintable() for line in result.output.splitlines())
