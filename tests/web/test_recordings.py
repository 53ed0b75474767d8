from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import av
import pytest
from flask.testing import FlaskClient

from tests.apps import mounted_app, stream_of
from tests.media.mp4.test_duration import SECONDS
from tests.media.mp4.test_duration import film as fragmented_film
from tests.recording.mp4_files import film
from tests.recording.test_names import NOT_PLAIN
from tests.waiting import TIMEOUT_S, wait_until

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


def test_another_programs_fragmented_file_has_its_length_or_none(
    client: FlaskClient, name: str, tmp_path: Path
) -> None:
    folder = tmp_path / "recordings"
    data = fragmented_film(folder / "cat.mp4", "frag_keyframe+empty_moov")
    (folder / "dog.mp4").write_bytes(data.replace(b"tfdt", b"free"))
    rows = client.get("/api/recordings").get_json()["recordings"]
    lengths_s = {row["name"]: row["duration_s"] for row in rows}
    assert lengths_s["cat.mp4"] == pytest.approx(SECONDS, abs=0.1)
    assert lengths_s["dog.mp4"] is None


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


# ---- rows, pages


def recorded(client: FlaskClient, name: str = "cat", pictures: int = 40) -> str:
    """The name of a recording of the live camera."""
    client.post("/api/recording/start", json={"filename": name, "preroll_s": 0})
    status = "/api/recording/status"
    wait_until(lambda: client.get(status).get_json()["frame_count"] >= pictures)
    filename: str = client.post("/api/recording/stop").get_json()["filename"]
    return filename


def test_a_row_says_what_is_in_the_file(live_client: FlaskClient) -> None:
    name = recorded(live_client)
    (row,) = live_client.get("/api/recordings").get_json()["recordings"]
    assert row.keys() == {
        *("name", "size_bytes", "started_at", "start_time", "state", "format", "starred"),
        *("duration_s", "width", "height", "codec", "segments", "clip", "url", "thumbnail"),
        *("gap_count", "missing_s", "gaps"),
        "has_detections",
    }
    assert (row["name"], row["state"], row["starred"]) == (name, "complete", False)
    assert (row["width"], row["height"]) == (320, 240)
    assert row["codec"].startswith("avc1.")
    assert row["duration_s"] > 1
    assert (row["gap_count"], row["missing_s"], row["gaps"]) == (0, 0, [])
    with live_client.get(row["url"]) as answer:
        assert answer.mimetype == "video/mp4"
        shown = film(answer.data)
    assert shown.decoded_count >= 40
    assert shown.duration_s == pytest.approx(row["duration_s"], abs=0.001)


def test_the_list_comes_in_pages(client: FlaskClient, tmp_path: Path) -> None:
    folder = tmp_path / "recordings"
    folder.mkdir()
    for number in range(25):
        (folder / f"recording_20260102_0304{number:02d}.mp4").write_bytes(b"?")
    names: list[str] = []
    offset: int | None = 0
    while offset is not None:
        answer = client.get(f"/api/recordings?offset={offset}&limit=10").get_json()
        assert (answer["total"], answer["total_bytes"]) == (25, 25)
        names += [row["name"] for row in answer["recordings"]]
        offset = answer["next_offset"]
    assert names == sorted((path.name for path in folder.glob("*.mp4")), reverse=True)


def test_the_revision_tells_whether_the_list_is_another(
    client: FlaskClient, tmp_path: Path
) -> None:
    def revision() -> str:
        return str(client.get("/api/recordings?limit=1").get_json()["revision"])

    folder = tmp_path / "recordings"
    folder.mkdir()
    seen = [revision()]

    def assert_is_new() -> None:
        assert revision() == revision()
        assert revision() not in seen
        seen.append(revision())

    for name in ("a.mp4", "b.mp4"):
        (folder / name).write_bytes(b"?")
        assert_is_new()
    client.put("/api/recordings/a.mp4/star")
    assert_is_new()
    (folder / "b.mp4").write_bytes(b"??")
    assert_is_new()
    client.delete("/api/recordings/b.mp4")
    assert_is_new()


