"""Players that do not read, half-close, flood, or ask for what never comes keep nobody out."""

from __future__ import annotations

import re
import socket
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.attacks.http_clients import ask, connect, many
from tests.camera.camera import Camera
from tests.footage import encode, write_source
from tests.server_process import SERVERS, Server, serving
from tests.waiting import wait_until

MP4 = b"GET /api/stream/live.mp4 HTTP/1.1\r\nHost: localhost\r\n\r\n"
INDEX = "/api/stream/index.m3u8"
ROOM = 5
"""What lasts may take so many of gunicorn's eight threads."""


@pytest.fixture
def host(segment_name: str, tmp_path: Path) -> Iterator[Server]:
    """Gunicorn with eight threads, and a camera of 20 Mbit/s: what nobody reads is soon much."""
    source = tmp_path / "source"
    write_source(source, encode(640, 480, pictures=28, bit_rate=20_000_000))
    with (
        Camera(segment_name, source=source, fps=30),
        serving(
            SERVERS["gunicorn"],
            tmp_path,
            segment_name,
            FLASK_PET_STREAM_MAX_CLIENTS="100",
        ) as server,
    ):
        wait_until(lambda: server.json("/health")["camera"]["state"] == "live")
        yield server


def places(host: Server) -> int:
    return int(host.json("/health")["webrtc_clients"])


def media_playlist(host: Server) -> str:
    return "/api/stream/" + host.get(INDEX).splitlines()[-1]


@pytest.mark.slow
def test_viewers_who_never_read_leave_threads_and_give_their_places_back(host: Server) -> None:
    with many(ROOM, host.port, MP4, receive_buffer=4096):
        wait_until(lambda: places(host) == ROOM)
        status, answer = ask(host.port, "/api/stream/live.mp4")
        assert status == 503
        assert b'"code":"too_few_threads"' in answer
        wait_until(lambda: places(host) == 0)  # though they are still connected


@pytest.mark.slow
def test_half_closed_and_reset_viewers_leave_nothing(host: Server) -> None:
    for _ in range(3):
        with ExitStack() as stack:
            clients = [stack.enter_context(connect(host.port, MP4)) for _ in range(ROOM)]
            for client in clients:
                client.recv(100)
                client.shutdown(socket.SHUT_WR)
            wait_until(lambda: places(host) == 0)


@pytest.mark.slow
def test_a_flood_of_first_playlists_takes_no_place(host: Server) -> None:
    sessions = {media_playlist(host) for _ in range(200)}
    assert len(sessions) == 200
    assert places(host) == 0
    assert ask(host.port, sessions.pop())[0] == 200
    assert places(host) == 1


@pytest.mark.slow
def test_reloads_that_wait_leave_threads_and_those_of_a_far_future_end_at_once(
    host: Server,
) -> None:
    playlist = media_playlist(host)
    text = host.get(playlist)
    newest = int(re.findall(r"^(\d+)\.m4s$", text, re.MULTILINE)[-1])
    assert ask(host.port, f"{playlist}?_HLS_msn={newest + 1000}")[0] == 400
    waits = f"GET {playlist}?_HLS_msn={newest + 3} HTTP/1.1\r\nHost: localhost\r\n\r\n"
    with many(40, host.port, waits.encode()):
        for _ in range(5):
            assert ask(host.port, "/health")[0] == 200


@pytest.mark.slow
def test_segments_that_are_read_by_the_byte_keep_nobody_out(host: Server) -> None:
    playlist = media_playlist(host)
    name = re.findall(r"^(\d+\.m4s)$", host.get(playlist), re.MULTILINE)[-1]
    path = playlist.replace("live.m3u8", name)
    request = f"GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode()
    with many(40, host.port, request, receive_buffer=4096) as clients:
        for client in clients[:ROOM]:
            client.recv(1)
        assert ask(host.port, "/health")[0] == 200
        wait_until(lambda: ask(host.port, media_playlist(host))[0] == 200)
