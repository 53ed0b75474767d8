"""pet_stream as `run` serves it, behind nginx and Caddy as deploy/ has them."""

from __future__ import annotations

import contextlib
import http.client
import json
import re
import ssl
import threading
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from flask import Flask, Response, request

from pet_stream.command_line.host import create_host
from pet_stream.command_line.hosting import first_invitation, settings_of
from pet_stream.command_line.proxy import proxy
from pet_stream.web_server import WebServer
from tests.apps import NO_CAMERA, stream_of
from tests.deployment.proxies import DEPLOY, PROXIES, Proxy, nginx
from tests.server_process import CHECKOUT
from tests.waiting import TIMEOUT_S
from tests.websocket.client import WebSocket

pytestmark = pytest.mark.slow

ELSEWHERE = "127.0.0.2"
"""A client's address that is not the proxy's."""
RECORDING = bytes(range(256)) * 4096
NAME = "recording_20260102_030405.h264"


class Host:
    """Routes of the host beside ours. `paths` are those that were asked for; `more_events` lets its
    events go on."""

    def __init__(self, app: Flask) -> None:
        self.paths: list[str] = []
        self.more_events = threading.Event()
        app.before_request(lambda: self.paths.append(request.path))
        app.add_url_rule("/test/seen", "seen", self._seen)
        mimetypes = {
            "/api/status/stream": "text/event-stream",
            "/live/camera.m3u8": "audio/mpegurl",
        }
        for path, mimetype in mimetypes.items():
            app.add_url_rule(path, path, partial(self._answer, mimetype))

    def _seen(self) -> dict[str, object]:
        return {"client": request.remote_addr, "scheme": request.scheme, "host": request.host}

    def _answer(self, mimetype: str) -> Response:
        return Response(self._events(), mimetype=mimetype)

    def _events(self) -> Iterator[str]:
        yield "data: first\n\n"
        assert self.more_events.wait(TIMEOUT_S)
        yield "data: second\n\n"


class Site:
    """The page by its public address."""

    def __init__(self, port: int, trusts: ssl.SSLContext, host: Host) -> None:
        self.port = port
        self.trusts = trusts
        self.host = host
        self.cookie = ""

    @property
    def origin(self) -> str:
        return f"https://127.0.0.1:{self.port}"

    @contextlib.contextmanager
    def asked(
        self, path: str, body: bytes | None = None, **headers: str
    ) -> Iterator[http.client.HTTPResponse]:
        connection = http.client.HTTPSConnection(
            *("127.0.0.1", self.port),
            timeout=TIMEOUT_S,
            context=self.trusts,
            source_address=(ELSEWHERE, 0),
        )
        headers = {"Origin": self.origin, "Cookie": self.cookie, **headers}
        if body is not None:
            headers["Content-Type"] = "application/json"
        with contextlib.closing(connection):
            with contextlib.suppress(BrokenPipeError, ConnectionResetError):  # answered before
                connection.request("GET" if body is None else "POST", path, body, headers)
            yield connection.getresponse()

    def json(self, path: str, body: object | None = None, **headers: str) -> Any:
        data = None if body is None else json.dumps(body).encode()
        with self.asked(path, data, **headers) as answer:
            assert answer.status == 200, answer.read()
            return json.load(answer)

    def sign_in(self, invitation: str, below: str = "") -> str:
        """Returns the cookie as it was set."""
        body = json.dumps({"invitation": invitation}).encode()
        with self.asked(f"{below}/pet-stream/api/session", body) as answer:
            assert answer.status == 200, answer.read()
            cookie = answer.headers["Set-Cookie"]
        self.cookie = cookie.partition(";")[0]
        return cookie


@contextlib.contextmanager
def served(proxied: Proxy, port: int, folder: Path, path: str = "/") -> Iterator[tuple[Site, str]]:
    """The site, and the invitation of its owner; the page is at `path`."""
    public = proxy(f"https://127.0.0.1:{port}{path}")
    options = {
        "shm": NO_CAMERA,
        "record_path": folder / "recordings",
        "accounts": folder / "accounts.json",
        "pause_file": folder / "pause.json",
    }
    app, stream = create_host(settings_of("127.0.0.1", options, public))
    host = Host(app)
    app.wsgi_app = public.believed_by(app.wsgi_app)  # type: ignore[method-assign]
    server = WebServer("127.0.0.1", 0)
    try:
        stream.start()
        server.start(app)
        with proxied(port, server.port) as trusts:
            invitation = first_invitation(stream_of(app).authority)
            assert invitation is not None
            yield Site(port, trusts, host), invitation
    finally:
        host.more_events.set()
        stream.stop()
        server.stop()