def test_a_recording_that_grows_is_no_other_list(live_client: FlaskClient) -> None:
    def answer() -> dict[str, Any]:
        return dict(live_client.get("/api/recordings").get_json())

    idle = answer()["revision"]
    live_client.post("/api/recording/start", json={"filename": "cat"})
    begun = answer()
    wait_until(lambda: answer()["total_bytes"] > begun["total_bytes"] + 10_000)
    assert answer()["revision"] == begun["revision"] != idle
    live_client.post("/api/recording/stop")
    assert answer()["revision"] != begun["revision"]


@pytest.mark.parametrize(
    "query", ["limit=x", "limit=-1", "limit=1001", "offset=1.5", "offset=", "limit=\u0661"]
)
def test_a_page_that_makes_no_sense_is_400(client: FlaskClient, query: str) -> None:
    answer = client.get(f"/api/recordings?{query}")
    assert answer.status_code == 400
    assert answer.get_json()["code"] == "bad_request"


def test_urls_have_the_prefix(tmp_path: Path) -> None:
    with mounted_app(tmp_path, URL_PREFIX="/pets") as app:
        (tmp_path / "recordings").mkdir()
        (tmp_path / "recordings" / "cat.mp4").write_bytes(b"?")
        (row,) = app.test_client().get("/pets/api/recordings").get_json()["recordings"]
    assert row["url"] == "/pets/api/recordings/cat.mp4"
    assert row["thumbnail"].startswith("/pets/api/recordings/cat.mp4/thumbnail?v=")


# ---- what can be done with one


def test_a_recording_is_deleted_with_what_belongs_to_it(
    client: FlaskClient, name: str, tmp_path: Path
) -> None:
    (tmp_path / "recordings" / f"{name}.jpg").write_bytes(b"?")
    (tmp_path / "recordings" / "other.mp4").write_bytes(b"?")
    answer = client.delete(f"/api/recordings/{name}?for_good=1")
    assert (answer.status_code, answer.data) == (204, b"")
    assert "Restorable-Until" not in answer.headers
    assert [path.name for path in (tmp_path / "recordings").glob("[!.]*")] == ["other.mp4"]
    assert client.delete(f"/api/recordings/{name}").status_code == 404
    assert client.get("/api/recordings/bin").get_json()["recordings"] == []


def test_one_with_a_star_is_deleted_if_that_is_meant(client: FlaskClient, name: str) -> None:
    client.put(f"/api/recordings/{name}/star")
    refused = client.delete(f"/api/recordings/{name}")
    assert (refused.status_code, refused.get_json()["code"]) == (409, "starred")
    assert client.delete(f"/api/recordings/{name}?starred=yes").status_code == 400
    assert client.get("/api/recordings").get_json()["total"] == 1
    assert client.delete(f"/api/recordings/{name}?starred=1").status_code == 204
    (row,) = client.get("/api/recordings/bin").get_json()["recordings"]
    assert row["starred"]
    assert client.post(f"/api/recordings/bin/{name}/restore").get_json()["starred"]


def test_the_one_being_written_is_not_deleted(live_client: FlaskClient) -> None:
    live_client.post("/api/recording/start", json={"filename": "cat"})
    answer = live_client.delete("/api/recordings/cat.mp4")
    assert answer.status_code == 409
    assert answer.get_json()["code"] == "recording_in_use"


def test_a_star_can_be_given_and_taken(client: FlaskClient, name: str) -> None:
    def is_starred() -> bool:
        (row,) = client.get("/api/recordings").get_json()["recordings"]
        return bool(row["starred"])

    assert client.put(f"/api/recordings/{name}/star").get_json()["starred"] is True
    assert is_starred()
    assert client.delete(f"/api/recordings/{name}/star").get_json()["starred"] is False
    assert not is_starred()
    assert client.put("/api/recordings/none.mp4/star").status_code == 404


def test_a_recording_has_a_thumbnail(live_client: FlaskClient) -> None:
    name = recorded(live_client)
    (row,) = live_client.get("/api/recordings").get_json()["recordings"]
    answers = []

    def ask() -> None:
        with live_client.application.test_client().get(row["thumbnail"]) as answer:
            answers.append((answer.status_code, answer.mimetype, answer.data))
            assert answer.cache_control.private  # a proxy's cache asks nobody for a right
            assert not answer.cache_control.public

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(TIMEOUT_S)
    assert {answer[:2] for answer in answers} == {(200, "image/jpeg")}
    (frame,) = av.CodecContext.create("mjpeg", "r").decode(av.Packet(answers[0][2]))
    assert (frame.width, frame.height) == (320, 240)
    assert live_client.get(f"/api/recordings/{name}.jpg").status_code == 400


