"""HTTP clients that take their time: each keeps a thread busy."""

from __future__ import annotations

from collections.abc import Iterator

from .swarm import swarm
from .target import Target

CLIENTS = 500


def slow_clients(target: Target) -> str:
    """500 HTTP clients: half a head or a body by the byte, or a download that is not read"""

    def half_head() -> Iterator[tuple[bytes, float]]:
        yield b"GET /health HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Slow: ", 1.0
        while True:
            yield b"x", 1.0

    def slow_body() -> Iterator[tuple[bytes, float]]:
        yield (
            (
                b"POST /api/webrtc/offer HTTP/1.1\r\nHost: 127.0.0.1\r\n"
                b"Content-Type: application/json\r\nContent-Length: 30000\r\n\r\n{"
            ),
            1.0,
        )
        while True:
            yield b" ", 1.0

    def deaf_download() -> Iterator[tuple[bytes, float]]:
        path = f"/api/recordings/{target.long_recording}"
        yield f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n".encode(), 1.0

    return swarm(target, CLIENTS, [half_head, slow_body, deaf_download])
