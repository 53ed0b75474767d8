"""WebSockets that take a place and do nothing for it."""

from __future__ import annotations

import base64
import contextlib
import os
import socket
import struct
import time
from collections.abc import Iterator

from .swarm import Script, swarm
from .target import TIMEOUT_S, Target

WEBSOCKETS = 2_000
LISTENERS = 140
"""Twice as many as there are places: who listened meanwhile gives one back late."""
UNREAD_BYTES = 20_000
"""Behind a request: more than is read along with it."""
READING_S = 0.05
RESET_AT_CLOSE = struct.pack("ii", 1, 0)
MESSAGE_BYTES = 17_000
"""More than is read from a socket at once."""
PATHS = ("/api/stream/h264", "/api/stream/ws")
_NO_MASK = bytes(4)
_PING = b"\x89\xfd" + _NO_MASK + b"x" * 125


def silent(target: Target) -> str:
    """2 000 WebSockets that neither read, answer pings nor say anything"""
    return swarm(target, WEBSOCKETS, [_silent(path) for path in PATHS])


def talking(target: Target) -> str:
    """2 000 WebSockets that send messages of 17 kB, or pings, and never read"""
    return swarm(target, WEBSOCKETS, [_messages(PATHS[0]), _pings(PATHS[0]), _messages(PATHS[1])])


def half_open(target: Target) -> str:
    """2 000 WebSockets whose handshake stops before its end"""
    return swarm(target, WEBSOCKETS, [_half(path) for path in PATHS])


def listeners(target: Target) -> str:
    """140 × `HEAD /api/stream/detections`, each reset while Werkzeug reads what came behind it"""
    count = 0
    request = b"HEAD /api/stream/detections HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"
    unread = b"x" * UNREAD_BYTES
    while target.is_on and count < LISTENERS:
        try:
            tcp = socket.create_connection(target.address, TIMEOUT_S, target.source())
        except OSError:
            time.sleep(0.2)
            continue
        with tcp:
            tcp.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET_AT_CLOSE)
            tcp.settimeout(TIMEOUT_S)
            with contextlib.suppress(OSError):
                tcp.sendall(request + unread)
                tcp.recv(1)
                time.sleep(READING_S)
        count += 1
    return f"{count} requests"


def handshake(path: str, host: str = "127.0.0.1") -> bytes:
    key = base64.b64encode(os.urandom(16)).decode()
    return (
        f"GET {path} HTTP/1.1\r\nHost: {host}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        f"Sec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n\r\n"
    ).encode()


def _silent(path: str) -> Script:
    def steps() -> Iterator[tuple[bytes, float]]:
        yield handshake(path), 1.0

    return steps


def _half(path: str) -> Script:
    def steps() -> Iterator[tuple[bytes, float]]:
        yield handshake(path)[:-2], 1.0

    return steps


def _messages(path: str) -> Script:
    def steps() -> Iterator[tuple[bytes, float]]:
        yield handshake(path), 0.5
        head = b"\x81\xfe" + MESSAGE_BYTES.to_bytes(2, "big") + _NO_MASK
        while True:
            yield head + b"x" * MESSAGE_BYTES, 0.5

    return steps


def _pings(path: str) -> Script:
    def steps() -> Iterator[tuple[bytes, float]]:
        yield handshake(path), 0.5
        while True:
            yield _PING * 50, 0.2

    return steps
