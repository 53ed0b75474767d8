"""What somebody honest does, from the viewers' address."""

from __future__ import annotations

import socket
from collections.abc import Callable

from .websockets import handshake

PATIENCE_S = 2.0
MOST_BYTES = 4096
VIEWER = "127.0.0.1"

Honest = Callable[[tuple[str, int]], bool]
"""Whether it worked, at this server."""


def gets_detections(address: tuple[str, int]) -> bool:
    """Whether somebody may listen to the boxes."""
    request = b"GET /api/stream/detections HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"
    return b" 200 " in _begin_of_answer(address, request, len(b"HTTP/1.1 200 "))


def gets_pictures_by_websocket(address: tuple[str, int]) -> bool:
    """Whether a viewer over a WebSocket gets what stands in front of the pictures."""
    wanted = b'"format"'
    pong = b""
    answer = b""
    try:
        with socket.create_connection(address, PATIENCE_S, (VIEWER, 0)) as tcp:
            tcp.sendall(handshake("/api/stream/h264"))
            while len(answer) < MOST_BYTES and (data := tcp.recv(MOST_BYTES)):
                answer += data
                if wanted in answer:
                    return True
                if not pong and (pong := _pong(answer)):
                    tcp.sendall(pong)
    except OSError:
        pass
    return False


def _pong(answer: bytes) -> bytes:
    """To a ping that follows the handshake; nothing if it is not there."""
    ping = answer.partition(b"\r\n\r\n")[2]
    if len(ping) < 2 or ping[0] != 0x89 or len(ping) < 2 + ping[1]:
        return b""
    return bytes((0x8A, 0x80 | ping[1])) + bytes(4) + ping[2 : 2 + ping[1]]


def _begin_of_answer(address: tuple[str, int], request: bytes, size: int) -> bytes:
    """`size` bytes, or what came in time."""
    answer = b""
    try:
        with socket.create_connection(address, PATIENCE_S, (VIEWER, 0)) as tcp:
            tcp.sendall(request)
            while len(answer) < size and (data := tcp.recv(size)):
                answer += data
    except OSError:
        pass
    return answer


def gets_health(address: tuple[str, int], timeout_s: float) -> bool:
    """Whether `/health` begins to answer in time."""
    answer = b""
    try:
        with socket.create_connection(address, timeout_s, (VIEWER, 0)) as tcp:
            tcp.sendall(b"GET /health HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n")
            answer = tcp.recv(64)
    except OSError:
        pass
    return b" 200 " in answer
