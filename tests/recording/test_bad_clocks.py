"""Recordings of cameras whose clock is wrong: as long as they took, and nothing lost."""

from __future__ import annotations

import time
from itertools import pairwise
from pathlib import Path

import av
import pytest

from tests.apps import mounted_app, stream_of
from tests.camera.camera import Camera
from tests.waiting import wait_until

pytestmark = pytest.mark.slow

PICTURES = 50
HOUR_MS = 3_600_000


@pytest.mark.parametrize(
    ("clock", "options"),
    [
        ("arrival", {"clock": "zero"}),
        ("unknown", {"clock": "own"}),
        ("monotonic", {"clock_wrong_every": 10, "clock_wrong_by_ms": 5 * HOUR_MS}),
        ("monotonic", {"clock_wrong_every": 10, "clock_wrong_by_ms": -5 * HOUR_MS}),
        ("unknown", {"clock_drift": 5}),
    ],
)
def test_a_recording_lasts_as_long_as_it_took(
    tmp_path: Path, segment_name: str, clock: str, options: dict[str, str | float]
) -> None:
    with (
        Camera(segment_name, fps=30, gop=15, **options),
        mounted_app(tmp_path, SHM=segment_name) as app,
    ):
        client = app.test_client()
        stream = stream_of(app)
        client.get("/health")
        wait_until(lambda: stream.reader.status.clock == clock)
        health = client.get("/health").get_json()
        assert health["camera"]["clock"] == clock
        assert ("no_clock" in health["notice_codes"]) == (clock == "arrival")
        started_s = time.monotonic()
        client.post("/api/recording/start", json={"preroll_s": 0})
        wait_until(lambda: stream.recorder.status.frame_count >= PICTURES)
        stopped = client.post("/api/recording/stop").get_json()
        took_s = time.monotonic() - started_s
        counts = stream.reader.counts
        assert (counts.older_skipped, counts.repeats_skipped) == (0, 0)
    times_s = times_of_pictures(stream.config.record_path / stopped["filename"])
    assert len(times_s) == stopped["frame_count"]
    assert stopped["duration_ms"] / 1000 == pytest.approx(times_s[-1], abs=0.1)
    assert took_s - 0.8 < times_s[-1] < took_s + 0.8
    assert min(b - a for a, b in pairwise(times_s)) > 0.001


def times_of_pictures(path: Path) -> list[float]:
    with av.open(str(path)) as file:
        stream = file.streams.video[0]
        assert stream.time_base is not None
        return [
            float(packet.pts * stream.time_base)
            for packet in file.demux(stream)
            if packet.size and packet.pts is not None
        ]
