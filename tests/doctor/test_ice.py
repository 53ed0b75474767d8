"""STUN and TURN servers that answer, refuse, keep silent or talk nonsense. A real TURN server is
asked in `tests/webrtc/test_turn.py`."""

from __future__ import annotations

import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from aioice import stun

from pet_stream.config import Config
from pet_stream.doctor.finding import Finding, Level
from pet_stream.doctor.ice import check_ice, check_ice_servers
from tests.certificates import write_certificate
from tests.waiting import TIMEOUT_S

CREDENTIALS = {"username": "user", "credential": "hidden"}
Answer = Callable[[stun.Message], stun.Message | bytes | None]


def findings_of(url: str, limit_s: float = TIMEOUT_S, **settings: object) -> list[Finding]:
    server = {"urls": url, **(CREDENTIALS if url.startswith("turn") and not settings else {})}
    values = {"ICE_SERVERS": [server], **settings}
    config = Config.from_mapping({f"PET_STREAM_{name}": value for name, value in values.items()})
    return check_ice_servers(config, limit_s)


@contextmanager
def udp_server(answer: Answer) -> Iterator[int]:
    """Returns its port. Each request is answered until the end."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server:
        server.bind(("127.0.0.1", 0))
        port = server.getsockname()[1]

        def serve() -> None:
            while True:
                data, address = server.recvfrom(2000)
                if data == b"end":
                    return
                if (answered := answer(stun.parse_message(data))) is not None:
                    server.sendto(bytes(answered), address)

        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield port
        finally:
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
                other.sendto(b"end", ("127.0.0.1", port))
            thread.join()


@contextmanager
def tcp_server(said: bytes, certificate: Path | None = None) -> Iterator[int]:
    """Returns its port. Whoever connects, once, is told `said`; then it waits for a hang-up."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(TIMEOUT_S)

        def serve() -> None:
            connection, _ = server.accept()
            connection.settimeout(TIMEOUT_S)
            with connection:
                try:
                    if certificate is not None:
                        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
                        context.load_cert_chain(certificate)
                        context.wrap_socket(connection, server_side=True).close()
                    connection.sendall(said)
                    while connection.recv(2000):
                        pass
                except OSError:
                    pass  # the client has hung up

        thread = threading.Thread(target=serve)
        thread.start()
        yield server.getsockname()[1]
        thread.join()


def reply(request: stun.Message, class_: stun.Class, **attributes: object) -> stun.Message:
    named = {name.replace("_", "-"): value for name, value in attributes.items()}
    return stun.Message(request.message_method, class_, request.transaction_id, named)


def test_a_stun_server_says_how_it_sees_this_machine() -> None:
    def answer(request: stun.Message) -> stun.Message:
        return reply(request, stun.Class.RESPONSE, XOR_MAPPED_ADDRESS=("203.0.113.9", 7))

    with udp_server(answer) as port:
        [finding] = findings_of(f"stun:127.0.0.1:{port}")
    assert finding.level is Level.OK
    assert "203.0.113.9" in finding.message


@pytest.mark.parametrize(
    ("code", "words"), [(401, "Are username and credential"), (486, "quotas"), (500, "log")]
)
def test_a_turn_server_that_refuses_is_quoted(code: int, words: str) -> None:
    def answer(request: stun.Message) -> stun.Message:
        if "USERNAME" not in request.attributes:
            wanted = {"REALM": "home", "NONCE": b"0123"}
            return reply(request, stun.Class.ERROR, ERROR_CODE=(401, "Unauthorized"), **wanted)
        return reply(request, stun.Class.ERROR, ERROR_CODE=(code, "its\n reason"))

    with udp_server(answer) as port:
        [finding] = findings_of(f"turn:127.0.0.1:{port}")
    assert finding.level is Level.PROBLEM
    assert f"it refuses: {code} its reason" in finding.message
    assert words in finding.advice
    assert "hidden" not in f"{finding}"


