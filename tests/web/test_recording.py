from __future__ import annotations

import re
import threading
import time
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

import av
import pytest
from flask import Flask
from flask.testing import FlaskClient

from pet_stream.recording.journal import Journal
from tests.apps import mounted_app, stream_of
from tests.camera.camera import Camera
from tests.recording.test_journal import ENTRY
from tests.waiting import TIMEOUT_S, wait_until

STATUS_FIELDS = {
    "recording",
    "filename",
    "frame_count",
    "bytes_written",
    "duration_ms",
    "duration",
    "start_time",
    "stop_reason",
    "stop_code",
    "recording_id",
    "receiving",
    "silent_s",
    "missing_ms",
    "gap_count",
}
LEGACY_FIELDS = {
    "recording",
    "filename",
    "frame_count",
    "bytes_written",
    "duration_ms",
    "start_time",
}


def record_pictures(client: FlaskClient, count: int) -> None:
    wait_until(lambda: client.get("/api/recording/status").get_json()["frame_count"] >= count)


def file_of(client: FlaskClient, answer: dict[str, str]) -> Path:
    return stream_of(client.application).config.record_path / answer["filename"]


def test_a_recording_from_start_to_file(live_client: FlaskClient) -> None:
    before_s = time.time()
    started = live_client.post("/api/recording/start").get_json()
    assert started.keys() == {"status", "recording_id", "file", "filename", "started_at"}
    assert started["status"] == "recording"
    assert re.fullmatch(r"recording_\d{8}_\d{6}\.mp4", started["filename"])
    assert started["file"] == f"recordings/{started['filename']}"
    assert before_s - 1 <= started["started_at"] <= time.time()

    record_pictures(live_client, 20)
    status = live_client.get("/api/recording/status").get_json()
    assert status.keys() >= STATUS_FIELDS
    assert status["recording"] is True
    assert status["filename"] == started["filename"]
    assert status["stop_reason"] is None
    start_time = datetime.fromisoformat(status["start_time"])
    assert start_time.timestamp() == pytest.approx(started["started_at"], abs=0.01)

    stopped = live_client.post("/api/recording/stop").get_json()
    assert stopped["status"] == "stopped"
    assert stopped["file"] == started["file"]
    assert stopped["files"] == [started["file"]]
    assert stopped["filename"] == started["filename"]
    assert stopped["frame_count"] >= 20
    assert stopped["bytes_written"] == file_of(live_client, started).stat().st_size
    assert (stopped["frame_count"] - 1) * 33 <= stopped["duration_ms"] <= TIMEOUT_S * 1000
    assert stopped["stats"]["duration"] == stopped["duration_ms"] / 1000
    assert started["started_at"] < stopped["stopped_at"] <= time.time()
    assert stopped["stats"].keys() >= STATUS_FIELDS
    assert stopped["stats"]["frame_count"] == stopped["frame_count"]
    assert stopped["stats"]["recording"] is False

    with av.open(file_of(live_client, started)) as file:
        assert len(list(file.decode(video=0))) == stopped["frame_count"]


@pytest.mark.parametrize(
    ("folder", "shown"),
    [
        ("here/recordings", "recordings/cat.mp4"),
        ("here/a/b", "a/b/cat.mp4"),
        ("here", "cat.mp4"),
        ("elsewhere/cats", "cats/cat.mp4"),
        ("here/../elsewhere/cats", "cats/cat.mp4"),
    ],
)
def test_answers_tell_no_absolute_path(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, folder: str, shown: str
) -> None:
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    with mounted_app(tmp_path, RECORD_PATH=tmp_path / folder) as app:
        client = app.test_client()
        started = client.post("/api/recording/start", json={"filename": "cat"})
        stopped = client.post("/api/recording/stop")
    assert started.get_json()["file"] == shown
    assert str(tmp_path) not in started.text + stopped.text


def test_the_root_is_no_working_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir("/")
    with mounted_app(tmp_path) as app:
        answer = app.test_client().post("/api/recording/start", json={"filename": "cat"})
        assert answer.get_json()["file"] == "recordings/cat.mp4"


