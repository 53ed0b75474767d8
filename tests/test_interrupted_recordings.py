"""A real server that dies, or is ended, in mid-recording, and what its successor says and does."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import pytest

from pet_stream.recording.journal import JOURNAL_NAME
from tests.camera.camera import Camera
from tests.footage import encode, write_source
from tests.server_process import SERVERS, Server, serving
from tests.waiting import wait_until

pytestmark = pytest.mark.slow
START = b'{"filename": "cat", "duration_s": 3600, "heartbeat_s": 600}'
RESUMES = {"FLASK_PET_STREAM_RESUME_RECORDING": "true"}


@pytest.fixture(scope="module")
def footage(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("footage") / "scene"
    write_source(path, encode(320, 240, fps=30, gop=14, pictures=42))
    return path


@pytest.fixture
def camera(segment_name: str, footage: Path) -> Iterator[Camera]:
    with Camera(segment_name, source=footage, fps=30) as camera:
        yield camera


def server(tmp_path: Path, camera: Camera, **environment: str) -> AbstractContextManager[Server]:
    return serving(SERVERS["app.run"], tmp_path, camera.segment, **environment)


def status(server: Server) -> dict[str, Any]:
    return server.json("/api/recording/status")


def record(server: Server, pictures: int = 40) -> dict[str, Any]:
    started = server.json("/api/recording/start", "POST", START)
    wait_until(lambda: status(server)["frame_count"] >= pictures)
    return started


def interruption(server: Server) -> dict[str, Any]:
    """Once all is known of it."""
    wait_until(lambda: status(server)["interrupted"] is not None)
    wait_until(lambda: not status(server)["interrupted"]["repairing"])
    told: dict[str, Any] = status(server)["interrupted"]
    return told


def rows(server: Server) -> dict[str, str]:
    listed = server.json("/api/recordings")["recordings"]
    return {row["name"]: row["state"] for row in listed}


def test_after_a_crash_the_next_server_says_so_until_somebody_records(
    tmp_path: Path, camera: Camera
) -> None:
    with server(tmp_path, camera) as first:
        started = record(first)
        first.process.stop(signal.SIGKILL)
    with server(tmp_path, camera) as second:
        told = interruption(second)
        assert not status(second)["recording"]
        assert (told["filename"], told["cause"]) == ("cat.mp4", "crash")
        assert (told["saved_as"], told["recovered"]) == ("cat_recovered.mp4", True)
        assert (told["resumed_as"], told["not_resumed_code"]) == (None, "resume_off")
        assert told["started_at"] == pytest.approx(started["started_at"])
        assert 0 < told["broke_off_at"] - told["started_at"] < 60
        assert rows(second) == {"cat_recovered.mp4": "recovered"}
    with server(tmp_path, camera) as third:  # a restart changes nothing
        assert interruption(third) == told
        third.ask("/api/recording/start", "POST")
        assert status(third)["interrupted"] is None
        third.ask("/api/recording/stop", "POST")
    assert not (tmp_path / "recordings" / JOURNAL_NAME).exists()


@pytest.mark.parametrize(
    ("ends_by", "cause", "listed"),
    [
        (signal.SIGKILL, "crash", {"cat_recovered.mp4": "recovered"}),
        (signal.SIGTERM, "shut_down", {"cat.mp4": "complete"}),
    ],
)
def test_it_goes_on_by_itself_with_the_settings_that_it_had(
    tmp_path: Path, camera: Camera, ends_by: signal.Signals, cause: str, listed: dict[str, str]
) -> None:
    with server(tmp_path, camera, **RESUMES) as first:
        started = record(first)
        first.process.stop(ends_by)
    with server(tmp_path, camera, **RESUMES) as second:
        told = interruption(second)
        assert (told["cause"], told["resumed_as"]) == (cause, "cat_2.mp4")
        assert {told["saved_as"]: "recovered" if told["recovered"] else "complete"} == listed
        wait_until(lambda: status(second)["receiving"] and status(second)["frame_count"] > 20)
        assert status(second)["heartbeat_s"] == 600
        assert status(second)["recording_id"] != started["recording_id"]
        assert rows(second) == {"cat_2.mp4": "recording", **listed}
        second.process.stop(ends_by)
    with server(tmp_path, camera, **RESUMES) as third:
        assert interruption(third)["resumed_as"] == "cat_3.mp4"
        stopped = third.json("/api/recording/stop", "POST")
        assert stopped["stats"]["interrupted"]["resumed_as"] == "cat_3.mp4"
    # somebody has stopped it: that is the end
    assert not (tmp_path / "recordings" / JOURNAL_NAME).exists()
