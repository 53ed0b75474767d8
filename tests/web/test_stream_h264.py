from __future__ import annotations

import base64
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import av
import pytest
from flask import Flask

from pet_stream.media.h264.avcc import split_length_prefixed
from pet_stream.websocket.time_limits import TimeLimits
from pet_stream.websocket.video_outbox import LagLimits
from tests.apps import mounted_app, stream_of
from tests.camera.camera import Camera
from tests.footage import encode, write_source
from tests.waiting import TIMEOUT_S, wait_until
from tests.websocket.client import WebSocket, deaf_client, header_of, served

PATH = "/api/stream/h264"
IDR, DISCONTINUITY = 1, 2


@pytest.fixture
def camera(segment_name: str, footage: Path) -> Iterator[Camera]:
    with Camera(segment_name, source=footage, fps=30) as camera:
        yield camera


@pytest.fixture(autouse=True)
def no_errors_are_logged(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    yield
    assert not [r.getMessage() for r in caplog.get_records("call") if r.levelname == "ERROR"]


@pytest.fixture
def live_app(camera: Camera, tmp_path: Path) -> Iterator[Flask]:
    with mounted_app(tmp_path, SHM=camera.segment, MAX_CLIENTS=2) as app:
        yield app


@pytest.fixture
def url(live_app: Flask) -> Iterator[str]:
    with served(live_app) as address:
        stream = stream_of(live_app)
        wait_until(lambda: stream.reader.status.state == "live")
        yield address + PATH


def test_pictures_from_the_cached_idr_on_can_be_decoded(url: str) -> None:
    with WebSocket(url) as viewer:
        assert viewer.receive() == {
            "type": "status",
            "camera": "live",
            "reason": "",
            "reason_code": "",
        }
        told = viewer.receive()
        assert told["type"] == "format"
        assert (told["width"], told["height"]) == (320, 240)
        messages = [viewer.binary() for _ in range(20)]
    record = base64.b64decode(told["avcc"])
    assert told["codec"] == f"avc1.{record[1:4].hex()}"

    headers = [header_of(message) for message in messages]
    assert headers[0][0] & IDR
    sequences = [sequence for _, sequence, _, _ in headers]
    assert sequences == list(range(sequences[0], sequences[0] + 20))
    captured_us = [capture_us for _, _, capture_us, _ in headers]
    assert captured_us == sorted(captured_us)
    assert abs(time.monotonic_ns() / 1000 - captured_us[-1]) < TIMEOUT_S * 1e6
    assert abs(time.time_ns() / 1000 - headers[-1][3]) < TIMEOUT_S * 1e6

    decoder = av.CodecContext.create("h264", "r")
    decoder.extradata = record
    decoder.thread_count = 1
    frames = []
    for message in messages:
        assert not {n[0] & 31 for n in split_length_prefixed(message[24:])} & {7, 8}
        frames += decoder.decode(av.Packet(message[24:]))
    assert len(frames + decoder.decode(None)) == 20


def test_messages_come_soon_after_the_picture(url: str) -> None:
    with WebSocket(url) as viewer:
        viewer.receive_until(
            lambda m: isinstance(m, bytes) and time.monotonic_ns() / 1000 - header_of(m)[2] < 50_000
        )


def test_all_viewers_get_the_same_bytes(url: str) -> None:
    with WebSocket(url) as first, WebSocket(url) as second:
        begin = header_of(second.binary())[1]
        messages = {header_of(m)[1]: m for m in (second.binary() for _ in range(5))}
        while header_of(message := first.binary())[1] < begin + 5:
            sequence = header_of(message)[1]
            assert message == messages.get(sequence, message)


def test_one_viewer_too_many_is_told_and_closed(url: str, live_app: Flask) -> None:
    with WebSocket(url), WebSocket(url):
        wait_until(lambda: stream_of(live_app).video_viewers.viewer_count == 2)
        with WebSocket(url) as third:
            refusal = third.receive()
            assert (refusal["type"], refusal["code"]) == ("error", "full")
            assert refusal["retry_after_s"] == 5
            assert third.close_code() == 4503
    assert stream_of(live_app).http_counts.rejected["full"] == 1
    assert stream_of(live_app).video_viewers.first_pictures.waits.read().counts[-1][1] == 2
    wait_until(lambda: stream_of(live_app).places.active_count == 0)
    with WebSocket(url) as later:
        assert later.binary()


def test_viewers_of_all_kinds_share_the_places(url: str, live_app: Flask) -> None:
    places = [stream_of(live_app).places.acquire() for _ in range(2)]
    with WebSocket(url) as viewer:
        assert viewer.close_code() == 4503
    places[0].release()
    with WebSocket(url) as viewer:
        assert viewer.binary()


@pytest.mark.parametrize("origin", ["http://evil.example", "null"])
def test_foreign_pages_are_refused(url: str, live_app: Flask, origin: str) -> None:
    with WebSocket(url, Origin=origin) as viewer:
        assert viewer.receive()["code"] == "origin"
        assert viewer.close_code() == 4403
    assert stream_of(live_app).places.total_count == 0
    assert stream_of(live_app).http_counts.rejected["origin"] == 1


def test_our_own_and_allowed_pages_may_watch(url: str) -> None:
    own = f"http://{urlsplit(url).netloc}"
    for origin in (own, "http://localhost:8080"):
        with WebSocket(url, None, **{"Origin": origin, "Sec-Fetch-Site": "same-site"}) as viewer:
            assert viewer.binary()


def test_a_viewer_that_leaves_frees_its_place_at_once(url: str, live_app: Flask) -> None:
    with WebSocket(url) as viewer:
        viewer.binary()
        assert stream_of(live_app).places.active_count == 1
    wait_until(lambda: stream_of(live_app).places.active_count == 0)
    wait_until(lambda: not stream_of(live_app).broadcaster.has_urgent_subscriber)


def test_a_viewer_that_vanished_frees_its_place(url: str, live_app: Flask) -> None:
    stream = stream_of(live_app)
    stream.connections.limits = TimeLimits(silence_s=0.6)
    with deaf_client(url, receive_buffer=1 << 20):
        wait_until(lambda: stream.connections.vanished_count == 1)
        assert stream.places.total_count == 1
        wait_until(lambda: stream.places.active_count == 0)


def test_a_stalled_viewer_costs_the_others_nothing(segment_name: str, tmp_path: Path) -> None:
    """Its window is full within a second; the other one goes on getting every picture."""
    source = tmp_path / "source"
    write_source(source, encode(640, 480, pictures=28, bit_rate=20_000_000))
    with (
        Camera(segment_name, source=source, fps=30),
        mounted_app(tmp_path, SHM=segment_name) as app,
        served(app) as address,
    ):
        stream = stream_of(app)
        stream.video_viewers.limits = LagLimits(lag_s=2.0)
        wait_until(lambda: stream.reader.status.state == "live")
        with deaf_client(address + PATH), WebSocket(address + PATH) as other:
            first = header_of(other.binary())[1]
            wait_until(lambda: stream.video_viewers.counts.frames_dropped > 0)
            for expected in range(first + 1, first + 60):
                assert header_of(other.binary())[1] == expected
        wait_until(lambda: stream.places.active_count == 0)


def test_who_was_too_slow_goes_on_at_an_idr(segment_name: str, tmp_path: Path) -> None:
    source = tmp_path / "source"
    write_source(source, encode(640, 480, pictures=28, bit_rate=20_000_000))
    with (
        Camera(segment_name, source=source, fps=30),
        mounted_app(tmp_path, SHM=segment_name) as app,
        served(app) as address,
    ):
        stream_of(app).video_viewers.limits = LagLimits(lag_s=0.5)
        counts = stream_of(app).video_viewers.counts
        wait_until(lambda: stream_of(app).reader.status.state == "live")
        with WebSocket(address + PATH) as viewer:
            _, last, _, _ = header_of(viewer.binary())
            with viewer.not_reading():
                wait_until(lambda: counts.frames_dropped > 0)
            while (header := header_of(viewer.binary()))[1] == last + 1:
                last = header[1]
            assert header[0] & IDR
            viewer.receive_until(
                lambda m: (
                    isinstance(m, bytes) and time.monotonic_ns() / 1000 - header_of(m)[2] < 200_000
                )
            )


def test_camera_restarts_with_another_format(
    segment_name: str, footage: Path, tmp_path: Path
) -> None:
    larger = tmp_path / "larger"
    write_source(larger, encode(640, 480, pictures=28, profile="high"))
    with (
        mounted_app(tmp_path, SHM=segment_name) as app,
        served(app) as address,
        WebSocket(address + PATH) as viewer,
    ):
        assert viewer.receive()["camera"] == "offline"
        with Camera(segment_name, source=footage, fps=30):
            assert viewer.text("format")["width"] == 320
            assert header_of(viewer.receive())[0] == IDR | DISCONTINUITY
        viewer.receive_until(lambda m: isinstance(m, dict) and m.get("camera") == "offline")
        with Camera(segment_name, source=larger, fps=30):
            told = viewer.text("format")
            assert (told["width"], told["codec"][:9]) == (640, "avc1.6400")
            assert header_of(viewer.receive())[0] == IDR | DISCONTINUITY


def test_a_stopping_server_says_goodbye(live_app: Flask) -> None:
    with served(live_app) as address:
        with WebSocket(address + PATH) as viewer:
            viewer.binary()
            threading.Thread(target=stream_of(live_app).stop).start()
            assert viewer.close_code() == 1001
        wait_until(lambda: stream_of(live_app).places.active_count == 0)
        stream_of(live_app).start()
        with WebSocket(address + PATH) as viewer:
            viewer.binary()


def test_an_ordinary_request_is_told_to_upgrade(live_app: Flask) -> None:
    answer = live_app.test_client().get(PATH)
    assert answer.status_code == 426
    assert answer.headers["Upgrade"] == "websocket"
    assert answer.get_json()["code"] == "upgrade_required"


def test_half_a_handshake_is_a_bad_request(live_app: Flask) -> None:
    client = live_app.test_client()
    headers = {"Connection": "Upgrade", "Upgrade": "websocket"}
    stream_of(live_app).start()
    assert client.get(PATH, headers=headers).status_code == 400
    headers |= {"Sec-WebSocket-Key": "AAAAAAAAAAAAAAAAAAAAAA==", "Sec-WebSocket-Version": "13"}
    answer = client.get(PATH, headers=headers)
    assert answer.status_code == 400
    assert "gunicorn" in answer.get_json()["error"]  # the test client has no socket
