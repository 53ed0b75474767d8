from __future__ import annotations

import json
import socket
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from http.client import HTTPResponse
from pathlib import Path
from typing import Any

import pytest

from pet_stream.detections.listener import ListeningLimits
from tests.apps import mounted_app, stream_of
from tests.camera.camera import Camera
from tests.camera.detector import Detector
from tests.waiting import TIMEOUT_S, wait_until
from tests.websocket.client import WebSocket, header_of, served

PATH = "/api/stream/detections"


@pytest.fixture
def url(
    segment_name: str,
    footage: Path,
    tmp_path: Path,
    detector: Detector,
) -> Iterator[str]:
    """Of an app with a camera."""
    shm = f"{segment_name}_detections"
    with (
        Camera(segment_name, source=footage, fps=30),
        mounted_app(tmp_path, SHM=segment_name, DETECTIONS_SHM=shm) as app,
        served(app) as address,
    ):
        stream = stream_of(app)
        detections = stream.detections
        assert detections is not None
        listener = detections.listen()
        wait_until(lambda: detections.counts.attachments == 1)
        wait_until(lambda: stream.reader.status.state == "live")
        detections.limits = ListeningLimits(keep_alive_s=0.2, look_s=0.1)
        yield address.replace("ws://", "http://")
        detections.leave(listener)


@pytest.fixture
def detector(segment_name: str) -> Iterator[Detector]:
    with Detector(f"{segment_name}_detections") as detector:
        yield detector


def open_events(url: str) -> HTTPResponse:
    response: HTTPResponse = urllib.request.urlopen(url + PATH, timeout=TIMEOUT_S)
    assert response.headers["Content-Type"] == "text/event-stream; charset=utf-8"
    assert response.headers["Cache-Control"] == "no-store"
    return response


def next_event(response: HTTPResponse) -> dict[str, Any]:
    deadline_s = time.monotonic() + TIMEOUT_S
    for line in response:
        assert time.monotonic() < deadline_s, "only signs of life"
        if line.startswith(b"data: "):
            event: dict[str, Any] = json.loads(line[6:])
            return event
    raise AssertionError("the stream has ended")


def test_boxes_name_their_picture_as_the_video_does(
    url: str, detector: Detector, segment_name: str
) -> None:
    with open_events(url) as events:
        assert events.readline().startswith(b"retry: ")
        with WebSocket(url.replace("http://", "ws://") + "/api/stream/h264") as viewer:
            viewer.binary()
            for number in range(100_000, 100_003):
                capture_us = header_of(viewer.binary())[2]
                detector.write(number, capture_us * 1000, name="cat")
                event = next_event(events)
                assert event["frame_number"] == number
                assert event["detections"] == [
                    {
                        "class_name": "cat",
                        "confidence": 0.75,
                        "bbox": {"x": 10, "y": 20, "w": 30, "h": 40},
                    }
                ]
                assert event["matched"]
                assert event["capture_us"] == capture_us
                assert abs(event["rtp_timestamp"] - capture_us * 9 // 100 % 2**32) <= 1


def test_every_page_gets_every_event(url: str, detector: Detector) -> None:
    with open_events(url) as first, open_events(url) as second:
        for number in (3, 4):
            detector.write(10**6 + number, time.monotonic_ns())
            event = next_event(first)
            assert event == next_event(second)
            assert event["frame_number"] == 10**6 + number


def test_a_page_that_has_gone_is_noticed(segment_name: str, tmp_path: Path) -> None:
    with (
        mounted_app(tmp_path, DETECTIONS_SHM=f"{segment_name}_detections") as app,
        served(app) as address,
    ):
        stream = stream_of(app)
        detections = stream.detections
        assert detections is not None
        detections.limits = ListeningLimits(keep_alive_s=0.05, look_s=0.05)
        with open_events(address.replace("ws://", "http://")):
            wait_until(lambda: stream.listener_places.active_count == 1)
        wait_until(lambda: stream.listener_places.active_count == 0)
        wait_until(lambda: detections.listener_count == 0)


def test_a_page_that_does_not_read_holds_up_nobody(url: str, detector: Detector) -> None:
    host, port = url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port))) as deaf, open_events(url) as events:
        deaf.sendall(f"GET {PATH} HTTP/1.1\r\nHost: {host}\r\n\r\n".encode())
        detector.write(10**6, time.monotonic_ns())
        assert next_event(events)["frame_number"] == 10**6


def test_stopping_ends_it(segment_name: str, tmp_path: Path) -> None:
    with (
        mounted_app(tmp_path, DETECTIONS_SHM=f"{segment_name}_detections") as app,
        served(app) as address,
        open_events(address.replace("ws://", "http://")) as events,
    ):
        threading.Thread(target=stream_of(app).stop).start()
        assert events.read().startswith(b"retry: ")


def test_without_a_detector_there_is_no_stream(tmp_path: Path) -> None:
    with mounted_app(tmp_path, DETECTIONS_SHM=None) as app:
        answer = app.test_client().get(PATH)
    assert answer.status_code == 404
    assert answer.get_json()["code"] == "not_found"


def test_more_pages_than_there_are_places_are_refused(segment_name: str, tmp_path: Path) -> None:
    with mounted_app(tmp_path, DETECTIONS_SHM=f"{segment_name}_detections") as app:
        places = stream_of(app).listener_places
        taken = [places.acquire() for _ in range(places.max_clients)]
        refusal = app.test_client().get(PATH)
        assert refusal.status_code == 503
        assert refusal.headers["Retry-After"]
        taken[0].release()
        with app.test_client().get(PATH) as answer:
            assert answer.status_code == 200
        wait_until(lambda: places.active_count == places.max_clients - 1)
