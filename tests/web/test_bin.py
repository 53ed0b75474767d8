"""The bin, by HTTP."""

from __future__ import annotations

import time
from datetime import datetime
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from tests.apps import mounted_app, stream_of

BIN = "/api/recordings/bin"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "recordings"
    folder.mkdir()
    for name in ("cat.mp4", "dog.mp4"):
        (folder / name).write_bytes(b"?")
    return folder


def test_deleting_can_be_undone(client: FlaskClient, folder: Path) -> None:
    before = client.get("/api/recordings").get_json()
    assert before["bin"] == {"hours": 24, "count": 0}

    deleted = client.delete("/api/recordings/cat.mp4")
    assert (deleted.status_code, deleted.data) == (204, b"")
    until = datetime.fromisoformat(deleted.headers["Restorable-Until"]).timestamp()
    assert until == pytest.approx(time.time() + 86_400, abs=60)
    listed = client.get("/api/recordings").get_json()
    assert ([row["name"] for row in listed["recordings"]], listed["bin"]["count"]) == (
        ["dog.mp4"],
        1,
    )
    assert listed["revision"] != before["revision"]
    binned = client.get(BIN).get_json()
    (row,) = binned["recordings"]
    assert (binned["total"], binned["total_bytes"], binned["hours"]) == (1, 1, 24)
    assert (row["name"], row["size_bytes"], row["restorable_until"]) == ("cat.mp4", 1, until)
    assert client.get("/api/recordings/cat.mp4").status_code == 404

    restored = client.post(f"{BIN}/cat.mp4/restore")
    assert (restored.status_code, restored.get_json()["name"]) == (200, "cat.mp4")
    after = client.get("/api/recordings").get_json()
    assert (after["revision"], after["bin"]["count"]) == (before["revision"], 0)
    assert client.post(f"{BIN}/cat.mp4/restore").status_code == 404


def test_it_is_emptied_by_one_and_by_all(client: FlaskClient, folder: Path) -> None:
    for name in ("cat.mp4", "dog.mp4"):
        client.delete(f"/api/recordings/{name}")
    assert client.delete(f"{BIN}/cat.mp4").status_code == 204
    assert client.delete(f"{BIN}/cat.mp4").status_code == 404
    assert client.get(BIN).get_json()["total"] == 1
    assert client.delete(BIN).status_code == 204
    assert client.get(BIN).get_json()["total"] == 0
    assert client.delete(BIN).status_code == 204


def test_its_names_are_taken(live_client: FlaskClient) -> None:
    def start(name: str) -> int:
        status = live_client.post("/api/recording/start", json={"filename": name}).status_code
        live_client.post("/api/recording/stop")
        return status

    assert start("cat") == 200
    live_client.delete("/api/recordings/cat.mp4")
    assert start("cat") == 409
    live_client.delete(BIN)
    assert start("cat") == 200


def test_it_comes_in_pages(client: FlaskClient, folder: Path) -> None:
    for number in range(5):
        (folder / f"cat{number}.mp4").touch()
        client.delete(f"/api/recordings/cat{number}.mp4")
    page = client.get(f"{BIN}?offset=1&limit=3").get_json()
    assert (len(page["recordings"]), page["total"], page["next_offset"]) == (3, 5, 4)
    assert client.get(f"{BIN}?limit=-1").status_code == 400


@pytest.mark.parametrize(
    "name",
    ["..", ".hidden.mp4", "-rf", "cat.mp4~1", "%2e%2e", "..%2f..%2fdog.mp4", "n\u0430me.mp4"],
)
def test_no_name_leads_out_of_it(client: FlaskClient, folder: Path, name: str) -> None:
    client.delete("/api/recordings/cat.mp4")
    for answer in (client.post(f"{BIN}/{name}/restore"), client.delete(f"{BIN}/{name}")):
        assert answer.status_code in (400, 404, 405)
    assert client.get(BIN).get_json()["total"] == 1


def test_without_one_deleting_is_for_good(tmp_path: Path, folder: Path) -> None:
    with mounted_app(tmp_path, BIN_HOURS=0) as app:
        client = app.test_client()
        answer = client.delete("/api/recordings/cat.mp4")
        assert (answer.status_code, "Restorable-Until" in answer.headers) == (204, False)
        assert client.get(BIN).get_json()["recordings"] == []
        assert client.get("/api/recordings").get_json()["bin"] == {"hours": 0, "count": 0}


def test_without_a_usable_bin_the_list_is_shown(client: FlaskClient, folder: Path) -> None:
    (folder / ".pet_stream").mkdir()
    (folder / ".pet_stream" / "bin").touch()
    listed = client.get("/api/recordings").get_json()
    assert (listed["total"], listed["bin"]["count"]) == (2, 0)
    assert client.get(BIN).status_code == 507
    assert client.delete("/api/recordings/cat.mp4").status_code == 507
    assert client.delete("/api/recordings/cat.mp4?for_good=1").status_code == 204


def test_its_size_is_told(client: FlaskClient, folder: Path) -> None:
    library = stream_of(client.application).library
    client.delete("/api/recordings/cat.mp4")
    client.get(BIN)
    assert library.bin.size_bytes == 1
    assert b"pet_stream_bin_bytes 1" in client.get("/metrics").data
    client.delete(BIN)
    assert b"pet_stream_bin_bytes 0" in client.get("/metrics").data
