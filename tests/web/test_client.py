from __future__ import annotations

import socket
from pathlib import Path

from flask import request
from werkzeug.serving import make_server

from pet_stream.web.client import current_client, has_client_gone
from tests.apps import mounted_app, stream_of

from .test_signaling import CHROMIUM


def test_a_client_on_our_own_ipv6_network_is_one_by_itself(tmp_path: Path) -> None:
    with (
        mounted_app(tmp_path) as app,
        socket.create_server(("::1", 0), family=socket.AF_INET6) as listener,
        socket.create_connection(listener.getsockname()[:2]),
        listener.accept()[0] as connection,
    ):
        for address, client in {"::2": "::2", "2001:db8::2": "2001:db8::/64"}.items():
            environ = {"REMOTE_ADDR": address, "werkzeug.socket": connection}
            with app.test_request_context(environ_overrides=environ):
                assert current_client() == client
                del request.environ["werkzeug.socket"]  # taken
                assert current_client() == client


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
