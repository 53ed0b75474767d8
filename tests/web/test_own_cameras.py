"""Viewers who ask for one of the cameras behind a relay."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from tests.apps import mounted_app, stream_of, thread_names
from tests.camera.camera import Camera
from tests.footage import encode, write_source
from tests.waiting import wait_until
from tests.webrtc.viewer import Viewer
from tests.websocket.client import WebSocket, served

from .test_signaling import CHROMIUM

PATH = "/api/stream/h264"


@pytest.fixture
def camera(
    segment_name: str, footage: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Camera]:
    """The day camera is active, at 320×240; the night camera's pictures are 160×120."""
    night = tmp_path_factory.mktemp("night") / "scene"
    write_source(night, encode(160, 120, fps=30, gop=4, pictures=12))
    with Camera(
        segment_name,
        relay=True,
        relay_rate=606,
        swap_rates=True,
        source=footage,
        night_source=night,
    ) as camera:
        yield camera


@pytest.fixture
def live_app(camera: Camera, tmp_path: Path) -> Iterator[Flask]:
    with mounted_app(tmp_path, SHM=camera.segment) as app:
        yield app


@pytest.fixture
def url(live_app: Flask) -> Iterator[str]:
    with served(live_app) as address:
        wait_until(lambda: stream_of(live_app).camera_status.state == "live")
        yield address + PATH


def size_told(viewer: WebSocket) -> tuple[int, int]:
    told = viewer.receive_until(lambda m: isinstance(m, dict) and m["type"] == "format")
    return told["width"], told["height"]


def readers(app: Flask) -> list[str]:
    return [name for name in thread_names() if name.endswith(("-night-camera", "-day-camera"))]


def test_each_camera_can_be_watched_beside_the_other(url: str, live_app: Flask) -> None:
    with WebSocket(f"{url}?camera=night") as night, WebSocket(url) as active:
        assert size_told(night) == (160, 120)
        assert size_told(active) == (320, 240)
        assert night.binary()
        assert stream_of(live_app).websocket_viewer_count == 2
        with WebSocket(f"{url}?camera=day") as day:
            assert size_told(day) == (320, 240)


def test_a_camera_that_nobody_watches_is_not_read(url: str, live_app: Flask) -> None:
    assert readers(live_app) == []
    for _ in range(2):
        with WebSocket(f"{url}?camera=night") as night:
            assert night.binary()
            assert len(readers(live_app)) == 1
        wait_until(lambda: readers(live_app) == [])


def test_webrtc_viewers_may_ask_for_it_too(url: str, live_app: Flask) -> None:
    stream = stream_of(live_app)

    async def watch() -> list[bytes]:
        viewer = Viewer()
        try:
            view = stream.view("night")
            answer = await stream.peers.get().answer(await viewer.offer(), view=view)
            await viewer.accept(answer.sdp)
            return await viewer.has(2)
        finally:
            await viewer.close()

    stream.peers.get()
    first, _ = stream.event_loop.call(watch(), 20)
    assert first.startswith(b"\0\0\0\1")
    wait_until(lambda: readers(live_app) == [])


def test_players_of_others_may_ask_for_it_too(url: str, live_app: Flask) -> None:
    stream = stream_of(live_app)
    stream.peers.get()

    async def make() -> tuple[Viewer, str]:
        viewer = Viewer()
        return viewer, await viewer.offer()

    async def watch(viewer: Viewer, answer: str) -> None:
        try:
            await viewer.accept(answer)
            await viewer.has(2)
        finally:
            await viewer.close()

    viewer, sdp = stream.event_loop.call(make(), 20)
    path = "/whep?camera=night"
    answer = live_app.test_client().post(path, data=sdp, content_type="application/sdp")
    assert answer.status_code == 201
    stream.event_loop.call(watch(viewer, answer.text), 20)
    wait_until(lambda: readers(live_app) == [])


def test_health_tells_which_camera_is_active(url: str, live_app: Flask, camera: Camera) -> None:
    client = live_app.test_client()

    def active() -> object:
        return client.get("/health").get_json()["camera"]["active"]

    assert active() == "day"
    camera.command("camera 1")
    wait_until(lambda: active() == "night")


@pytest.mark.parametrize("name", ["", "evening", "day2", "ACTIVE"])
def test_other_names_are_refused(client: FlaskClient, url: str, name: str) -> None:
    body = {"type": "offer", "sdp": CHROMIUM, "camera": name}
    answer = client.post("/api/webrtc/offer", json=body)
    assert answer.status_code == 400
    assert answer.get_json()["error"] == "camera: active, day or night"
    with WebSocket(f"{url}?camera={name}") as viewer:
        assert viewer.receive()["type"] == "error"


@pytest.mark.parametrize("camera_asked_for", [7, None, ["night"]])
def test_what_is_no_name_is_refused(client: FlaskClient, camera_asked_for: object) -> None:
    body = {"type": "offer", "sdp": CHROMIUM, "camera": camera_asked_for}
    assert client.post("/api/webrtc/offer", json=body).status_code == 400


def test_a_camera_without_a_ring_of_its_own_is_not_found(client: FlaskClient) -> None:
    body = {"type": "offer", "sdp": CHROMIUM, "camera": "night"}
    answer = client.post("/api/webrtc/offer", json=body)
    assert answer.status_code == 404
    assert "night camera" in answer.get_json()["error"]


def test_many_who_come_and_go_leave_nothing(url: str, live_app: Flask) -> None:
    def come_and_go() -> None:
        for _ in range(4):
            with WebSocket(f"{url}?camera=night") as viewer:
                viewer.binary()

    threads = [threading.Thread(target=come_and_go) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    wait_until(lambda: readers(live_app) == [])
    assert stream_of(live_app).places.active_count == 0
