from __future__ import annotations

from pathlib import Path

import pytest
from flask.testing import FlaskClient

CONTENT = bytes(range(256)) * 10


@pytest.fixture
def name(client: FlaskClient, tmp_path: Path) -> str:
    """A recording that is there."""
    folder = tmp_path / "recordings"
    folder.mkdir()
    name = "recording_20260102_030405.h264"
    (folder / name).write_bytes(CONTENT)
    return name


def test_lists_what_is_in_the_folder(client: FlaskClient, name: str) -> None:
    (recording,) = client.get("/api/recordings").get_json()["recordings"]
    assert recording["name"] == name
    assert recording["size_bytes"] == len(CONTENT)
    assert recording["state"] == "complete"


def test_lists_nothing_before_the_first_recording(client: FlaskClient) -> None:
    answer = client.get("/api/recordings").get_json()
    assert answer["recordings"] == []
    assert (answer["total"], answer["total_bytes"], answer["next_offset"]) == (0, 0, None)
    assert 0 < answer["disk"]["free_bytes"] <= answer["disk"]["size_bytes"]


def test_only_the_file_being_written_is_listed_as_recording(live_client: FlaskClient) -> None:
    def states() -> dict[str, str]:
        recordings = live_client.get("/api/recordings").get_json()["recordings"]
        return {recording["name"]: recording["state"] for recording in recordings}

    live_client.post("/api/recording/start", json={"filename": "a"})
    assert states() == {"a.mp4": "recording"}
    live_client.post("/api/recording/stop")
    assert states() == {"a.mp4": "complete"}
    live_client.post("/api/recording/start", json={"filename": "b"})
    assert states() == {"a.mp4": "complete", "b.mp4": "recording"}


def test_gives_the_file(client: FlaskClient, name: str) -> None:
    with client.get(f"/api/recordings/{name}") as answer:
        assert answer.status_code == 200
        assert answer.data == CONTENT
        assert answer.mimetype == "video/h264"
        assert answer.headers["Accept-Ranges"] == "bytes"
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert "attachment" not in answer.headers.get("Content-Disposition", "")


def test_gives_the_file_for_saving(client: FlaskClient, name: str) -> None:
    with client.get(f"/api/recordings/{name}?download=1") as answer:
        assert answer.headers["Content-Disposition"] == f"attachment; filename={name}"


@pytest.mark.parametrize(
    ("asked", "start", "end"),
    [("bytes=0-9", 0, 10), ("bytes=2550-", 2550, 2560), ("bytes=-5", 2555, 2560)],
)
def test_gives_a_range(client: FlaskClient, name: str, asked: str, start: int, end: int) -> None:
    with client.get(f"/api/recordings/{name}", headers={"Range": asked}) as answer:
        assert answer.status_code == 206
        assert answer.data == CONTENT[start:end]
        assert answer.headers["Content-Range"] == f"bytes {start}-{end - 1}/2560"


def test_a_range_behind_the_end_is_416_with_the_size(client: FlaskClient, name: str) -> None:
    with client.get(f"/api/recordings/{name}", headers={"Range": "bytes=9999-"}) as answer:
        assert answer.status_code == 416
        assert answer.headers["Content-Range"] == "bytes */2560"
        assert answer.get_json()["code"] == "requested_range_not_satisfiable"


def test_an_unchanged_file_is_not_sent_again(client: FlaskClient, name: str) -> None:
    with client.get(f"/api/recordings/{name}") as answer:
        etag = answer.headers["ETag"]
    with client.get(f"/api/recordings/{name}", headers={"If-None-Match": etag}) as answer:
        assert answer.status_code == 304


@pytest.mark.parametrize("name", ["none.h264", "..%2Fsecret.h264", "%2Fetc%2Fpasswd", "a.txt", "x"])
def test_what_is_no_recording_is_not_given(client: FlaskClient, name: str, tmp_path: Path) -> None:
    (tmp_path / "secret.h264").write_bytes(CONTENT)
    answer = client.get(f"/api/recordings/{name}")
    assert answer.status_code in (400, 404)
    assert answer.get_json()["code"] in ("bad_name", "not_found")
    assert str(tmp_path) not in answer.text
