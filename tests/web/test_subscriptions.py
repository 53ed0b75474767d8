"""Detections over the state's WebSocket, for pages that have subscribed."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask

from pet_stream.stream import Stream
from tests.apps import mounted_app, stream_of
from tests.camera.detector import Detector
from tests.waiting import wait_until
from tests.websocket.client import WebSocket, deaf_client, masked, served

from .test_stream_detections import next_event, open_events

PATH = "/api/stream/ws"
SUBSCRIBE = {"type": "subscribe", "to": "detections"}
UNSUBSCRIBE = {"type": "unsubscribe", "to": "detections"}


@pytest.fixture
def app(segment_name: str, tmp_path: Path) -> Iterator[Flask]:
    # nothing is remembered: that has a reader, too
    with mounted_app(
        tmp_path,
        DETECTIONS_SHM=f"{segment_name}_detections",
        PREROLL_SECONDS=0,
        REPLAY_SECONDS=0,
    ) as app:
        yield app


@pytest.fixture
def stream(app: Flask) -> Stream:
    return stream_of(app)


@pytest.fixture
def address(app: Flask) -> Iterator[str]:
    with served(app) as address:
        yield address


@pytest.fixture
def detector(segment_name: str) -> Iterator[Detector]:
    with Detector(f"{segment_name}_detections") as detector:
        yield detector


def is_reading() -> bool:
    return any(thread.name.endswith("-detections") for thread in threading.enumerate())


def attached(stream: Stream, count: int = 1) -> None:
    detections = stream.detections
    assert detections is not None
    wait_until(lambda: detections.counts.attachments == count)


def barrier(page: WebSocket) -> None:
    """All that the page has said is done."""
    page.send({"type": "ping", "t": 0})
    page.text("pong")


def test_a_subscriber_gets_what_events_tell(
    address: str, stream: Stream, detector: Detector
) -> None:
    with WebSocket(address + PATH) as page, open_events(address.replace("ws", "http")) as events:
        page.send(SUBSCRIBE)
        barrier(page)
        attached(stream)
        detector.write(10**6, time.monotonic_ns(), name="cat")
        told = page.text("detections")
        assert told.pop("type") == "detections"
        assert told == next_event(events)
        assert told["detections"][0]["class_name"] == "cat"


def test_only_subscribers_get_them_and_without_any_nobody_reads(
    address: str, stream: Stream, detector: Detector
) -> None:
    feed = stream.live_state.feed
    with WebSocket(address + PATH) as page, WebSocket(address + PATH) as other:
        barrier(page)
        assert not is_reading()
        page.send(SUBSCRIBE)
        page.send(SUBSCRIBE)
        wait_until(lambda: feed.subscriber_count == 1)
        attached(stream)
        detector.write(10**6, time.monotonic_ns())
        page.text("detections")
        barrier(other)
        assert is_reading()
        page.send(UNSUBSCRIBE)
        page.send(UNSUBSCRIBE)
        barrier(page)
        assert feed.subscriber_count == 0
        wait_until(lambda: not is_reading())
        page.send(SUBSCRIBE)
        attached(stream, 2)
        detector.write(10**6 + 1, time.monotonic_ns())
        assert page.text("detections")["frame_number"] == 10**6 + 1


def test_who_goes_has_unsubscribed(address: str, stream: Stream) -> None:
    with WebSocket(address + PATH) as page:
        page.send(SUBSCRIBE)
        wait_until(lambda: stream.live_state.feed.subscriber_count == 1)
    wait_until(lambda: stream.live_state.feed.subscriber_count == 0)
    wait_until(lambda: not is_reading())


def test_a_page_that_does_not_read_holds_up_nobody(
    address: str, stream: Stream, detector: Detector
) -> None:
    subscribe = masked(1, b'{"type":"subscribe","to":"detections"}')
    with deaf_client(address + PATH) as deaf, WebSocket(address + PATH) as page:
        deaf.sendall(subscribe)
        page.send(SUBSCRIBE)
        wait_until(lambda: stream.live_state.feed.subscriber_count == 2)
        attached(stream)
        for number in range(10**6, 10**6 + 10):
            detector.write(number, time.monotonic_ns())
            assert page.text("detections")["frame_number"] == number


def test_a_stop_ends_it_and_after_a_start_it_goes_on(
    address: str, stream: Stream, detector: Detector
) -> None:
    with WebSocket(address + PATH) as page:
        page.send(SUBSCRIBE)
        attached(stream)
        stream.stop()
        assert page.close_code() == 1001
    assert not is_reading()
    stream.start()
    with WebSocket(address + PATH) as page:
        page.send(SUBSCRIBE)
        attached(stream, 2)
        detector.write(10**6, time.monotonic_ns())
        page.text("detections")


def test_without_a_detector_it_is_refused_and_the_state_goes_on(tmp_path: Path) -> None:
    with (
        mounted_app(tmp_path, DETECTIONS_SHM=None) as app,
        served(app) as address,
        WebSocket(address + PATH) as page,
    ):
        page.send(SUBSCRIBE)
        refusal = page.text("error")
        assert (refusal["of"], refusal["code"]) == ("detections", "not_found")
        barrier(page)


@pytest.mark.parametrize("to", [None, "", "state", 7, [], {"to": "detections"}])
def test_there_is_nothing_else_to_subscribe_to(address: str, stream: Stream, to: object) -> None:
    with WebSocket(address + PATH) as page:
        page.send({"type": "subscribe", "to": to})
        barrier(page)
        assert stream.live_state.feed.subscriber_count == 0
