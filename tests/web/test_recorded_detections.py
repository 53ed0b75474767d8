"""What was seen in recordings, asked for by a page."""

from __future__ import annotations

import gzip
import itertools
import json
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from pet_stream.detections.listener import ListeningLimits
from pet_stream.media.sidecar import START, Box, Update, pack_chunk
from tests.apps import mounted_app, stream_of
from tests.camera.camera import Camera
from tests.camera.detector import Detector
from tests.waiting import wait_until

PATH = "/api/recordings/cat.mp4/detections"
CAT = Box("cat", 91, 10, 20, 30, 40)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """With a recording of which a sidecar is left, with an update each second."""
    folder = tmp_path / "recordings"
    folder.mkdir()
    (folder / "cat.mp4").write_bytes(b"not looked at")
    sidecar = START
    for begin in range(0, 120, 2):
        sidecar += pack_chunk([Update(1000 * n, (CAT._replace(x=n),)) for n in (begin, begin + 1)])
    (folder / "cat.mp4.detections").write_bytes(sidecar)
    return folder


@pytest.fixture
def live_client(segment_name: str, footage: Path, tmp_path: Path) -> Iterator[FlaskClient]:
    """Of an app with a camera, and a detector that is expected."""
    with (
        Camera(segment_name, source=footage, fps=30),
        mounted_app(
            tmp_path,
            SHM=segment_name,
            DETECTIONS_SHM=f"{segment_name}_detections",
            REPLAY_SECONDS=10,
        ) as app,
    ):
        client = app.test_client()
        wait_until(lambda: client.get("/health").get_json()["status"] == "ok")
        yield client


def test_a_part_is_told_by_the_times_of_the_recording(client: FlaskClient, folder: Path) -> None:
    answer = client.get(PATH, query_string={"from": 1.5, "to": 4})
    assert answer.get_json() == {
        "from": 1.5,
        "to": 4,
        "complete": True,
        "classes": ["cat"],
        "updates": [[1000 * n, [0, 91, n, 20, 30, 40]] for n in (2, 3)],
    }
    whole_minute = client.get(PATH).get_json()
    assert [update[0] for update in whole_minute["updates"]] == list(range(0, 60_000, 1000))
    last = client.get(PATH, query_string={"from": 119}).get_json()
    assert (last["to"], len(last["updates"])) == (179, 1)


@pytest.mark.parametrize(
    "query", ["from=-1", "to=0", "from=5&to=5", "to=60.1", "from=nan", "from=x", "from=1e300"]
)
def test_what_is_no_minute_is_refused(client: FlaskClient, folder: Path, query: str) -> None:
    answer = client.get(f"{PATH}?{query}")
    assert (answer.status_code, answer.get_json()["code"]) == (400, "bad_request")


def test_a_recording_without_a_sidecar_has_seen_nothing(client: FlaskClient, folder: Path) -> None:
    (folder / "cat.mp4.detections").unlink()
    assert client.get(PATH).get_json()["updates"] == []
    assert not client.get("/api/recordings").get_json()["recordings"][0]["has_detections"]
    assert client.get("/api/recordings/dog.mp4/detections").status_code == 404


def test_it_is_sent_once_and_small(client: FlaskClient, folder: Path) -> None:
    first = client.get(PATH)
    assert first.headers["Cache-Control"] == "private, max-age=600"
    known = {"If-None-Match": first.headers["ETag"]}
    assert client.get(PATH, headers=known).status_code == 304
    packed = client.get(PATH, headers={"Accept-Encoding": "gzip"})
    assert json.loads(gzip.decompress(packed.data)) == first.get_json()
    assert len(packed.data) < len(first.data) / 3
    with (folder / "cat.mp4.detections").open("ab") as file:
        file.write(pack_chunk([Update(500, (CAT,))]))
    again = client.get(PATH, headers=known)
    assert (again.status_code, len(again.get_json()["updates"])) == (200, 61)


def test_who_records_has_boxes_though_nobody_watches(
    live_client: FlaskClient, segment_name: str
) -> None:
    """Those of a pre-roll, too; and without a detector there is no thread for it."""
    stream = stream_of(live_client.application)
    detections = stream.detections
    assert detections is not None
    assert detections.run is None
    detections.limits = ListeningLimits(patience_s=0.01)
    with Detector(f"{segment_name}_detections") as detector:
        wait_until(lambda: detections.run is not None)

        def see(count: int) -> None:
            """Tell of pictures that nobody knows, until so many updates were read."""
            numbers = itertools.count(10**6)
            while detections.counts.unmatched < count:
                detector.write(next(numbers), time.monotonic_ns(), num=count)

        see(2)  # the first was there before
        live_client.post("/api/recording/start", json={"filename": "cat", "preroll_s": 10})
        see(3)
        written_count = stream.recorder.status.frame_count
        wait_until(lambda: stream.recorder.status.frame_count > written_count + 20)
        live_client.post("/api/recording/stop")
    (row,) = live_client.get("/api/recordings").get_json()["recordings"]
    assert row["has_detections"]
    seen = live_client.get(PATH).get_json()
    assert seen["classes"] == ["cat"]
    counts = [len(boxes) for _, *boxes in seen["updates"]]
    assert (counts, set(counts)) == (sorted(counts), {2, 3})
    assert 1000 * row["duration_s"] > seen["updates"][-1][0] > seen["updates"][0][0] > 0
    detections.look()
    assert detections.run is None, "the detector has gone"
