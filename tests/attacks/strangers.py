"""What a neighbour on the network can send to a viewer's port."""

from __future__ import annotations

import hmac
import re
import socket
import struct

from OpenSSL import SSL

Address = tuple[str, int]

BINDING_REQUEST = 0x0001
COOKIE = 0x2112A442
USERNAME, MESSAGE_INTEGRITY, PRIORITY, FINGERPRINT = 0x0006, 0x0008, 0x0024, 0x8028


def addresses_in(answer_sdp: str) -> list[Address]:
    """Where the server listens for this viewer."""
    found = re.findall(r"a=candidate:\S+ 1 udp \d+ (\S+) (\d+) typ host", answer_sdp)
    return [(host, int(port)) for host, port in found]


def username_in(answer_sdp: str) -> str:
    found = re.search(r"a=ice-ufrag:(\S+)", answer_sdp)
    assert found is not None
    return found[1]


def password_in(answer_sdp: str) -> bytes:
    found = re.search(r"a=ice-pwd:(\S+)", answer_sdp)
    assert found is not None
    return found[1].encode()


def send(data: bytes, addresses: list[Address], count: int = 1) -> None:
    """From a port of the stranger's own."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as stranger:
        for address in addresses:
            for _ in range(count):
                stranger.sendto(data, address)


def client_hello() -> bytes:
    context = SSL.Context(SSL.DTLS_METHOD)
    context.set_tlsext_use_srtp(b"SRTP_AES128_CM_SHA1_80")
    client = SSL.Connection(context)
    client.set_connect_state()
    try:
        client.do_handshake()
    except SSL.WantReadError:
        pass
    return client.bio_read(1500)


def alert(level: int, description: int) -> bytes:
    """In clear text, of epoch 0 (RFC 6347 section 4.1, RFC 5246 section 7.2)."""
    return bytes([21, 254, 253, 0, 0, 0, 0, 0, 0, 0, 9, 0, 2, level, description])


def binding_request(
    number: int = 0, *attributes: tuple[int, bytes], password: bytes | None = None
) -> bytes:
    """STUN (RFC 8489 section 5), with a proof of who asks if the password is known."""
    body = b"".join(_attribute(kind, value) for kind, value in attributes)
    return request_of(body, number) if password is None else proved(body, password, number)


def request_of(body: bytes, number: int = 0, more_bytes: int = 0) -> bytes:
    """A binding request with these attributes; its length counts `more_bytes` that follow."""
    length = len(body) + more_bytes
    return struct.pack("!HHIQI", BINDING_REQUEST, length & 0xFFFF, COOKIE, 0, number) + body


def proved(body: bytes, password: bytes, number: int = 0) -> bytes:
    """The same, from somebody who knows the password."""
    message = request_of(body, number, 24)
    return message + _attribute(MESSAGE_INTEGRITY, hmac.digest(password, message, "sha1"))


def _attribute(kind: int, value: bytes) -> bytes:
    return struct.pack("!HH", kind, len(value)) + value + bytes(-len(value) % 4)


BYTES = {
    "nothing": b"",
    "one byte": b"\x80",
    "too long for libsrtp": b"\x80\xc9" + bytes(1499),
    "as long as UDP carries": b"\x80" + bytes(65_000),
    "neither of these": b"\x50" * 40,
    "RTP": b"\x80\x60" + bytes(60),
    "RTCP": b"\x80\xc9" + bytes(60),
    "a ClientHello": client_hello(),
    "a goodbye in clear text": alert(1, 0),
    "a fatal alert in clear text": alert(2, 40),
    "DTLS that is none": b"\x16\xfe\xfd" + bytes(100),
    "application data": b"\x17\xfe\xfd\x00\x01" + bytes(6) + b"\x00\x20" + bytes(32),
    "STUN": binding_request(),
    "STUN that can't be read": binding_request(1, (FINGERPRINT, b"")),
    "STUN that is too long": binding_request(2, (0x8022, bytes(3000))),
    "half of a STUN header": binding_request()[:10],
}
