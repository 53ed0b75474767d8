"""A secure context is what WebCodecs asks for: the same WebSockets over TLS."""

from __future__ import annotations

import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from flask import Flask
from werkzeug.serving import make_server

from tests.apps import mounted_app, stream_of
from tests.camera.camera import Camera
from tests.certificates import trusting, write_certificate
from tests.footage import encode, write_source
from tests.waiting import wait_until
from tests.websocket.client import WebSocket, header_of


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("tls") / "server.pem"
    write_certificate(path)
    return path


@contextmanager
def served_securely(app: Flask, certificate: Path) -> Iterator[str]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    server = make_server("127.0.0.1", 0, app, threaded=True, ssl_context=context)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    stream_of(app).start()
    thread.start()
    try:
        yield f"wss://127.0.0.1:{server.port}"
    finally:
        stream_of(app).stop()
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_video_over_tls(
    segment_name: str, tmp_path: Path, certificate: Path, version: ssl.TLSVersion
) -> None:
    source = tmp_path / "source"
    write_source(source, encode(640, 480, pictures=28, bit_rate=8_000_000))
    client_context = trusting(certificate)
    client_context.minimum_version = client_context.maximum_version = version
    with (
        Camera(segment_name, source=source, fps=30),
        mounted_app(tmp_path, SHM=segment_name) as app,
        served_securely(app, certificate) as address,
    ):
        stream = stream_of(app)
        wait_until(lambda: stream.reader.status.state == "live")
        with (
            WebSocket(address + "/api/stream/ws", client_context) as page,
            WebSocket(address + "/api/stream/h264", client_context) as viewer,
        ):
            page.receive_until(lambda m: m["type"] == "state" and m["viewers"] == 1)
            sequence = header_of(viewer.binary())[1]
            for _ in range(60):  # two seconds: pings and pongs go both ways meanwhile
                sequence += 1
                assert header_of(viewer.binary())[1] == sequence
        wait_until(lambda: stream.places.active_count == 0)
