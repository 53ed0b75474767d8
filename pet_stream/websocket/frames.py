"""Makes WebSocket frames from a server to its clients (RFC 6455 section 5.2). Pure.

A server does not mask, so a frame is made once and sent to all clients. It is not compressed: video
would only get longer.
"""

from __future__ import annotations

import json
import struct
from typing import Any

_FINAL = 0x80
_TEXT, _BINARY, _CLOSE, _PING, _PONG = 1, 2, 8, 9, 10
_MAX_REASON_BYTES = 123

PING = bytes((_FINAL | _PING, 0))

NORMAL, GOING_AWAY, NO_STATUS, POLICY = 1000, 1001, 1005, 1008
"""Codes of a close, RFC 6455 section 7.4.1."""


def json_frame(message: dict[str, Any]) -> bytes:
    text = json.dumps(message, ensure_ascii=False, separators=(",", ":"))
    return _frame(_TEXT, text.encode())


def binary_frame(*parts: bytes) -> bytes:
    return _frame(_BINARY, *parts)


def close_frame(code: int, reason: str = "") -> bytes:
    """Returns a close frame. `code` is one of section 7.4; a reason that is too long is cut."""
    text = reason.encode()[:_MAX_REASON_BYTES].decode(errors="ignore")
    return _frame(_CLOSE, struct.pack(">H", code), text.encode())


def ping_frame(payload: bytes) -> bytes:
    """Returns a ping, whose answer has the same payload."""
    return _frame(_PING, payload)


def pong_frame(payload: bytes) -> bytes:
    """Returns the answer to a ping with this payload."""
    return _frame(_PONG, payload)


def is_close(frame: bytes) -> bool:
    return frame[0] == _FINAL | _CLOSE


def _frame(opcode: int, *parts: bytes) -> bytes:
    size = sum(map(len, parts))
    if size < 126:
        header = bytes((_FINAL | opcode, size))
    elif size < 1 << 16:
        header = struct.pack(">BBH", _FINAL | opcode, 126, size)
    else:
        header = struct.pack(">BBQ", _FINAL | opcode, 127, size)
    return b"".join((header, *parts))