@pytest.fixture(params=PROXIES)
def site(
    request: pytest.FixtureRequest, free_port: int, tmp_path: Path
) -> Iterator[tuple[Site, str]]:
    (tmp_path / "recordings").mkdir()
    (tmp_path / "recordings" / NAME).write_bytes(RECORDING)
    with served(PROXIES[request.param], free_port, tmp_path) as site:
        yield site


def test_a_page_a_sign_in_and_a_download(site: tuple[Site, str]) -> None:
    page, invitation = site
    with page.asked("/pet-stream/") as answer:
        assert answer.status == 200
        assert b"<pet-stream" in answer.read()
    with page.asked(f"/api/recordings/{NAME}") as answer:
        assert answer.status == 401

    cookie = page.sign_in(invitation)
    assert cookie.startswith("__Host-pet_stream_")
    assert "; Secure" in cookie
    assert page.json("/health")["webrtc_clients"] == 0

    with page.asked(f"/api/recordings/{NAME}", Range="bytes=1000-1999") as answer:
        assert answer.status == 206
        assert answer.headers["Content-Range"] == f"bytes 1000-1999/{len(RECORDING)}"
        assert answer.read() == RECORDING[1000:2000]
    with page.asked(f"/api/recordings/{NAME}") as answer:
        assert answer.read() == RECORDING
    with page.asked("/api/recording/stop", b"{}", Origin="https://evil.example") as answer:
        assert json.load(answer)["code"] == "origin"


def test_the_app_sees_the_client_and_nobody_else(site: tuple[Site, str]) -> None:
    page, _ = site
    seen = {"client": ELSEWHERE, "scheme": "https", "host": f"127.0.0.1:{page.port}"}
    assert page.json("/test/seen") == seen
    forged = {"X-Forwarded-For": "192.0.2.7", "X-Forwarded-Proto": "http"}
    assert page.json("/test/seen", **forged) == seen


@pytest.mark.parametrize("path", ["/api/status/stream", "/live/camera.m3u8"])
def test_events_and_hls_arrive_at_once(site: tuple[Site, str], path: str) -> None:
    page, _ = site
    with page.asked(path) as answer:
        assert answer.readline() == b"data: first\n"  # while the second waits for us
        page.host.more_events.set()
        assert answer.read() == b"\ndata: second\n\n"


def test_a_websocket(site: tuple[Site, str]) -> None:
    page, invitation = site
    page.sign_in(invitation)
    address = f"wss://127.0.0.1:{page.port}/api/stream/ws"
    headers = {"Origin": page.origin, "Cookie": page.cookie}
    with WebSocket(address, page.trusts, **headers) as socket:
        assert socket.text("state")["camera"]["state"] != "live"


def test_a_large_upload_is_refused_before_the_app_hears_of_it(site: tuple[Site, str]) -> None:
    page, _ = site
    with page.asked("/api/webrtc/offer", b"x" * 300_000) as answer:
        assert answer.status == 413
    assert page.json("/test/seen")
    assert page.host.paths == ["/test/seen"]


def test_below_a_path_as_the_docs_have_it(free_port: int, tmp_path: Path) -> None:
    [block] = [block for block in blocks_of("nginx") if "location ^~ /cam/" in block]
    with served(partial(nginx, more=block), free_port, tmp_path, "/cam/") as (page, invitation):
        page.sign_in(invitation, below="/cam")
        page.json("/cam/health")
        assert page.json("/cam/test/seen")["client"] == ELSEWHERE
        assert page.json("/cam/api/webrtc/config")["signaling_url"] == f"{page.origin}/cam"
        address = f"wss://127.0.0.1:{page.port}/cam/api/stream/ws"
        headers = {"Origin": page.origin, "Cookie": page.cookie}
        with WebSocket(address, page.trusts, **headers) as socket:
            assert socket.text("state")


@pytest.mark.parametrize(
    ("path", "language"),
    [
        ("nginx/pet-stream-http.conf", "nginx"),
        ("nginx/pet-stream-server.conf", "nginx"),
        ("nginx/site.conf", "nginx"),
        ("caddy/Caddyfile", "caddyfile"),
    ],
)
def test_the_docs_show_what_is_shipped(path: str, language: str) -> None:
    assert (DEPLOY / path).read_text() in blocks_of(language)


def blocks_of(language: str) -> list[str]:
    text = (CHECKOUT / "docs/deployment.md").read_text()
    return re.findall(rf"(?ms)^```{language}\n(.*?)^```", text)