def test_a_stop_request_may_name_the_recording_that_it_means(live_client: FlaskClient) -> None:
    first = live_client.post("/api/recording/start").get_json()["recording_id"]
    assert live_client.post("/api/recording/stop", json={"recording_id": first}).status_code == 200
    second = live_client.post("/api/recording/start").get_json()["recording_id"]
    assert live_client.get("/api/recording/status").get_json()["recording_id"] == second
    for named in (first, "", "x" * 5000):
        refused = live_client.post("/api/recording/stop", json={"recording_id": named})
        assert (refused.status_code, refused.get_json()["code"]) == (409, "other_recording")
    for named in (5, ["a"], {}, True):
        refused = live_client.post("/api/recording/stop", json={"recording_id": named})
        assert (refused.status_code, refused.get_json()["code"]) == (400, "bad_request")
    assert live_client.get("/api/recording/status").get_json()["recording"] is True
    stopped = live_client.post("/api/recording/stop", json={"recording_id": second}).get_json()
    assert stopped["stats"]["recording_id"] == second
    after = live_client.post("/api/recording/stop", json={"recording_id": second})
    assert (after.status_code, after.get_json()["code"]) == (409, "not_recording")


@pytest.mark.parametrize("resumes", [False, True])
def test_what_the_last_server_left_is_told_and_goes_on_if_it_is_to(
    tmp_path: Path, resumes: bool
) -> None:
    folder = tmp_path / "recordings"
    folder.mkdir()
    Journal(folder).begin(replace(ENTRY, started_at=time.time() - 9, max_duration_s=0.0))
    with mounted_app(tmp_path, RESUME_RECORDING=resumes) as app:
        client = app.test_client()

        def status() -> dict[str, Any]:
            answer: dict[str, Any] = client.get("/api/recording/status").get_json()
            return answer

        wait_until(lambda: status()["interrupted"] is not None)
        told = status()
        assert (told["recording"], told["waiting"]) == (resumes, resumes)  # its camera is offline
        assert told["interrupted"] == {
            "filename": "cat.mp4",
            "cause": "crash",
            "started_at": told["interrupted"]["started_at"],
            "broke_off_at": told["interrupted"]["started_at"],
            "repairing": False,
            "saved_as": None,
            "recovered": False,
            "resumed_as": "cat_2.mp4" if resumes else None,
            "not_resumed": None if resumes else "PET_STREAM_RESUME_RECORDING is off",
            "not_resumed_code": None if resumes else "resume_off",
        }
        if resumes:
            client.post("/api/recording/stop")
        client.post("/api/recording/start")
        assert status()["interrupted"] is None


@pytest.mark.parametrize("body", [b"", b"{}", b"not JSON", b"[1]", b"null", bytes(20_000)])
def test_a_stop_request_that_names_none_stops_whatever_it_brings(
    client: FlaskClient, body: bytes
) -> None:
    for path in ("/api/recording/stop", "/stop"):
        client.post("/api/recording/start")
        assert client.post(path, data=body).status_code == 200
        assert client.get("/api/recording/status").get_json()["recording"] is False


def test_without_a_camera_it_waits_and_says_so(client: FlaskClient) -> None:
    started = client.post("/api/recording/start").get_json()
    assert started["status"] == "recording"
    assert started["waiting"] is True
    assert client.get("/api/recording/status").get_json()["recording"] is True


def test_one_that_still_waits_can_be_stopped_and_leaves_neither_file_nor_fault(
    app: Flask, client: FlaskClient
) -> None:
    client.post("/api/recording/start", json={"filename": "cat"})
    answer = client.post("/api/recording/stop")
    stopped = answer.get_json()
    assert (answer.status_code, stopped["status"]) == (200, "stopped")
    assert (stopped["frame_count"], stopped["duration_ms"], stopped["files"]) == (0, 0, [])
    assert (stopped["file"], stopped["filename"]) == (None, "cat.mp4")
    assert (stopped["stats"]["stop_code"], stopped["stats"]["failed"]) == ("no_picture", False)
    assert list(stream_of(app).config.record_path.glob("cat*")) == []
    assert client.get("/health").get_json()["reason_codes"] == ["segment_missing"]
    assert client.post("/api/recording/stop").status_code == 409
    assert client.post("/api/recording/start", json={"filename": "cat"}).status_code == 200