def test_a_recording_that_is_being_made_has_a_size_and_a_thumbnail(
    live_client: FlaskClient,
) -> None:
    def row() -> dict[str, Any]:
        (row,) = live_client.get("/api/recordings").get_json()["recordings"]
        return dict(row)

    live_client.post("/api/recording/start", json={"filename": "cat"})
    wait_until(lambda: row()["thumbnail"] is not None)
    running = row()
    assert running["state"] == "recording"
    assert (running["width"], running["height"]) == (320, 240)
    with live_client.get(running["thumbnail"]) as first:
        assert (first.status_code, first.mimetype) == (200, "image/jpeg")
        known = {"If-None-Match": first.headers["ETag"]}
    with live_client.get(running["thumbnail"], headers=known) as again:
        assert again.status_code == 304


@pytest.mark.parametrize("to", ["0.6", "100"])
def test_a_part_can_be_cut_out(live_client: FlaskClient, to: str) -> None:
    name = recorded(live_client)
    url = f"/api/recordings/{name}?from=0.5&to={to}&download=1"
    with live_client.get(url) as answer:
        assert answer.status_code == 200
        assert answer.content_length == len(answer.data)
        disposition = answer.headers["Content-Disposition"]
        assert disposition == f"attachment; filename=cat_0.5-{to}.mp4"
        whole = answer.data
    shown = film(whole)
    assert shown.keyframes[0] == 0
    assert shown.decoded_count == len(shown.pictures)
    with live_client.get(url, headers={"Range": "bytes=100-299"}) as answer:
        assert answer.status_code == 206
        assert answer.data == whole[100:300]
        assert answer.headers["Content-Range"] == f"bytes 100-299/{len(whole)}"


@pytest.mark.parametrize("query", ["from=x", "from=-1", "to=nan", "from=inf", "from=2&to=1"])
def test_a_cut_that_makes_no_sense_is_400(client: FlaskClient, name: str, query: str) -> None:
    assert client.get(f"/api/recordings/{name}?{query}").status_code == 400


def test_a_raw_file_can_not_be_cut(client: FlaskClient, name: str) -> None:
    answer = client.get(f"/api/recordings/{name}?from=1")
    assert answer.status_code == 422
    assert answer.get_json()["code"] == "not_cuttable"


def test_a_part_tells_its_bounds_and_becomes_a_recording_of_its_own(
    live_client: FlaskClient,
) -> None:
    name = recorded(live_client)
    part = live_client.get(f"/api/recordings/{name}/part?from=0.5&to=0.6").get_json()
    assert part["from_s"] <= 0.5 < 0.6 <= part["to_s"]
    answer = live_client.post(f"/api/recordings/{name}/clip", json={**part, "filename": "ball"})
    assert answer.status_code == 201
    row = answer.get_json()["recording"]
    assert (row["name"], row["clip"], row["state"]) == ("ball.mp4", True, "complete")
    assert row["duration_s"] == pytest.approx(part["to_s"] - part["from_s"], abs=0.001)
    assert row["size_bytes"] > part["size_bytes"] > 1000


def test_a_recording_has_details_and_neighbours(client: FlaskClient, tmp_path: Path) -> None:
    folder = tmp_path / "recordings"
    folder.mkdir()
    names = [f"recording_20260102_03040{second}.h264" for second in range(3)]
    for name in names:
        (folder / name).write_bytes(CONTENT)
    answers = [client.get(f"/api/recordings/{name}/details").get_json() for name in names]
    assert [answer["recording"]["name"] for answer in answers] == names
    assert [answer["newer"] for answer in answers] == [names[1], names[2], None]
    assert [answer["older"] for answer in answers] == [None, names[0], names[1]]
    assert client.get("/api/recordings/absent.mp4/details").status_code == 404


