"""What somebody honest does, from the viewers' address."""

from __future__ import annotations

import socket
from collections.abc import Callable

from .websockets import handshake

PATIENCE_S = 2.0
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
    return wanted in _begin_of_answer(address, handshake("/api/stream/h264"), 4096, wanted)


def _begin_of_answer(
    address: tuple[str, int], request: bytes, size: int, wanted: bytes = b"\n"
) -> bytes:
    """Up to `size` bytes, or what came before `wanted`, or in time."""
    answer = b""
    try:
        with socket.create_connection(address, PATIENCE_S, (VIEWER, 0)) as tcp:
            tcp.sendall(request)
            while len(answer) < size and wanted not in answer and (data := tcp.recv(size)):
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
