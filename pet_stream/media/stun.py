"""STUN messages, as far as a look from outside goes (RFC 8489). Pure."""

from __future__ import annotations

import hmac

HEADER_BYTES = 20

_COOKIE = b"\x21\x12\xa4\x42"
_ANSWER = 0x01
"""Of the first byte: set in responses and errors, not in requests and indications (section 5)."""
_INTEGRITY = b"\x00\x08\x00\x14"
"""Type and length of MESSAGE-INTEGRITY (section 14.5)."""
_INTEGRITY_BYTES = 24
_FINGERPRINT_BYTES = 8


def is_stun(datagram: bytes) -> bool:
    """Whether it begins as a STUN message does."""
    return len(datagram) >= HEADER_BYTES and datagram[0] < 4 and datagram[4:8] == _COOKIE


def answered_transaction(message: bytes) -> bytes | None:
    """The number of the request that `message` answers; None if it is no answer."""
    return message[8:HEADER_BYTES] if message[0] & _ANSWER else None


def proves(message: bytes, password: bytes) -> bool:
    """Whether whoever wrote `message` knew `password`. Behind the proof nothing may stand but a
    fingerprint, which all ICE agents put there (RFC 8445 section 7.2.2)."""
    for end in (len(message) - _FINGERPRINT_BYTES, len(message)):
        start = end - _INTEGRITY_BYTES
        if start >= HEADER_BYTES and message[start : start + 4] == _INTEGRITY:
            length = (end - HEADER_BYTES).to_bytes(2, "big")
            expected = hmac.digest(password, message[:2] + length + message[4:start], "sha1")
            return hmac.compare_digest(message[start + 4 : end], expected)
    return False
