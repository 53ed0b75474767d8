from __future__ import annotations

import socket
from pathlib import Path

from werkzeug.serving import make_server

from pet_stream.web.client import has_client_gone
from tests.apps import mounted_app, stream_of

from .test_signaling import CHROMIUM


def test_a_client_is_there_until_it_closes_the_connection() -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        assert not has_client_gone({"gunicorn.socket": ours})
        theirs.send(b"the next request")
        assert not has_client_gone({"gunicorn.socket": ours})
        theirs.close()
        assert has_client_gone({"werkzeug.socket": ours})
    assert not has_client_gone({})


def test_an_offer_whose_client_has_gone_is_not_answered(tmp_path: Path) -> None:
    with mounted_app(tmp_path) as app:
        app.test_client().get("/health")
        peers = stream_of(app).peers.get()
        server = make_server("127.0.0.1", 0, app)
        try:
            with socket.create_connection(("127.0.0.1", server.server_port)) as client:
                body = app.json.dumps({"type": "offer", "sdp": CHROMIUM}).encode()
                head = f"POST /offer HTTP/1.0\r\nContent-Length: {len(body)}\r\n\r\n"
                client.sendall(head.encode() + body)
            server.handle_request()
        finally:
            server.server_close()
        assert peers.pending_count == 0
        assert 'route="/offer",status="400"' in app.test_client().get("/metrics").text
