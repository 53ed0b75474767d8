"""Recognizes and checks STUN messages without an ICE agent (RFC 8489). Pure."""

from __future__ import annotations

import hmac

HEADER_BYTES = 20

_COOKIE = b"\x21\x12\xa4\x42"
_ANSWER = 0x01
"""Bit of the first byte: set in responses and errors only (section 5)."""
_INTEGRITY = b"\x00\x08\x00\x14"
"""Type and length of MESSAGE-INTEGRITY (section 14.5)."""
_INTEGRITY_BYTES = 24
_FINGERPRINT_BYTES = 8


def is_stun(datagram: bytes) -> bool:
    """Whether `datagram` begins like a STUN message."""
    return len(datagram) >= HEADER_BYTES and datagram[0] < 4 and datagram[4:8] == _COOKIE


def answered_transaction(message: bytes) -> bytes | None:
    """Returns the transaction id of the request that `message` answers; None if it is a request or
    indication."""
    return message[8:HEADER_BYTES] if message[0] & _ANSWER else None


def proves(message: bytes, password: bytes) -> bool:
    """Whether the sender of `message` knew `password` (MESSAGE-INTEGRITY). Only a FINGERPRINT may
    follow the integrity attribute; every ICE agent appends one (RFC 8445 section 7.2.2)."""
    for end in (len(message) - _FINGERPRINT_BYTES, len(message)):
        start = end - _INTEGRITY_BYTES
        if start >= HEADER_BYTES and message[start : start + 4] == _INTEGRITY:
            length = (end - HEADER_BYTES).to_bytes(2, "big")
            expected = hmac.digest(password, message[:2] + length + message[4:start], "sha1")
            return hmac.compare_digest(message[start + 4 : end], expected)
    return False
