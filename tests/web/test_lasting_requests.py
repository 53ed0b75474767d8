from __future__ import annotations

import signal
from collections.abc import Iterator
from types import FrameType, SimpleNamespace

import pytest
from flask import Flask

from pet_stream.errors import Full
from pet_stream.gunicorn_worker import is_server_ending, thread_limit
from pet_stream.web.lasting_requests import check_threads
from tests.apps import stream_of


class Worker:
    """As much of gunicorn's as is looked at."""

    def __init__(self) -> None:
        self.alive = True
        self.cfg = SimpleNamespace(threads=8)

    def handle_exit(self, number: int, frame: FrameType | None) -> None:
        self.alive = False


@pytest.fixture
def worker() -> Iterator[Worker]:
    worker = Worker()
    before = signal.signal(signal.SIGTERM, worker.handle_exit)
    yield worker
    signal.signal(signal.SIGTERM, before)


def test_without_gunicorn_there_is_no_limit_and_no_end(app: Flask) -> None:
    assert thread_limit() is None
    assert not is_server_ending()
    check_threads(stream_of(app))


def test_the_end_of_a_worker_is_seen(worker: Worker) -> None:
    assert not is_server_ending()
    signal.raise_signal(signal.SIGTERM)
    assert is_server_ending()


def test_three_threads_are_left_to_other_requests(app: Flask, worker: Worker) -> None:
    stream = stream_of(app)
    for _ in range(5):
        check_threads(stream)
        stream.listener_places.acquire()
    with pytest.raises(Full):
        check_threads(stream)
