"""What lasts ends when the right to it ends."""

from __future__ import annotations

import http.client
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

import pytest
from flask import Flask, g, request
from flask_wtf.csrf import CSRFProtect

from pet_stream.parts import MAX_VIEWS
from pet_stream.rights import Right
from pet_stream.web.authority import HostAuthority
from pet_stream.web.messages import MESSAGES
from tests.apps import mounted_app, stream_of
from tests.camera.detector import Detector
from tests.waiting import TIMEOUT_S, wait_until
from tests.websocket.client import WebSocket, served

OFFER = (Path(__file__).parent.parent / "webrtc" / "offers" / "chromium-156.sdp").read_text()
BEARER = {"Authorization": "Bearer anna"}
FILE_BYTES = 64_000_000


class Host:
    """Whoever is listed in `people` may do everything."""

    def __init__(self) -> None:
        self.people = {"anna"}
        self.is_broken = False
        self.asked: list[tuple[str, str, str]] = []

    def authorize(self, right: str) -> bool:
        self.asked.append((right, request.method, request.path))
        return g.person in self.people


@pytest.fixture
def host() -> Host:
    return Host()


@pytest.fixture
def app(tmp_path: Path, segment_name: str, host: Host) -> Iterator[Flask]:
    shm = f"{segment_name}_detections"
    with (
        Detector(shm),
        mounted_app(tmp_path, DETECTIONS_SHM=shm, authorize=host.authorize) as app,
    ):

        @app.before_request
        def load_person() -> None:
            if host.is_broken:
                raise RuntimeError("no database")
            g.person = request.headers.get("Authorization", "").removeprefix("Bearer ")

        yield app


@pytest.fixture
def url(app: Flask) -> Iterator[str]:
    with served(app) as address:
        yield address


@pytest.mark.parametrize("path", ["/api/stream/ws", "/api/stream/h264"])
def test_a_websocket_ends_when_its_right_does(app: Flask, url: str, host: Host, path: str) -> None:
    grants = stream_of(app).grants
    with WebSocket(url + path, None, **BEARER) as page:
        assert page.receive()["type"] in ("state", "status")
        host.asked.clear()
        grants.check_soon()
        wait_until(lambda: ("view", "GET", path) in host.asked)
        host.people.clear()
        grants.check_soon()
        assert page.close_code() == 4401
    wait_until(lambda: stream_of(app).connections.count == 0)


@pytest.mark.parametrize("path", ["/api/stream/ws", "/api/stream/h264"])
def test_a_websocket_without_a_right_is_told_and_takes_no_place(
    app: Flask, url: str, path: str
) -> None:
    stream = stream_of(app)
    with WebSocket(url + path) as page:
        assert page.receive()["code"] == "not_allowed"
        assert page.close_code() == 4403
    assert (stream.places.total_count, stream.listener_places.total_count) == (0, 0)


def test_events_end_when_their_right_does(app: Flask, url: str, host: Host) -> None:
    url = url.replace("ws:", "http:") + "/api/stream/detections"
    events = urllib.request.urlopen(urllib.request.Request(url, headers=BEARER), timeout=TIMEOUT_S)
    with events:
        assert events.readline().startswith(b"retry")
        host.people.clear()
        stream_of(app).grants.check_soon()
        events.read()  # to the end
    wait_until(lambda: stream_of(app).listener_places.active_count == 0)


def test_a_download_ends_when_its_right_does(
    app: Flask, url: str, host: Host, tmp_path: Path
) -> None:
    stream = stream_of(app)
    folder = tmp_path / "recordings"
    folder.mkdir(exist_ok=True)
    with (folder / "cat.h264").open("wb") as file:
        file.truncate(FILE_BYTES)
    url = url.replace("ws:", "http:") + "/api/recordings/cat.h264"
    download = urllib.request.urlopen(
        urllib.request.Request(url, headers=BEARER), timeout=TIMEOUT_S
    )
    with download:
        assert len(download.read(1000)) == 1000
        assert stream.downloads.active_count == 1
        host.people.clear()
        stream.grants.check_soon()
        wait_until(lambda: stream.downloads.active_count == 0)
        with pytest.raises((http.client.IncompleteRead, OSError)):
            download.read()