BAD_PARTS: list[tuple[object, int]] = [
    ({}, 400),
    ({"from_s": 0}, 400),
    ({"from_s": 2, "to_s": 2}, 400),
    ({"from_s": -1, "to_s": 2}, 400),
    ({"from_s": True, "to_s": 2}, 400),
    ({"from_s": "0", "to_s": "2"}, 400),
    ({"from_s": 0, "to_s": 1e300}, 400),
    ({"from_s": 0, "to_s": 1, "filename": "../cat"}, 400),
    ({"from_s": 0, "to_s": 1, "filename": 5}, 400),
    ([0, 1], 400),
    ({"from_s": 0, "to_s": 1}, 422),  # a raw file
]


@pytest.mark.parametrize(("body", "status"), BAD_PARTS)
def test_a_part_that_makes_no_sense_is_not_saved(
    client: FlaskClient, name: str, tmp_path: Path, body: object, status: int
) -> None:
    answer = client.post(f"/api/recordings/{name}/clip", json=body)
    assert answer.status_code == status
    assert [path.name for path in (tmp_path / "recordings").glob("*.mp4")] == []


def test_a_growing_recording_can_be_watched(live_client: FlaskClient) -> None:
    live_client.post("/api/recording/start", json={"filename": "cat"})
    wait_until(
        lambda: live_client.get("/api/recording/status").get_json()["bytes_written"] > 20_000
    )
    with live_client.get("/api/recordings/cat.mp4") as answer:
        assert answer.status_code == 200
        assert film(answer.data).decoded_count > 0


ACTIONS = [
    ("GET", ""),
    ("GET", "?from=1"),
    ("DELETE", ""),
    ("PUT", "/star"),
    ("DELETE", "/star"),
    ("GET", "/thumbnail"),
]


NOT_HERE = [
    *(text for text in NOT_PLAIN if text not in ("", ".", "..")),
    *("../recordings-old/a.mp4", "..%2frecordings-old%2fa.mp4", "....//a.mp4", "a" * 300),
    *("link.mp4", "folder.mp4", "cat.mp4.part", "cat.mp4.star", ".pet_stream.lock"),
]


@pytest.mark.parametrize(("method", "action"), ACTIONS)
def test_no_name_leads_anywhere_else(tmp_path: Path, method: str, action: str) -> None:
    folder, sibling = tmp_path / "recordings", tmp_path / "recordings-old"
    (folder / "folder.mp4").mkdir(parents=True)
    sibling.mkdir()
    (sibling / "a.mp4").write_bytes(CONTENT)
    (folder / "link.mp4").symlink_to(sibling / "a.mp4")
    (folder / "cat.mp4.part").write_bytes(CONTENT)
    before = sorted(tmp_path.rglob("*"))
    with mounted_app(tmp_path, AUTOSTART=False) as app:
        client = app.test_client()
        for text in NOT_HERE:
            quoted = "".join(f"%{byte:02X}" for byte in text.encode("utf-8", "surrogatepass"))
            answer = client.open(f"/api/recordings/{quoted}{action}", method=method)
            assert answer.status_code in (400, 404, 405), text  # a slash leads to other routes
            assert CONTENT not in answer.data
    assert sorted(tmp_path.rglob("*")) == before
    assert (sibling / "a.mp4").read_bytes() == CONTENT


@pytest.mark.parametrize("route", ["/api/recording/start", "/api/recording/clip", "/start"])
def test_no_new_recording_is_called_anything_else(
    live_client: FlaskClient, tmp_path: Path, route: str
) -> None:
    before = sorted(path for path in tmp_path.rglob("*") if "lock" not in path.name)
    for text in NOT_PLAIN:
        if not text:  # the same as none
            continue
        answer = live_client.post(route, json={"filename": text})
        is_text = text.encode(errors="replace").decode() == text
        code = "bad_name" if is_text else "bad_request"  # half a character is no JSON
        assert (answer.status_code, answer.get_json()["code"]) == (400, code), text
    assert sorted(path for path in tmp_path.rglob("*") if "lock" not in path.name) == before


# ---- after a crash


def test_what_a_crash_left_is_repaired_at_the_start(tmp_path: Path) -> None:
    folder = tmp_path / "recordings"
    folder.mkdir()
    (folder / "cat.mp4.part").write_bytes(b"nothing of use")
    with mounted_app(tmp_path) as app:
        stream_of(app).start()
        wait_until(lambda: (folder / "cat.mp4.unplayable").exists())
        assert app.test_client().get("/api/recordings").get_json()["recordings"] == []
