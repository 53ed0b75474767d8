"""Asks a STUN or TURN server, as a viewer's browser would, and says what is wrong with its answer.

Everything ends at `deadline_s`, on the monotonic clock. Needs aioice, for STUN's messages.
"""

from __future__ import annotations

import hashlib
import socket
import ssl
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol

from aioice import stun

MAX_ANSWER_BYTES = 2048
_UDP_OVER_TURN = 0x11000000
"""REQUESTED-TRANSPORT (RFC 8656 section 18.7)."""
_REPEAT_S = 0.5


class NoGood(Exception):
    """The server is of no use; the text says why."""


class Refused(NoGood):
    """The server has understood, and says no."""

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(f"it refuses: {code} {reason}".rstrip())
        self.code = code


class Link(Protocol):
    """A way to the server."""

    def ask(self, request: bytes, deadline_s: float) -> stun.Message:
        """Returns the answer to `request`. Raises OSError, NoGood."""


class UdpLink:
    def __init__(self, udp: socket.socket) -> None:
        self._udp = udp

    def ask(self, request: bytes, deadline_s: float) -> stun.Message:
        is_garbage = False
        while (left_s := deadline_s - time.monotonic()) > 0:
            self._udp.send(request)
            repeat_s = time.monotonic() + min(_REPEAT_S, left_s)
            while (left_s := repeat_s - time.monotonic()) > 0:
                self._udp.settimeout(left_s)
                try:
                    data = self._udp.recv(MAX_ANSWER_BYTES)
                except TimeoutError:
                    break
                if (answer := _parse(data)) and answer.transaction_id == request[8:20]:
                    return answer
                is_garbage = True
        if is_garbage:
            raise NoGood("what answers is no STUN server")
        raise TimeoutError


class TcpLink:
    """TLS as well."""

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection

    def ask(self, request: bytes, deadline_s: float) -> stun.Message:
        self._connection.settimeout(_left_s(deadline_s))
        self._connection.sendall(request)
        head = self._read(20, deadline_s)
        length = int.from_bytes(head[2:4], "big")
        if head[0] >= 4 or length > MAX_ANSWER_BYTES:
            raise NoGood("what answers is no STUN server")
        answer = _parse(head + self._read(length, deadline_s))
        if answer is None or answer.transaction_id != request[8:20]:
            raise NoGood("what answers is no STUN server")
        return answer

    def _read(self, count: int, deadline_s: float) -> bytes:
        data = b""
        while len(data) < count:
            self._connection.settimeout(_left_s(deadline_s))
            piece = self._connection.recv(count - len(data))
            if not piece:
                raise NoGood("it hangs up")
            data += piece
        return data


@contextmanager
def connected(
    host: str, port: int, *, is_tcp: bool, is_tls: bool, deadline_s: float
) -> Iterator[Link]:
    """Raises OSError, of which `ssl.SSLError` is one."""
    if not is_tcp:
        address = socket.getaddrinfo(host, port, type=socket.SOCK_DGRAM)[0]
        with socket.socket(address[0], socket.SOCK_DGRAM) as udp:
            udp.connect(address[4])
            yield UdpLink(udp)
        return
    with socket.create_connection((host, port), _left_s(deadline_s)) as tcp:
        if not is_tls:
            yield TcpLink(tcp)
            return
        tcp.settimeout(_left_s(deadline_s))
        with ssl.create_default_context().wrap_socket(tcp, server_hostname=host) as tls:
            yield TcpLink(tls)


def ask_for_address(link: Link, deadline_s: float) -> str:
    """Returns under which address the server sees this machine. Raises OSError, NoGood."""
    request = stun.Message(stun.Method.BINDING, stun.Class.REQUEST)
    answer = _checked(link.ask(bytes(request), deadline_s))
    return _address(answer, "XOR-MAPPED-ADDRESS", "MAPPED-ADDRESS")


def ask_for_relay(link: Link, username: str, credential: str, deadline_s: float) -> str:
    """Returns at which address the server would relay, and gives that back.

    Raises OSError, NoGood.
    """
    answer = link.ask(bytes(_allocation()), deadline_s)  # it asks for credentials, and says how
    realm, nonce = answer.attributes.get("REALM"), answer.attributes.get("NONCE")
    if realm is None or nonce is None:
        _checked(answer)
        raise NoGood("it asks for no credentials")
    key = hashlib.md5(f"{username}:{realm}:{credential}".encode()).digest()

    def sign(message: stun.Message) -> bytes:
        message.attributes.update({"USERNAME": username, "REALM": realm, "NONCE": nonce})
        message.add_message_integrity(key)
        return bytes(message)

    answer = _checked(link.ask(sign(_allocation()), deadline_s))
    relayed = _address(answer, "XOR-RELAYED-ADDRESS")
    link.ask(sign(_release()), deadline_s)
    return relayed


def _allocation() -> stun.Message:
    request = stun.Message(stun.Method.ALLOCATE, stun.Class.REQUEST)
    request.attributes["REQUESTED-TRANSPORT"] = _UDP_OVER_TURN
    return request


def _release() -> stun.Message:
    request = stun.Message(stun.Method.REFRESH, stun.Class.REQUEST)
    request.attributes["LIFETIME"] = 0
    return request


def _checked(answer: stun.Message) -> stun.Message:
    if answer.message_class is stun.Class.ERROR:
        code, reason = answer.attributes.get("ERROR-CODE", (0, ""))
        raise Refused(int(code), "".join(c for c in str(reason)[:80] if c.isprintable()))
    return answer


def _address(answer: stun.Message, *names: str) -> str:
    for name in names:
        if name in answer.attributes:
            return str(answer.attributes[name][0])
    raise NoGood("its answer has no address")


def _parse(data: bytes) -> stun.Message | None:
    try:
        return stun.parse_message(data)
    except Exception:  # not every release names what it raises for garbage
        return None


def _left_s(deadline_s: float) -> float:
    """Raises TimeoutError."""
    left_s = deadline_s - time.monotonic()
    if left_s <= 0:
        raise TimeoutError
    return left_s
