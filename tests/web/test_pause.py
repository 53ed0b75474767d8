"""While the camera is paused nobody sees and nothing records, by any route."""

from __future__ import annotations

import asyncio
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import av
import pytest
from flask import Flask
from flask.testing import FlaskClient

from pet_stream.media.access_unit import ticks_90k
from pet_stream.rights import ROLES, Right
from pet_stream.web.accounts_authority import AccountsAuthority
from tests.apps import mounted_app, stream_of
from tests.camera.camera import Camera
from tests.camera.detector import Detector
from tests.waiting import TIMEOUT_S, wait_until
from tests.webrtc.viewer import Viewer
from tests.websocket.client import WebSocket, header_of, served

PAUSE = "/pet-stream/api/pause"
OFFER = (Path(__file__).parent.parent / "webrtc" / "offers" / "chromium-156.sdp").read_text()


@pytest.fixture
def app(segment_name: str, footage: Path, tmp_path: Path) -> Iterator[Flask]:
    """Its camera is running, and it has pictures in memory."""
    with (
        Camera(segment_name, source=footage, fps=30),
        mounted_app(tmp_path, SHM=segment_name) as app,
    ):
        client = app.test_client()
        wait_until(lambda: client.get("/health").get_json()["status"] == "ok")
        wait_until(lambda: stream_of(app).broadcaster.replay_bytes > 0)
        yield app


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    return app.test_client()


def wait_until_live(app: Flask) -> None:
    wait_until(lambda: stream_of(app).broadcaster.has_gop)


REFUSED = [
    ("POST", "/api/recording/start"),
    ("POST", "/api/recording/clip"),
    ("POST", "/start"),
    ("GET", "/api/snapshot.jpg"),
]


@pytest.mark.parametrize(("method", "path"), REFUSED)
def test_nothing_is_recorded_or_shown(client: FlaskClient, method: str, path: str) -> None:
    assert client.post(PAUSE).get_json()["paused"] is True
    answer = client.open(path, method=method)
    assert answer.status_code == 409
    assert "paused" in answer.get_json()["error"]
    assert stream_of(client.application).recorder.status.is_recording is False
    client.delete(PAUSE)
    wait_until_live(client.application)
    assert client.open(path, method=method).status_code == 200


def test_a_snapshot_of_a_moment_ago_is_not_shown_either(client: FlaskClient) -> None:
    assert client.get("/api/snapshot.jpg").status_code == 200
    client.post(PAUSE)
    assert client.get("/api/snapshot.jpg").get_json()["code"] == "paused"


def test_the_memory_is_empty_at_once_and_stays_so(client: FlaskClient) -> None:
    stream = stream_of(client.application)
    client.post(PAUSE)
    assert stream.broadcaster.replay_bytes == 0
    assert stream.broadcaster.since(0) == stream.broadcaster.gop == ()
    read = stream.reader.counts.frames_read
    wait_until(lambda: stream.reader.counts.frames_read >= read + 10)
    assert stream.broadcaster.replay_bytes == 0
    assert stream.broadcaster.since(0) == stream.broadcaster.gop == ()


def test_it_goes_on_with_a_picture_taken_after_the_pause(client: FlaskClient) -> None:
    stream = stream_of(client.application)
    client.post(PAUSE)
    read = stream.reader.counts.frames_read
    wait_until(lambda: stream.reader.counts.frames_read >= read + 10)
    newest = stream.broadcaster.clean_start_ns or 0
    client.delete(PAUSE)
    wait_until_live(client.application)
    first = stream.broadcaster.since(0)[0]
    assert first.is_entry_point
    assert first.is_discontinuity
    assert first.capture_ns > newest


def test_a_recording_that_runs_is_ended_in_order(client: FlaskClient) -> None:
    started = client.post("/api/recording/start").get_json()
    wait_until(lambda: client.get("/api/recording/status").get_json()["frame_count"] > 20)
    client.post(PAUSE)
    wait_until(lambda: not client.get("/api/recording/status").get_json()["recording"])
    ended = client.get("/api/recording/status").get_json()
    assert (ended["stop_code"], ended["failed"]) == ("paused", False)
    assert client.get("/health").get_json()["status"] == "ok"
    path = stream_of(client.application).config.record_path / started["filename"]
    with av.open(path) as file:
        assert len(list(file.decode(video=0))) == ended["frame_count"]


