"""What is said, and what is not recorded, of segments without a picture that can be shown."""

from __future__ import annotations

import contextlib
import time
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from pet_stream.feed.ring_writer import RingWriter
from tests.apps import mounted_app
from tests.camera.camera import Camera
from tests.footage import encode
from tests.waiting import wait_until


def health_of(app: Flask) -> dict[str, Any]:
    health: dict[str, Any] = app.test_client().get("/health").get_json()
    return health


@pytest.mark.slow
def test_h265_is_said(segment_name: str, tmp_path: Path) -> None:
    with (
        mounted_app(tmp_path, SHM=segment_name) as app,
        Camera(segment_name, layout="six-slots", format="h265"),
    ):
        wait_until(lambda: health_of(app)["camera"]["state"] == "unusable")
        health = health_of(app)
        metrics = app.test_client().get("/metrics").text
    assert health["status"] == "camera_offline"
    assert health["reason_codes"][0] == "unusable_format"
    assert "they are H.265, not H.264" in health["reasons"][0]
    assert "pet_stream_camera_unusable 1.0" in metrics
    assert "pet_stream_camera_up 0.0" in metrics


def test_a_size_of_no_layout_is_said(segment_name: str, tmp_path: Path) -> None:
    path = Path("/dev/shm") / segment_name.lstrip("/")
    with path.open("wb") as file:
        file.truncate(93_313_500)
    try:
        with mounted_app(tmp_path, SHM=segment_name) as app:
            wait_until(lambda: health_of(app)["reason_codes"] == ["segment_invalid"])
            health = health_of(app)
    finally:
        path.unlink()
    assert health["status"] == "camera_offline"
    assert "has 93313500 bytes, expected 18662976 or 93313448 or" in health["reasons"][0]


def test_a_dead_daemons_pictures_get_into_no_recording(segment_name: str, tmp_path: Path) -> None:
    footage = encode(pictures=28)

    def write(writer: RingWriter, first: int, captured_at_ns: int) -> None:
        for number, unit in enumerate(footage, first):
            captured_at_ns += 33_000_000
            writer.write(
                unit, frame_number=number, captured_at_ns=captured_at_ns, width=320, height=240
            )

    with (
        contextlib.closing(RingWriter(segment_name)) as writer,
        mounted_app(tmp_path, SHM=segment_name) as app,
    ):
        client = app.test_client()
        write(writer, 0, time.monotonic_ns() - 60_000_000_000)
        client.post("/api/recording/start")
        wait_until(lambda: health_of(app)["camera"]["state"] == "waiting")
        assert health_of(app)["status"] != "ok"
        write(writer, 1000, time.monotonic_ns() - 924_000_000)
        wait_until(lambda: client.get("/api/recording/status").get_json()["frame_count"] >= 20)
        stopped = client.post("/api/recording/stop").get_json()
    assert stopped["frame_count"] <= 28
    assert 500 < stopped["duration_ms"] < 1100
