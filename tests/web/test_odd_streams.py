"""Unusual streams, from the camera's shared memory to the files that the app gives of them."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import av
import pytest

from tests.apps import mounted_app
from tests.camera.camera import Camera
from tests.doctor.daemon import daemon
from tests.footage import write_source
from tests.odd_streams import (
    GOP,
    ODD_STREAMS,
    joined,
    pictures_only,
    plain,
    second_pps_of_p_pictures,
    sets_of,
)
from tests.waiting import wait_until

FPS = 60


def decoded_count(data: bytes, file_format: str) -> int:
    """Any error in the stream fails the test."""
    with av.open(io.BytesIO(data), format=file_format) as file:
        stream = file.streams.video[0]
        stream.codec_context.options = {"err_detect": "explode"}
        return len(list(file.decode(stream)))


@pytest.mark.parametrize(
    "stream", ["two PPS once", "double start codes", "a NAL unit of type 28", "all at once"]
)
def test_files_and_snapshots_of_it_show_every_picture(
    stream: str, segment_name: str, tmp_path: Path
) -> None:
    source = tmp_path / "source"
    write_source(source, ODD_STREAMS[stream](list(plain()) * 60))
    with (
        Camera(segment_name, source=source, fps=FPS),
        mounted_app(tmp_path, SHM=segment_name) as app,
    ):
        client = app.test_client()

        def recorded_count() -> int:
            count: int = client.get("/api/recording/status").get_json()["frame_count"]
            return count

        wait_until(lambda: client.get("/health").get_json()["status"] == "ok")
        for file_format in ("mp4", "h264"):
            body = {"filename": file_format, "format": file_format, "preroll_s": 0}
            assert client.post("/api/recording/start", json=body).status_code == 200
            wait_until(lambda: recorded_count() >= 3 * GOP)
            stopped = client.post("/api/recording/stop").get_json()
            with client.get(f"/api/recordings/{stopped['filename']}") as answer:
                assert decoded_count(answer.data, file_format) == stopped["frame_count"]
        with client.get(f"/api/recordings/mp4.mp4?from={1.5 * GOP / FPS}") as answer:
            assert decoded_count(answer.data, "mp4") >= 2 * GOP

        clip = client.post("/api/recording/clip", json={"seconds": 1}).get_json()
        with client.get(f"/api/recordings/{clip['filename']}") as answer:
            assert decoded_count(answer.data, "mp4") == clip["frame_count"] >= GOP
        with client.get("/api/snapshot.jpg") as answer:
            with av.open(io.BytesIO(answer.data), "r") as jpeg:
                (picture,) = jpeg.decode(video=0)
            assert (picture.width, picture.height) == (160, 128)
        assert "streaming_process_errors_total 0.0" in client.get("/metrics").text


def test_a_parameter_set_that_never_came_is_said(segment_name: str, tmp_path: Path) -> None:
    """It was sent once, before we looked: IDRs are shown, the pictures between them can't be."""
    sets = sets_of(plain()[0])
    first, *others = second_pps_of_p_pictures(plain())
    health = health_of([joined([*sets, *first]), *map(joined, others)], segment_name, tmp_path)
    assert (health["status"], health["camera"]["state"]) == ("degraded", "live")
    assert health["reason_codes"] == ["parameter_set_missing"]
    assert "has not sent the picture parameter set 1" in health["reasons"][0]


def test_without_any_parameter_set_no_picture_can_be_used(
    segment_name: str, tmp_path: Path
) -> None:
    health = health_of([joined(p) for p in pictures_only(plain())], segment_name, tmp_path)
    assert (health["status"], health["camera"]["state"]) == ("camera_offline", "unusable")
    assert "none could be used: The camera has not sent the picture" in health["reasons"][0]


def health_of(units: list[bytes], segment_name: str, folder: Path) -> dict[str, Any]:
    """What is said of a camera that sends these, once something is."""
    health: dict[str, Any] = {}
    passing = {"nothing_written", "no_idr", "segment_missing", "not_started"}

    def has_reason() -> bool:
        health.update(client.get("/health").get_json())
        return not passing.issuperset(health["reason_codes"])

    with daemon(segment_name, units), mounted_app(folder, SHM=segment_name) as app:
        client = app.test_client()
        wait_until(has_reason)
    return health