def test_a_recording_that_waits_for_a_picture_is_no_failure(tmp_path: Path) -> None:
    with mounted_app(tmp_path) as app:
        client = app.test_client()
        assert client.post("/api/recording/start").get_json()["waiting"] is True
        client.post(PAUSE)
        wait_until(lambda: not client.get("/api/recording/status").get_json()["recording"])
        assert client.get("/api/recording/status").get_json()["failed"] is False


def test_it_is_told_everywhere(client: FlaskClient) -> None:
    client.post(PAUSE, json={"hours": 2})
    health = client.get("/health").get_json()
    assert (health["status"], health["camera"]["state"]) == ("ok", "paused")
    assert (health["reasons"], health["notice_codes"][-1]) == ([], "paused")
    assert health["pause"] == client.get(PAUSE).get_json()
    assert (health["pause"]["paused"], health["pause"]["cause"]) == (True, "hand")
    assert health["pause"]["ends_at"] is not None
    metrics = client.get("/metrics").get_data(as_text=True)
    assert "\npet_stream_paused 1.0\n" in metrics
    client.delete(PAUSE)
    assert client.get(PAUSE).get_json() == {"paused": False, "cause": None, "ends_at": None}
    assert "\npet_stream_paused 0.0\n" in client.get("/metrics").get_data(as_text=True)


def test_viewers_stay_are_told_and_get_no_picture(app: Flask) -> None:
    client = app.test_client()
    with (
        served(app) as url,
        WebSocket(url + "/api/stream/h264") as viewer,
        WebSocket(url + "/api/stream/ws") as page,
    ):
        viewer.binary()
        client.post(PAUSE)
        paused_us = time.monotonic_ns() // 1000
        viewer.receive_until(lambda message: is_status(message, "paused"))
        told = page.receive_until(lambda message: message["pause"]["paused"])
        assert (told["camera"]["state"], told["camera"]["reason_code"]) == ("paused", "paused")
        read = stream_of(app).reader.counts.frames_read
        wait_until(lambda: stream_of(app).reader.counts.frames_read >= read + 10)
        ended_us = time.monotonic_ns() // 1000
        client.delete(PAUSE)
        while (taken_us := header_of(viewer.binary())[2]) < ended_us:
            assert taken_us < paused_us
        assert stream_of(app).places.active_count == 1


def test_viewers_over_webrtc_get_no_picture_either(app: Flask) -> None:
    client, counts = app.test_client(), stream_of(app).reader.counts

    def offer(sdp: str) -> str:
        body = {"type": "offer", "sdp": sdp}
        return str(client.post("/api/webrtc/offer", json=body).get_json()["sdp"])

    def pause() -> range:
        """Returns the RTP timestamps of the pictures that nobody was to see."""
        client.post(PAUSE)
        begun, read = ticks_90k(time.monotonic_ns()), counts.frames_read
        wait_until(lambda: counts.frames_read >= read + 10)
        ended = ticks_90k(time.monotonic_ns())
        client.delete(PAUSE)
        return range(begun, ended)

    async def watch() -> None:
        viewer = Viewer()
        try:
            await viewer.accept(await asyncio.to_thread(offer, await viewer.offer()))
            await asyncio.wait_for(viewer.has(5), TIMEOUT_S)
            hidden = await asyncio.to_thread(pause)
            seen = len(viewer.timestamps)
            await asyncio.wait_for(viewer.has(seen + 5), TIMEOUT_S)
            modulus = 1 << 32
            length = (hidden.stop - hidden.start) % modulus
            assert length > 3000  # several pictures
            since = [(stamp - hidden.start) % modulus for stamp in viewer.timestamps]
            assert not [ticks for ticks in since if ticks < length]
        finally:
            await viewer.close()

    asyncio.run(watch())


def is_status(message: Any, *states: str) -> bool:
    return isinstance(message, dict) and message.get("camera") in states


