from __future__ import annotations

import signal
from collections.abc import Iterator
from types import FrameType, SimpleNamespace

import pytest
from flask import Flask

from pet_stream.errors import Busy, Full, TooFewThreads
from pet_stream.own_server import THREAD_LIMIT_KEY
from pet_stream.process.gunicorn import is_server_ending
from pet_stream.web.lasting_requests import admit_download, check_threads
from tests.apps import stream_of


class Worker:
    """As much of gunicorn's as is looked at."""

    def __init__(self, threads: int = 8) -> None:
        self.alive = True
        self.cfg = SimpleNamespace(threads=threads)
        self.tpool = None

    def handle_exit(self, number: int, frame: FrameType | None) -> None:
        self.alive = False


THREADED = {"SERVER_SOFTWARE": "gunicorn/27.0", "wsgi.multithread": True}


@pytest.fixture
def worker() -> Iterator[Worker]:
    worker = Worker()
    before = signal.signal(signal.SIGTERM, worker.handle_exit)
    yield worker
    signal.signal(signal.SIGTERM, before)


@pytest.fixture
def in_request(app: Flask) -> Iterator[None]:
    with app.test_request_context("/api/recordings/a", environ_overrides=THREADED):
        app.preprocess_request()
        yield


def test_without_gunicorn_there_is_no_limit_and_no_end(app: Flask, in_request: None) -> None:
    assert not is_server_ending()
    check_threads(stream_of(app))


def test_the_end_of_a_worker_is_seen(worker: Worker) -> None:
    assert not is_server_ending()
    signal.raise_signal(signal.SIGTERM)
    assert is_server_ending()


def test_three_threads_are_left_to_other_requests(
    app: Flask, worker: Worker, in_request: None
) -> None:
    stream = stream_of(app)
    for take in (stream.listener_places.acquire, lambda: admit_download(stream)) * 2:
        check_threads(stream)
        take()
    stream.listener_places.acquire()
    with pytest.raises(TooFewThreads, match="8 requests"):
        check_threads(stream)
    with pytest.raises(Busy):
        admit_download(stream)


def test_pages_leave_one_download(app: Flask, worker: Worker, in_request: None) -> None:
    stream = stream_of(app)
    for _ in range(5):
        stream.listener_places.acquire()
    admit_download(stream)
    with pytest.raises(Busy):
        admit_download(stream)


def test_a_server_of_our_own_says_how_many_threads_it_has(app: Flask) -> None:
    with app.test_request_context(environ_overrides={THREAD_LIMIT_KEY: 4}):
        check_threads(stream_of(app))
        stream_of(app).listener_places.acquire()
        with pytest.raises(Full):
            check_threads(stream_of(app))


def test_below_four_threads_nothing_lasts_though_a_download_could_give_way(
    app: Flask, worker: Worker, in_request: None
) -> None:
    worker.cfg.threads = 3
    admit_download(stream_of(app)).renewed_at_s = 0  # nobody reads it
    with pytest.raises(TooFewThreads, match="3 requests"):
        check_threads(stream_of(app))
    assert stream_of(app).downloads.active_count == 1


def test_a_download_that_nobody_could_end_does_not_get_the_only_thread(app: Flask) -> None:
    environ = {"SERVER_SOFTWARE": "WSGIServer/0.2", "wsgi.multithread": False}
    with (
        app.test_request_context(environ_overrides=environ),
        pytest.raises(TooFewThreads, match="one request"),
    ):
        admit_download(stream_of(app))
