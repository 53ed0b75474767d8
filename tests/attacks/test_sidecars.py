"""Sidecars that nobody of ours wrote, and detectors that say far too much: they cost boxes, never a
picture, and bounded time."""

from __future__ import annotations

import os
import random
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from pet_stream.feed.ring_writer import DetectionsWriter
from pet_stream.media.detections import Detection
from pet_stream.media.ring import MAX_DETECTIONS
from pet_stream.media.sidecar import START, Box, Update, pack_chunk
from tests.apps import mounted_app, stream_of
from tests.camera.camera import Camera
from tests.media.test_sidecar import chunk_of
from tests.waiting import wait_until
from tests.web.conftest import footage

__all__ = ["footage"]

GOOD = pack_chunk([Update(1000, (Box("cat", 91, 10, 20, 30, 40),))])
PATH = "/api/recordings/cat.mp4/detections"
SEED = 5
MAX_ANSWER_S = 3.0
"""Of the processor's time; the worst takes half a second, honest ones some milliseconds."""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "recordings"
    folder.mkdir()
    (folder / "cat.mp4").write_bytes(b"not looked at")
    return folder


@pytest.fixture
def client(tmp_path: Path, folder: Path) -> Iterator[FlaskClient]:
    with mounted_app(tmp_path, RECORD_PATH=folder, MIN_FREE_MB=0) as app:
        yield app.test_client()


def updates_in(client: FlaskClient) -> int:
    """How many a page is told of; it is never told that anything is wrong."""
    begun_s = time.thread_time()
    answer = client.get(PATH)
    assert time.thread_time() - begun_s < MAX_ANSWER_S
    assert answer.status_code == 200
    assert len(answer.data) < 4_000_000
    return len(answer.get_json()["updates"])


def noise(size: int) -> bytes:
    return random.Random(SEED).randbytes(size)


@pytest.mark.parametrize(
    ("content", "count"),
    [
        (b"", 0),
        (noise(100_000), 0),
        (START, 0),
        (START[:-1] + b"\x02" + GOOD, 0),
        (START + noise(100_000), 0),
        (START + GOOD + noise(1000), 1),
        (START + GOOD + bytes(1000), 1),
        (START + GOOD[:-3], 0),
        (START + chunk_of(noise(500)) + GOOD, 1),
        (START + chunk_of(b'{"classes":[],"rows":[[1e999]]}') + GOOD, 1),
        (START + chunk_of(b"[" * 50_000, 0, 60_000) + GOOD, 1),
        (START + chunk_of(b"", 5, 1) + GOOD, 1),
        (START + chunk_of(b"{}", 1 << 31, (1 << 32) - 1) + GOOD, 1),
    ],
    ids=range(13),
)
def test_garbage_has_no_boxes_and_hides_none(
    client: FlaskClient, folder: Path, content: bytes, count: int
) -> None:
    (folder / "cat.mp4.detections").write_bytes(content)
    assert updates_in(client) == count
    [row] = client.get("/api/recordings").get_json()["recordings"]
    assert (row["name"], row["has_detections"]) == ("cat.mp4", True)


def test_a_gigabyte_is_not_read(client: FlaskClient, folder: Path) -> None:
    """Of holes, of empty chunks, of many that are all about the same second, and of bombs."""
    sidecar = folder / "cat.mp4.detections"
    with sidecar.open("wb") as file:
        file.write(START + GOOD)
        file.truncate(1_000_000_000)
    assert updates_in(client) == 1
    sidecar.write_bytes(START + chunk_of(b"") * 300_000)
    assert updates_in(client) == 0
    sidecar.write_bytes(START + chunk_of(b" " * 10_000_000) * 2000)
    assert updates_in(client) == 0
    many = [Update(n, (Box("cat", 91, 10, 20, 30, 40),) * MAX_DETECTIONS) for n in range(500)]
    sidecar.write_bytes(START + pack_chunk(many) * 5000)
    assert updates_in(client) == 500
    times = [[Update(500 * i + n, ()) for n in range(500)] for i in range(100)]
    sidecar.write_bytes(START + b"".join(map(pack_chunk, times)))
    assert updates_in(client) == 6000, "the most that an answer has"