def test_credentials_of_a_secret_that_are_refused_are_told_as_such() -> None:
    def answer(request: stun.Message) -> stun.Message:
        wanted = {"REALM": "home", "NONCE": b"0123"}
        return reply(request, stun.Class.ERROR, ERROR_CODE=(401, "Unauthorized"), **wanted)

    with udp_server(answer) as port:
        [finding] = findings_of(f"turn:127.0.0.1:{port}", TURN_SECRET="0123456789abcdef")
    assert "static-auth-secret" in finding.advice
    assert "clocks" in finding.advice


GARBAGE: dict[str, Answer] = {
    "nothing at all": lambda request: None,
    "an empty datagram": lambda request: b"",
    "noise": lambda request: bytes(range(256)) * 5,
    "its own question": lambda request: request,
    "no address": lambda request: reply(request, stun.Class.RESPONSE),
    "another answer": lambda request: stun.Message(request.message_method, stun.Class.RESPONSE),
    "cut short": lambda request: bytes(reply(request, stun.Class.RESPONSE))[:-3],
}


@pytest.mark.parametrize("answer", GARBAGE.values(), ids=GARBAGE)
@pytest.mark.parametrize("scheme", ["stun", "turn"])
def test_a_server_that_talks_nonsense_is_a_problem_in_bounded_time(
    scheme: str, answer: Answer
) -> None:
    begun_s = time.monotonic()
    with udp_server(answer) as port:
        [finding] = findings_of(f"{scheme}:127.0.0.1:{port}", limit_s=0.6)
    assert finding.level is Level.PROBLEM
    assert finding.advice
    assert time.monotonic() - begun_s < TIMEOUT_S


@pytest.mark.parametrize("said", [b"", b"HTTP/1.1 400 Bad Request\r\n\r\n", b"\1\1\xff\xff" * 9])
def test_another_program_at_the_tcp_port_is_told_in_bounded_time(said: bytes) -> None:
    with tcp_server(said) as port:
        [finding] = findings_of(f"turn:127.0.0.1:{port}?transport=tcp", limit_s=0.6)
    assert finding.level is Level.PROBLEM
    assert ("no answer" if not said else "no STUN server") in finding.message


def test_a_closed_port_is_told(free_port: int) -> None:
    for url in (f"stun:127.0.0.1:{free_port}", f"turn:127.0.0.1:{free_port}?transport=tcp"):
        [finding] = findings_of(url)
        assert "nobody listens there" in finding.message


def test_a_name_that_is_none_is_told() -> None:
    [finding] = findings_of("stun:no..host")
    assert "its name is not known here" in finding.message


def test_a_certificate_that_nobody_trusts_is_told(tmp_path: Path) -> None:
    certificate = tmp_path / "certificate.pem"
    write_certificate(certificate)
    with tcp_server(b"", certificate) as port:
        [finding] = findings_of(f"turns:127.0.0.1:{port}")
    assert "its certificate is not trusted: self" in finding.message
    with tcp_server(b"no TLS at all") as port:
        [finding] = findings_of(f"turns:127.0.0.1:{port}")
    assert "no TLS" in finding.message


def test_what_this_machine_leaves_to_the_viewers_is_said(free_port: int) -> None:
    urls = [f"stun:127.0.0.1:{free_port}", f"stun:localhost:{free_port}"]
    config = Config.from_mapping({"PET_STREAM_ICE_SERVERS": urls})
    *_, finding = check_ice_servers(config)
    assert finding.level is Level.OK
    assert f"this machine itself uses {urls[0]}:" in finding.message


def test_a_range_with_fewer_ports_than_viewers_is_warned_about() -> None:
    settings = {"PET_STREAM_ICE_PORTS": "50000-50003", "PET_STREAM_MAX_CLIENTS": 5}
    [finding] = check_ice(Config.from_mapping(settings))
    assert finding.level is Level.WARNING
    settings["PET_STREAM_MAX_CLIENTS"] = 4
    assert not [*check_ice(Config.from_mapping(settings))]
