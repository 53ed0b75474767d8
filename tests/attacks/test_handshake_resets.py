"""A page that is closed during its WebSocket handshake is no fault of the server's."""

from __future__ import annotations

import logging
import socket
import struct
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import pytest
from flask import Flask
from werkzeug.serving import make_server

from pet_stream.errors import ClientGone
from pet_stream.websocket.loop_socket import HandshakeSocket, LoopSocket
from tests.apps import mounted_app, stream_of
from tests.attacks.http_clients import ask, connect
from tests.server_process import GUNICORN, serving
from tests.waiting import wait_until
from tests.websocket.client import served

COUNT = 60
HANDSHAKE = (
    "GET {} HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n"
)
PAUSES_S = (0, 0.0005, 0.002, 0.005)
"""Between handshake and reset: before, in and after the answer."""


def reset(client: socket.socket) -> None:
    client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    client.close()


def reset_handshakes(port: int) -> None:
    for number in range(COUNT):
        path = ("/api/stream/ws", "/api/stream/h264")[number % 2]
        client = connect(port, HANDSHAKE.format(path).encode())
        time.sleep(PAUSES_S[number % len(PAUSES_S)])
        reset(client)


@contextmanager
def run(app: Flask) -> Iterator[int]:
    """As `pet-stream run` serves."""
    with served(app) as url:
        yield int(url.rpartition(":")[2])


@contextmanager
def app_run(app: Flask) -> Iterator[int]:
    """As `app.run(threaded=True)` serves."""
    stream_of(app).start()
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield server.server_port
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.mark.parametrize("serve", [run, app_run])
def test_each_costs_a_line_at_most(
    serve: Callable[[Flask], AbstractContextManager[int]],
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
) -> None:
    caplog.set_level(logging.DEBUG)
    threads = threading.active_count()
    with mounted_app(tmp_path) as app:
        with serve(app) as port:
            reset_handshakes(port)
            wait_until(lambda: not stream_of(app).connections.count)
            assert ask(port, "/health")[0] == 200
        stream_of(app).stop()
        wait_until(lambda: threading.active_count() == threads)
    ours = [record for record in caplog.records if "handshake" in record.message]
    assert 0 < len(ours) <= COUNT
    assert {record.levelno for record in ours} == {logging.DEBUG}
    assert not [record for record in caplog.records if record.exc_info]
    assert "Traceback" not in capfd.readouterr().err


def test_gunicorn_says_nothing_either(tmp_path: Path, segment_name: str) -> None:
    command = (*GUNICORN, "--threads", "8", "tests.web_monitor:app")
    with serving(command, tmp_path, segment_name) as server:
        reset_handshakes(server.port)
        assert server.json("/health")["version"]
        server.process.stop()
        assert "Traceback" not in server.process.log
        assert len(server.process.output) < COUNT


def test_a_client_that_does_not_read_the_answer_is_let_go() -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        handshake = HandshakeSocket(LoopSocket(ours), timeout_s=0.05)
        with pytest.raises(ClientGone):
            handshake.send(bytes(10_000_000))
        while theirs.recv(1_000_000):
            pass  # and then it is over: no other answer follows half of one