def test_who_comes_during_a_pause_waits(app: Flask) -> None:
    client = app.test_client()
    with served(app) as url:
        client.post(PAUSE)
        offered = client.post("/api/webrtc/offer", json={"type": "offer", "sdp": OFFER})
        assert offered.status_code == 200
        with WebSocket(url + "/api/stream/h264") as viewer:
            assert is_status(viewer.receive(), "paused")
        client.delete(f"/api/webrtc/{offered.get_json()['pc_id']}")


def test_detections_are_silent(segment_name: str, footage: Path, tmp_path: Path) -> None:
    shm = f"{segment_name}_detections"
    with (
        Detector(shm) as detector,
        Camera(segment_name, source=footage, fps=30),
        mounted_app(tmp_path, SHM=segment_name, DETECTIONS_SHM=shm) as app,
    ):
        client = app.test_client()
        stream = stream_of(app)
        stream.start()
        assert stream.detections is not None
        listener = stream.detections.listen()
        counts = stream.detections.counts
        wait_until(lambda: counts.attachments == 1)
        detector.write(1_000_000)
        assert listener.take(TIMEOUT_S) is not None
        client.post(PAUSE)
        detector.write(1_000_001)
        assert listener.take(0.3) is None
        client.delete(PAUSE)
        detector.write(1_000_002)  # of no picture that was published
        assert listener.take(0.3) is None
        stream.detections.leave(listener)


def test_a_restart_keeps_it(segment_name: str, footage: Path, tmp_path: Path) -> None:
    with Camera(segment_name, source=footage, fps=30):
        with mounted_app(tmp_path, SHM=segment_name) as app:
            app.test_client().post(PAUSE)
        with mounted_app(tmp_path, SHM=segment_name) as app:
            client = app.test_client()
            assert client.post("/api/recording/start").get_json()["code"] == "paused"
            stream = stream_of(app)
            wait_until(lambda: stream.reader.counts.frames_read >= 10)
            assert stream.broadcaster.replay_bytes == 0


def test_the_schedule_holds_from_the_first_picture_on(
    segment_name: str, footage: Path, tmp_path: Path
) -> None:
    with (
        Camera(segment_name, source=footage, fps=30),
        mounted_app(tmp_path, SHM=segment_name, PAUSE_SCHEDULE=["00:00-24:00"]) as app,
    ):
        client = app.test_client()
        assert client.get(PAUSE).get_json()["cause"] == "schedule"
        stream = stream_of(app)
        wait_until(lambda: stream.reader.counts.frames_read >= 10)
        assert stream.broadcaster.replay_bytes == 0
        client.delete(PAUSE)
        wait_until_live(app)


@pytest.mark.parametrize("hours", [0, -1, "2", True, [], 8761, 1e400])
def test_hours_that_are_none_begin_no_pause(tmp_path: Path, hours: object) -> None:
    with mounted_app(tmp_path) as app:
        client = app.test_client()
        answer = client.post(PAUSE, json={"hours": hours})
        assert answer.status_code == 400
        assert client.get(PAUSE).get_json()["paused"] is False


def test_only_who_may_manage_begins_and_ends_it(tmp_path: Path) -> None:
    rights = set(ROLES["family"])
    with mounted_app(tmp_path, authorize=lambda right: Right(right) in rights) as app:
        client = app.test_client()
        assert client.post(PAUSE).status_code == 403
        assert client.delete(PAUSE).status_code == 403
        assert client.get(PAUSE).get_json()["paused"] is False
        rights.add(Right.MANAGE)
        assert client.post(PAUSE).status_code == 200


def test_the_log_says_who(tmp_path: Path) -> None:
    with (
        mounted_app(tmp_path, AUTH="builtin", ACCOUNTS=tmp_path / "accounts.json") as app,
        served(app) as url,
    ):
        authority = stream_of(app).authority
        assert isinstance(authority, AccountsAuthority)
        token = authority.accounts.add_token("Button", ["manage"], by="test")
        request = urllib.request.Request(
            url.replace("ws", "http") + PAUSE,
            method="POST",
            headers={"Authorization": f"Bearer {token}"},
        )
        with urllib.request.urlopen(request, timeout=TIMEOUT_S) as answer:
            assert answer.status == 200
        assert "Button: pauses the camera" in (tmp_path / "accounts.log").read_text()
