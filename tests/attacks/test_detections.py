"""Listeners of detections that vanish at the wrong moment, or never read, cost nobody a place."""

from __future__ import annotations

import contextlib
import socket
import struct
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask

from pet_stream.detections.listener import ListeningLimits
from pet_stream.detections.listeners import Detections
from pet_stream.stream import Stream
from tests.apps import mounted_app, stream_of
from tests.attacks.http_clients import ask, connect, descriptor_count, read_to_end
from tests.test_lifecycle import no_more_threads
from tests.waiting import TIMEOUT_S, wait_until
from tests.websocket.client import WebSocket, served

PATH = "/api/stream/detections"


@pytest.fixture
def app(segment_name: str, tmp_path: Path) -> Iterator[Flask]:
    with mounted_app(tmp_path, DETECTIONS_SHM=f"{segment_name}_detections") as app:
        yield app


@pytest.fixture
def stream(app: Flask) -> Stream:
    return stream_of(app)


@pytest.fixture
def detections(stream: Stream) -> Detections:
    assert stream.detections is not None
    return stream.detections


@pytest.fixture
def port(app: Flask) -> Iterator[int]:
    with served(app) as address:
        yield int(address.rpartition(":")[2])


def request_of(method: str) -> bytes:
    head = f"{method} {PATH} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n"
    return head.encode()


def reset(client: socket.socket) -> None:
    client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    client.close()


@pytest.mark.parametrize("method", ["HEAD", "OPTIONS", "POST"])
def test_only_get_takes_a_place(port: int, stream: Stream, method: str) -> None:
    with connect(port, request_of(method)) as client:
        assert read_to_end(client).startswith(b"HTTP/1.1 ")
    assert stream.listener_places.total_count == 0


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_who_asks_and_resets_costs_no_place(
    port: int, stream: Stream, detections: Detections, method: str
) -> None:
    """Werkzeug reads what follows a request before it closes the answer, and does not close it if
    that fails."""
    detections.limits = ListeningLimits(keep_alive_s=0.1, look_s=0.05)
    threads, descriptors = threading.active_count(), descriptor_count()
    clients = [connect(port, request_of(method)) for _ in range(20)]
    for client in clients:
        assert client.recv(15) == b"HTTP/1.1 200 OK"
        with contextlib.suppress(ConnectionError):  # answered already
            client.sendall(b"!")
        reset(client)
    wait_until(lambda: detections.listener_count == 0)
    assert stream.listener_places.active_count == 0
    wait_until(lambda: threading.active_count() <= threads)
    wait_until(lambda: descriptor_count() <= descriptors)
    with connect(port, request_of("GET")) as honest:
        assert honest.recv(15) == b"HTTP/1.1 200 OK"


def test_an_answer_that_is_never_read_from_is_a_lease(
    app: Flask, stream: Stream, detections: Detections
) -> None:
    """As when something of the host's fails behind our view."""
    detections.limits = ListeningLimits(max_idle_looks=10)
    stream.start()
    answer = app.test_client().get(PATH)
    assert answer.status_code == 200
    wait_until(lambda: stream.listener_places.active_count == 0)
    wait_until(lambda: detections.listener_count == 0)
    answer.close()


def test_stopping_gives_back_the_places_of_those_that_do_not_read(
    port: int, stream: Stream, detections: Detections
) -> None:
    with contextlib.ExitStack() as deaf:
        for _ in range(5):
            deaf.enter_context(connect(port, request_of("GET"), receive_buffer=4096))
        wait_until(lambda: stream.listener_places.active_count == 5)
        stream.stop()
        wait_until(lambda: stream.listener_places.active_count == 0)
        assert detections.listener_count == 0
        assert not [t for t in threading.enumerate() if t.name.endswith("-detections")]
        stream.start()
        assert stream.listener_places.active_count == 0


def test_without_a_thread_to_read_with_no_place_is_taken(
    app: Flask, stream: Stream, monkeypatch: pytest.MonkeyPatch
) -> None:
    stream.start()
    with no_more_threads(monkeypatch):
        refusal = app.test_client().get(PATH)
    assert refusal.status_code == 503
    assert refusal.get_json()["code"] == "busy"
    assert stream.listener_places.active_count == 0
    with app.test_client().get(PATH) as answer:
        assert answer.status_code == 200


def test_who_subscribes_and_unsubscribes_all_the_time_starts_no_thread_each_time(
    port: int, stream: Stream, monkeypatch: pytest.MonkeyPatch
) -> None:
    started: list[str] = []
    start = threading.Thread.start

    def counted(thread: threading.Thread) -> None:
        started.append(thread.name)
        start(thread)

    monkeypatch.setattr(threading.Thread, "start", counted)
    with WebSocket(f"ws://127.0.0.1:{port}/api/stream/ws") as page:
        for _ in range(20):
            page.send({"type": "subscribe", "to": "detections"})
            page.send({"type": "unsubscribe", "to": "detections"})
        page.send({"type": "ping", "t": 0})
        page.text("pong")
        assert sum(name.endswith("-detections") for name in started) < 5
        assert stream.live_state.feed.subscriber_count == 0


def test_a_subscription_without_a_thread_to_read_with_is_refused(
    port: int, stream: Stream, monkeypatch: pytest.MonkeyPatch
) -> None:
    with WebSocket(f"ws://127.0.0.1:{port}/api/stream/ws") as page:
        page.text("state")
        with no_more_threads(monkeypatch):
            page.send({"type": "subscribe", "to": "detections"})
            refusal = page.text("error")
        assert (refusal["of"], refusal["code"]) == ("detections", "busy")
        page.send({"type": "subscribe", "to": "detections"})
        wait_until(lambda: stream.live_state.feed.subscriber_count == 1)


@pytest.mark.slow
def test_more_listeners_than_places_wait_for_a_lease(port: int, stream: Stream) -> None:
    places = stream.listener_places
    for _ in range(places.max_clients):
        places.acquire()  # and nobody renews it
    assert ask(port, PATH)[0] == 503
    wait_until(lambda: places.active_count == 0, TIMEOUT_S)
    with connect(port, request_of("GET")) as honest:
        assert honest.recv(15) == b"HTTP/1.1 200 OK"
