"""The settings that owners change, over HTTP: what is shown, what is kept, what counts at once."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from pet_stream.config import SETTINGS
from pet_stream.page_settings import FILE_NAME
from pet_stream.web.health import page_state
from tests.apps import mounted_app, stream_of
from tests.waiting import TIMEOUT_S, wait_until

URL = "/pet-stream/api/settings"
LOCKS_FOLDER = """
import sys
from pathlib import Path
from pet_stream.library.ownership import Ownership
Ownership(Path(sys.argv[1]), lambda _: None).claim()
print("claimed", flush=True)
sys.stdin.read()
"""


def rows(answer: TestResponse) -> dict[str, dict[str, Any]]:
    assert answer.status_code == 200, answer.text
    return {row["name"]: row for row in answer.get_json()["settings"]}


def kept(app: Flask) -> dict[str, Any]:
    path = stream_of(app).config.record_path / FILE_NAME
    found: dict[str, Any] = json.loads(path.read_text())["settings"]
    return found


def test_each_owners_setting_is_shown_with_its_origin_and_what_it_may_be(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FLASK_PET_STREAM_KEEP_MB", "5")
    file = tmp_path / "pet.toml"
    file.write_text('language = "ja"\n')
    with mounted_app(tmp_path, PREROLL_SECONDS=3, CONFIG=file) as app:
        client = app.test_client()
        client.patch(URL, json={"keep_days": 7.5})
        found = rows(client.get(URL))
    assert list(found) == [setting.name for setting in SETTINGS if setting.is_owners]
    told = {name: (row["value"], row["origin"], row["is_fixed"]) for name, row in found.items()}
    assert told["preroll_seconds"] == (3, "app", True)
    assert told["keep_mb"] == (5, "environment", True)
    assert told["language"] == ("ja", "file", True)
    assert told["keep_days"] == (7.5, "page", False)
    assert told["camera_name"] == ("", "default", False)
    assert found["keep_mb"]["origin_detail"] == "FLASK_PET_STREAM_KEEP_MB"
    assert found["language"]["origin_detail"] == f"{file}: language"
    assert (found["keep_days"]["default"], found["keep_days"]["key"]) == (0, "PET_STREAM_KEEP_DAYS")
    forms = {name: {k: row[k] for k in row if k in FORM} for name, row in found.items()}
    assert forms["keep_days"] == {"kind": "number", "minimum": 0, "maximum": 36_500}
    assert forms["keep_mb"]["kind"] == "whole"
    assert forms["language"] == {"kind": "choice", "choices": ["auto", "en", "ja"]}
    assert forms["camera_name"] == {"kind": "text", "max_characters": 40}


FORM = {"kind", "minimum", "maximum", "choices", "max_characters"}


def test_what_is_changed_counts_at_once_everywhere(app: Flask, client: FlaskClient) -> None:
    values = {
        **{"camera_name": " Küche ", "language": "ja", "keep_days": 30, "keep_mb": 9},
        **{"preroll_seconds": 12, "replay_seconds": 0, "max_recording_minutes": 2},
    }
    found = rows(client.patch(URL, json=values))
    assert found["camera_name"]["value"] == "Küche"
    stream = stream_of(app)
    assert stream.config.keep_days == 30
    assert stream.recorder.settings.preroll_s == 12
    assert stream.recorder.settings.max_duration_s == 120
    page = {"camera_name": "Küche", "language": "ja", "replay_seconds": 0}
    assert page_state(stream.config) == client.get("/health").get_json()["page"] == page
    text = client.get("/pet-stream/").text
    assert "<title>Küche</title>" in text
    assert 'data-language="ja"' in text
    assert "words_ja.js" in text  # fetched at once, whatever the browser prefers
    assert client.get("/pet-stream/manifest.webmanifest").get_json(force=True)["name"] == "Küche"
    assert kept(app) == {**values, "camera_name": "Küche"}

    found = rows(client.patch(URL, json=dict.fromkeys(values)))
    assert {row["origin"] for row in found.values()} == {"default"}
    assert stream.config.preroll_seconds == 5
    assert kept(app) == {}


def test_a_name_is_text_and_no_part_of_the_page(client: FlaskClient) -> None:
    rows(client.patch(URL, json={"camera_name": '"><script>alert(1)</script>'}))
    text = client.get("/pet-stream/").text
    assert "<script>alert" not in text
    assert "&lt;script&gt;alert(1)" in text


def test_strangers_do_not_learn_the_name(tmp_path: Path) -> None:
    accounts = tmp_path / "accounts.json"
    with mounted_app(tmp_path, CAMERA_NAME="Nursery", AUTH="builtin", ACCOUNTS=accounts) as app:
        client = app.test_client()
        for path in ("/pet-stream/", "/pet-stream/manifest.webmanifest", "/health"):
            answer = client.get(path)
            assert answer.status_code == 200
            assert "Nursery" not in answer.text
        secret = stream_of(app).authority.accounts.invite("guest", name="Anna", by="test")  # type: ignore[attr-defined]
        client.post("/pet-stream/api/session", json={"invitation": secret})
        for path in ("/pet-stream/", "/pet-stream/manifest.webmanifest", "/health"):
            assert "Nursery" in client.get(path).text


def test_it_counts_after_a_restart(tmp_path: Path) -> None:
    for _ in range(2):
        with mounted_app(tmp_path) as app:
            app.test_client().patch(URL, json={"keep_days": 7})
    with mounted_app(tmp_path) as app:
        assert stream_of(app).config.keep_days == 7
        assert app.config["PET_STREAM_KEEP_DAYS"] == 7


def test_pictures_are_kept_in_memory_for_a_longer_preroll(app: Flask, client: FlaskClient) -> None:
    memory = stream_of(app).broadcaster._memory
    rows(client.patch(URL, json={"preroll_seconds": 60, "replay_seconds": 10}))
    assert memory._max_ns == 60_000_000_000
    rows(client.patch(URL, json={"preroll_seconds": 0, "replay_seconds": 0}))
    assert memory._max_ns == memory._max_bytes == 0


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ({"keep_days": -1}, "keep_days must be a number from 0 to 36500"),
        ({"keep_days": "7"}, "keep_days must be a number from 0"),
        ({"keep_mb": 1.5}, "keep_mb must be a whole number from 0"),
        ({"keep_mb": True}, "keep_mb must be a whole number from 0"),
        ({"language": "fr"}, "language must be 'auto' or 'en' or 'ja'"),
        ({"camera_name": "x" * 41}, "camera_name must be one line of text, 40 characters"),
        ({"camera_name": "two\nlines"}, "camera_name must be one line of text"),
        ({"shm": "/other"}, "'shm' is no setting that can be changed here"),
        ({"PET_STREAM_KEEP_DAYS": 7}, "'PET_STREAM_KEEP_DAYS' is no setting"),
    ],
)
def test_one_that_is_wrong_is_named_and_none_is_changed(
    app: Flask, client: FlaskClient, body: dict[str, Any], words: str
) -> None:
    answer = client.patch(URL, json={"max_recording_minutes": 5, **body})
    assert (answer.status_code, answer.get_json()["code"]) == (400, "bad_setting")
    assert words in answer.get_json()["error"]
    assert stream_of(app).config.max_recording_minutes == 0
    assert not (stream_of(app).config.record_path / FILE_NAME).exists()


def test_what_another_place_names_is_fixed_and_it_is_said_by_whom(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FLASK_PET_STREAM_KEEP_MB", "5")
    with mounted_app(tmp_path) as app:
        for value in (6, None):
            answer = app.test_client().patch(URL, json={"keep_mb": value, "keep_days": 7})
            assert (answer.status_code, answer.get_json()["code"]) == (409, "setting_fixed")
            assert "FLASK_PET_STREAM_KEEP_MB" in answer.get_json()["error"]
        assert stream_of(app).config.keep_days == 0


def test_of_two_who_change_at_once_the_second_is_told(client: FlaskClient) -> None:
    etag = client.get(URL).headers["ETag"]
    first = client.patch(URL, json={"keep_days": 7}, headers={"If-Match": etag})
    assert first.headers["ETag"] == f'"{first.get_json()["revision"]}"' != etag
    for condition in (etag, '"x"', "x"):
        second = client.patch(URL, json={"keep_days": 8}, headers={"If-Match": condition})
        assert (second.status_code, second.get_json()["code"]) == (412, "settings_changed")
    for condition in (first.headers["ETag"], "*"):
        rows(client.patch(URL, json={"keep_days": 7}, headers={"If-Match": condition}))


def test_what_new_limits_delete_is_told_before(app: Flask, client: FlaskClient) -> None:
    folder = stream_of(app).config.record_path
    folder.mkdir(exist_ok=True)
    for number in range(3):
        (folder / f"n{number}.h264").write_bytes(bytes(1_000_000))
        os.utime(folder / f"n{number}.h264", (number + 1.7e9, number + 1.7e9))
    dry = client.patch(f"{URL}?dry_run=1", json={"keep_mb": 2})
    assert dry.get_json()["deletes"] == {"recordings": 1, "bytes": 1_000_000}
    assert rows(dry)["keep_mb"]["value"] == 0
    assert client.patch(f"{URL}?dry_run=1", json={"language": "en"}).get_json()["deletes"] is None
    dry = client.patch(f"{URL}?dry_run=1", json={"keep_days": None})
    assert dry.get_json()["deletes"] == {"recordings": 0, "bytes": 0}
    assert len(list(folder.glob("*.h264"))) == 3

    client.patch(URL, json={"keep_mb": 2})
    wait_until(lambda: not (folder / "n0.h264").exists())
    assert (folder / "n1.h264").exists()


def test_a_file_that_is_broken_is_told_until_somebody_saves(tmp_path: Path) -> None:
    folder = tmp_path / "recordings"
    folder.mkdir()
    (folder / FILE_NAME).write_text("{")
    (folder / FILE_NAME).chmod(0o600)
    with mounted_app(tmp_path) as app:
        client = app.test_client()
        assert "page_settings" in client.get("/health").get_json()["notice_codes"]
        assert rows(client.get(URL))["keep_days"]["origin"] == "default"
        rows(client.patch(URL, json={"keep_days": 7}))
        assert "page_settings" not in client.get("/health").get_json()["notice_codes"]
    assert len(list(folder.glob(".pet_stream.settings.unusable_*"))) == 1


def test_only_the_process_that_records_writes_beside_the_recordings(tmp_path: Path) -> None:
    folder = tmp_path / "recordings"
    other = subprocess.Popen(
        [sys.executable, "-c", LOCKS_FOLDER, folder],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    with other, mounted_app(tmp_path) as app:
        assert other.stdout is not None
        assert other.stdout.readline() == "claimed\n"
        client = app.test_client()
        answer = client.patch(URL, json={"keep_days": 7})
        assert (answer.status_code, answer.get_json()["code"]) == (409, "not_recorder_owner")
        assert stream_of(app).config.keep_days == 0
        other.communicate(timeout=TIMEOUT_S)
        rows(client.patch(URL, json={"keep_days": 7}))


def test_where_nothing_can_be_kept_nothing_changes(app: Flask, client: FlaskClient) -> None:
    stream_of(app).config.record_path.write_text("a file")
    answer = client.patch(URL, json={"keep_days": 7})
    assert (answer.status_code, answer.get_json()["code"]) == (507, "storage")
    assert stream_of(app).config.keep_days == 0