def test_of_several_files_each_is_named_and_is_there(
    segment_name: str, footage: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with (
        Camera(segment_name, source=footage, fps=30),
        mounted_app(tmp_path, SHM=segment_name, SEGMENT_MINUTES=0.005) as app,
    ):
        client = app.test_client()
        client.post("/api/recording/start", json={"filename": "cat"})
        record_pictures(client, 40)
        stopped = client.post("/api/recording/stop").get_json()
    files = [Path(file) for file in stopped["files"]]
    assert len(files) > 1
    assert files == sorted(path.relative_to(tmp_path) for path in tmp_path.rglob("cat*.mp4"))
    assert stopped["file"] == stopped["files"][0]
    assert stopped["filename"] == "cat.mp4"


def test_the_name_can_be_chosen(client: FlaskClient) -> None:
    started = client.post("/api/recording/start", json={"filename": "my_cat"}).get_json()
    assert started["filename"] == "my_cat.mp4"


@pytest.mark.parametrize(
    ("setting", "body", "filename"),
    [
        ("mp4", {"filename": "cat.h264"}, "cat.h264"),
        ("mp4", {"filename": "cat.mp4"}, "cat.mp4"),
        ("h264", {"filename": "cat.mp4"}, "cat.mp4"),
        ("h264", {"filename": "cat"}, "cat.h264"),
        ("h264", {"filename": "cat.mp4", "format": "mp4"}, "cat.mp4"),
        ("mp4", {"filename": "mp4"}, "mp4.mp4"),
    ],
)
def test_a_known_ending_chooses_the_format(
    tmp_path: Path, setting: str, body: dict[str, str], filename: str
) -> None:
    with mounted_app(tmp_path, RECORD_FORMAT=setting) as app:
        answer = app.test_client().post("/api/recording/start", json=body)
    assert answer.get_json()["filename"] == filename


@pytest.mark.parametrize(
    "body",
    [
        {"filename": "cat.h264", "format": "mp4"},
        {"filename": "cat.avi"},
        {"filename": ".h264"},
        {"filename": "cat.mp4.h264"},
        {"filename": "cat.H264"},
    ],
)
def test_another_ending_than_the_formats_is_a_bad_name(
    client: FlaskClient, body: dict[str, str]
) -> None:
    answer = client.post("/api/recording/start", json=body)
    assert (answer.status_code, answer.get_json()["code"]) == (400, "bad_name")


@pytest.mark.parametrize(
    "name", ["../cat", "a/b", "/etc/cat", ".cat", "cat\0", "c" * 200, "cat.jpg", "кот", 7, ["cat"]]
)
def test_a_bad_name_is_400_and_starts_nothing(client: FlaskClient, name: object) -> None:
    answer = client.post("/api/recording/start", json={"filename": name})
    assert answer.status_code == 400
    assert answer.get_json()["code"] == "bad_name"
    assert client.get("/api/recording/status").get_json()["recording"] is False


def test_an_existing_name_is_409_and_stays_as_it_is(live_client: FlaskClient) -> None:
    started = live_client.post("/api/recording/start", json={"filename": "cat"}).get_json()
    record_pictures(live_client, 1)
    live_client.post("/api/recording/stop")
    content = file_of(live_client, started).read_bytes()
    answer = live_client.post("/api/recording/start", json={"filename": "cat"})
    assert answer.status_code == 409
    assert answer.get_json()["code"] == "name_exists"
    assert file_of(live_client, started).read_bytes() == content


def test_of_two_starts_at_once_exactly_one_wins(app: Flask) -> None:
    barrier = threading.Barrier(6)
    outcomes: list[tuple[int, str]] = []

    def start() -> None:
        barrier.wait(TIMEOUT_S)
        answer = app.test_client().post("/api/recording/start")
        outcomes.append((answer.status_code, answer.get_json().get("code", "")))

    threads = [threading.Thread(target=start) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(TIMEOUT_S)
    assert sorted(outcomes) == [(200, ""), *[(409, "already_recording")] * 5]


def test_stopping_what_does_not_run_is_409(client: FlaskClient) -> None:
    answer = client.post("/api/recording/stop")
    assert answer.status_code == 409
    assert answer.get_json()["code"] == "not_recording"


def test_a_folder_that_can_not_be_made_is_told_without_its_path(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with mounted_app(tmp_path, RECORD_PATH=tmp_path / "file" / "recordings") as app:
        answer = app.test_client().post("/api/recording/start")
        assert answer.status_code == 507
        assert answer.get_json()["code"] == "storage"
        assert answer.get_json()["cause"] == "not_a_folder"
        assert str(tmp_path) not in answer.text


def test_the_old_names_do_the_same(client: FlaskClient) -> None:
    status = client.get("/status").get_json()
    assert status.keys() == LEGACY_FIELDS
    assert status["recording"] is False
    started = client.post("/start", json={"filename": "cat"}).get_json()
    assert started["success"] is True
    assert started["status"].keys() == LEGACY_FIELDS
    assert (started["status"]["recording"], started["status"]["filename"]) == (True, "cat.mp4")
    assert client.post("/start").status_code == 409
    assert client.get("/api/recording/status").get_json()["recording"] is True
    assert client.post("/status").get_json()["recording"] is True
    stopped = client.post("/stop").get_json()
    assert stopped["success"] is True
    assert stopped["status"]["recording"] is False
    assert client.post("/stop").status_code == 409


@pytest.mark.parametrize("path", ["/offer", "/start", "/stop", "/status"])
def test_the_old_names_can_be_switched_off(path: str, tmp_path: Path) -> None:
    with mounted_app(tmp_path, LEGACY_ROUTES=False) as app:
        assert app.test_client().post(path).status_code == 404


# ---- options of a request


def test_format_preroll_and_length_can_be_chosen(live_client: FlaskClient) -> None:
    body = {"filename": "cat", "format": "h264", "preroll_s": 0, "duration_s": 0.3}
    started = live_client.post("/api/recording/start", json=body).get_json()
    assert started["filename"] == "cat.h264"
    wait_until(lambda: not live_client.get("/api/recording/status").get_json()["recording"])
    status = live_client.get("/api/recording/status").get_json()
    assert status["stop_reason"] == "it has the length that was asked for"
    assert status["stop_code"] == "duration"
    with av.open(file_of(live_client, started), format="h264") as file:
        assert len(list(file.decode(video=0))) == status["frame_count"]


@pytest.mark.parametrize(
    "body",
    [
        {"format": "avi"},
        {"format": 1},
        {"duration_s": "10"},
        {"duration_s": -1},
        {"preroll_s": True},
        {"preroll_s": 1e9},
        {"heartbeat_s": [1]},
    ],
)
def test_options_that_make_no_sense_are_400_and_start_nothing(
    client: FlaskClient, body: dict[str, object]
) -> None:
    answer = client.post("/api/recording/start", json=body)
    assert answer.status_code == 400
    assert answer.get_json()["code"] == "bad_request"
    assert client.get("/api/recording/status").get_json()["recording"] is False


def test_the_preroll_of_the_settings_is_in_the_file(live_client: FlaskClient) -> None:
    wait_until(lambda: stream_of(live_client.application).broadcaster.replay_bytes > 100_000)
    live_client.post("/api/recording/start", json={"filename": "cat"})
    stopped = live_client.post("/api/recording/stop").get_json()
    assert stopped["frame_count"] > 30
    with av.open(file_of(live_client, stopped)) as file:
        assert len(list(file.decode(video=0))) == stopped["frame_count"]


def test_a_page_that_is_gone_ends_its_recording(live_client: FlaskClient) -> None:
    body = {"heartbeat_s": 1.5}
    started = live_client.post("/api/recording/start", json=body).get_json()
    assert live_client.post("/api/recording/heartbeat").get_json()["heartbeat_s"] == 1.5
    wait_until(lambda: not live_client.get("/api/recording/status").get_json()["recording"])
    status = live_client.get("/api/recording/status").get_json()
    assert status["stop_reason"] == "the page that wanted it is gone"
    assert file_of(live_client, started).exists()
    answer = live_client.post("/api/recording/heartbeat")
    assert (answer.status_code, answer.get_json()["code"]) == (409, "not_recording")


def test_what_just_happened_is_saved(live_client: FlaskClient) -> None:
    wait_until(lambda: stream_of(live_client.application).broadcaster.replay_bytes > 50_000)
    answer = live_client.post("/api/recording/clip", json={"seconds": 30})
    assert answer.status_code == 200
    clip = answer.get_json()
    assert clip["status"] == "saved"
    assert re.fullmatch(r"recording_\d{8}_\d{6}\.mp4", clip["filename"])
    with av.open(file_of(live_client, clip)) as file:
        assert len(list(file.decode(video=0))) == clip["frame_count"]
    assert live_client.get("/api/recording/status").get_json()["recording"] is False


def test_without_a_camera_nothing_just_happened(client: FlaskClient) -> None:
    answer = client.post("/api/recording/clip")
    assert answer.status_code == 409
    assert answer.get_json()["code"] == "nothing_to_save"


@pytest.mark.parametrize("seconds", ["30", -1, True, None, 1e9])
def test_a_clip_of_a_senseless_length_is_400(client: FlaskClient, seconds: object) -> None:
    answer = client.post("/api/recording/clip", json={"seconds": seconds})
    assert answer.status_code == (409 if seconds is None else 400)


def test_a_disk_with_too_little_space_is_told(tmp_path: Path) -> None:
    with mounted_app(tmp_path, MIN_FREE_MB=1_000_000) as app:
        answer = app.test_client().post("/api/recording/start")
        assert answer.status_code == 507
        assert "less than 1000000 MB are free" in answer.get_json()["error"]