@pytest.mark.parametrize("kind", ["link", "folder", "fifo", "unreadable link"])
def test_what_is_no_file_is_not_followed_and_not_waited_for(
    client: FlaskClient, folder: Path, tmp_path: Path, kind: str
) -> None:
    sidecar = folder / "cat.mp4.detections"
    if kind == "link":
        elsewhere = tmp_path / "elsewhere"
        elsewhere.write_bytes(START + GOOD)
        sidecar.symlink_to(elsewhere)
    elif kind == "folder":
        sidecar.mkdir()
    elif kind == "fifo":
        os.mkfifo(sidecar)
    else:
        sidecar.symlink_to("/dev/zero")
    assert updates_in(client) == 0
    [row] = client.get("/api/recordings").get_json()["recordings"]
    assert not row["has_detections"]


@pytest.mark.parametrize(
    "query", ["from=1e308", "from=-0.0&to=1e-300", "from=1&to=0", "to=" + "9" * 5000, "from=0x1"]
)
def test_absurd_times_are_refused_or_empty(client: FlaskClient, folder: Path, query: str) -> None:
    (folder / "cat.mp4.detections").write_bytes(START + GOOD)
    answer = client.get(f"{PATH}?{query}")
    assert answer.status_code in (200, 400)
    assert answer.get_json().get("updates", []) == []


class Flood:
    """A detector that writes ten boxes a thousand times a second, but takes breath now and then:
    what is never still can't be read."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._is_over = threading.Event()
        self.count = 0
        self._thread = threading.Thread(target=self._write, name="flood")

    def __enter__(self) -> Flood:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._is_over.set()
        self._thread.join()

    def _write(self) -> None:
        chance = random.Random(SEED)
        writer = DetectionsWriter(self._name)
        try:
            while not self._is_over.wait(0.001 if self.count % 50 else 0.02):
                boxes = tuple(
                    Detection(f"cat{n}", chance.random(), *chance.choices(range(1, 9999), k=4))
                    for n in range(MAX_DETECTIONS)
                )
                writer.write(boxes, frame_number=self.count, captured_at_ns=time.monotonic_ns())
                self.count += 1
        finally:
            writer.close()


@pytest.fixture
def live_app(segment_name: str, footage: Path, tmp_path: Path) -> Iterator[Flask]:
    detector = f"{segment_name}_detections"
    with (
        Camera(segment_name, source=footage, fps=30),
        mounted_app(tmp_path, SHM=segment_name, DETECTIONS_SHM=detector, MIN_FREE_MB=0) as app,
    ):
        client = app.test_client()
        wait_until(lambda: client.get("/health").get_json()["status"] == "ok")
        yield app


def test_a_detector_that_never_stops_talking_costs_no_picture_and_little_room(
    live_app: Flask, segment_name: str
) -> None:
    client, stream = live_app.test_client(), stream_of(live_app)
    with Flood(f"{segment_name}_detections") as flood:
        wait_until(lambda: flood.count > 10)
        client.post("/api/recording/start", json={"filename": "cat", "preroll_s": 0})
        wait_until(lambda: stream.recorder.status.frame_count >= 80)
        status = client.post("/api/recording/stop").get_json()
    assert status["stats"]["dropped_count"] == 0
    sidecar = stream.config.record_path / "cat.mp4.detections"
    seconds = status["duration_ms"] / 1000
    assert 0 < sidecar.stat().st_size <= (seconds + 2) * 5_000_000 / 3600
    seen = client.get(PATH).get_json()
    assert len(seen["updates"]) == stream.recorder.sidecar_counts.written > 0