def test_a_download_ends_where_the_server_keeps_the_connection_to_itself(
    app: Flask, host: Host, tmp_path: Path
) -> None:
    """As waitress and uWSGI do."""
    folder = tmp_path / "recordings"
    folder.mkdir(exist_ok=True)
    with (folder / "cat.h264").open("wb") as file:
        file.truncate(FILE_BYTES)
    stream = stream_of(app)
    answer = app.test_client().get("/api/recordings/cat.h264", headers=BEARER, buffered=False)
    parts = answer.iter_encoded()
    assert next(parts)
    host.people.clear()
    stream.grants.check_soon()
    read_bytes = 0

    def is_over() -> bool:
        nonlocal read_bytes
        part = next(parts, b"")
        read_bytes += len(part)
        return not part

    wait_until(is_over)
    assert read_bytes < FILE_BYTES / 2
    answer.close()


def test_a_viewer_ends_when_its_right_does(app: Flask, url: str, host: Host) -> None:
    stream, client = stream_of(app), app.test_client()
    offer = {"type": "offer", "sdp": OFFER}
    assert client.post("/api/webrtc/offer", json=offer).status_code == 403
    assert client.post("/api/webrtc/offer", json=offer, headers=BEARER).status_code == 200
    peers = stream.peers.get()
    assert peers.pending_count == 1
    host.people.clear()
    stream.grants.check_soon()
    wait_until(lambda: peers.pending_count == 0)


def test_a_host_may_log_and_read_the_body_when_it_is_asked_again(
    app: Flask, url: str, caplog: pytest.LogCaptureFixture
) -> None:
    asked = []

    @app.before_request
    def look() -> None:
        app.logger.error("asked")
        asked.append((request.method, request.endpoint, request.get_data(), request.form))

    offer = {"type": "offer", "sdp": OFFER}
    answer = app.test_client().post("/api/webrtc/offer", json=offer, headers=BEARER)
    assert answer.status_code == 200
    asked.clear()
    stream_of(app).grants.check_soon()
    wait_until(lambda: asked)
    assert asked[0][:3] == ("GET", "pet_stream.webrtc_config", b"")
    wait_until(lambda: len(asked) == 1)
    stream_of(app).grants.check_soon()
    wait_until(lambda: len(asked) == 2)  # so it was held on
    assert "could not be asked again" not in caplog.text


def test_a_viewer_outlives_the_token_of_its_offer(app: Flask, host: Host) -> None:
    """Flask-WTF's is good for an hour."""
    app.secret_key = "secret"
    CSRFProtect(app)
    stream, client = stream_of(app), app.test_client()
    app.config["WTF_CSRF_CHECK_DEFAULT"] = False
    offer = {"type": "offer", "sdp": OFFER}
    assert client.post("/api/webrtc/offer", json=offer, headers=BEARER).status_code == 200
    app.config["WTF_CSRF_CHECK_DEFAULT"] = True
    for _ in range(2):  # the second time shows that the first did not end it
        host.asked.clear()
        stream.grants.check_soon()
        wait_until(lambda: host.asked)


def test_many_may_watch_where_the_host_knows_who_they_are(app: Flask, url: str) -> None:
    """We don't, so that they don't count as one device."""
    stream = stream_of(app)
    count = MAX_VIEWS + 2
    with ExitStack() as pages:
        for _ in range(count):
            page = pages.enter_context(WebSocket(url + "/api/stream/h264", None, **BEARER))
            assert page.receive()["type"] == "status"
        assert stream.places.active_count == count


def test_a_check_that_fails_means_no(
    app: Flask, url: str, host: Host, caplog: pytest.LogCaptureFixture
) -> None:
    with WebSocket(url + "/api/stream/ws", None, **BEARER) as page:
        page.receive()
        host.is_broken = True
        stream_of(app).grants.check_soon()
        assert page.close_code() == 4401
    assert "could not be asked again" in caplog.text


def test_every_message_over_a_websocket_needs_a_right(
    app: Flask, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All that there are need what their route does; one that needed more would be checked."""
    assert {message.right for message in MESSAGES.values()} == {Right.VIEW}
    stronger = replace(MESSAGES["ping"], right=Right.MANAGE)
    monkeypatch.setitem(MESSAGES, "ping", stronger)

    def only_view(right: str) -> bool:
        return right == "view"

    stream_of(app).authority = HostAuthority(app, only_view)
    with WebSocket(url + "/api/stream/ws") as page:
        page.send({"type": "ping", "t": 1})
        assert page.text("error")["code"] == "not_allowed"
