"""The strip of a day and the calendar, by HTTP."""

from __future__ import annotations

import os
from datetime import date, datetime
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from tests.waiting import wait_until

TIMELINE, DAYS = "/api/recordings/timeline", "/api/recordings/days"
NAMES = ("recording_20260102_030405.h264", "recording_20260102_120000.h264")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "recordings"
    folder.mkdir()
    for name in NAMES:
        (folder / name).write_bytes(b"?")
    return folder


def test_a_day_is_shown(client: FlaskClient, folder: Path) -> None:
    client.put(f"/api/recordings/{NAMES[0]}/star")
    wait_until(lambda: client.get(f"{TIMELINE}?day=2026-01-02").get_json()["reading"] == 0)
    shown = client.get(f"{TIMELINE}?day=2026-01-02").get_json()
    begin = datetime(2026, 1, 2).timestamp()
    assert (shown["day"], shown["from"], shown["left_out"]) == ("2026-01-02", begin, 0)
    assert shown["to"] == datetime(2026, 1, 3).timestamp()
    first, second = shown["spans"]
    assert (first["name"], first["starred"]) == (NAMES[0], True)
    assert first["from"] == datetime(2026, 1, 2, 3, 4, 5).timestamp() < first["to"]
    assert second.keys() == {"name", "from", "to"}
    listed = client.get("/api/recordings").get_json()
    assert listed["time_zone"] == shown["time_zone"]
    assert [row["started_at"] for row in listed["recordings"]] == [second["from"], first["from"]]
    assert client.get(f"{TIMELINE}?day=2026-01-01").get_json()["spans"] == []


def test_what_runs_is_on_the_day_of_now(live_client: FlaskClient) -> None:
    live_client.post("/api/recording/start", json={"filename": "cat"})
    today = live_client.get(TIMELINE).get_json()
    assert today["day"] == date.today().isoformat()
    (span,) = today["spans"]
    assert (span["name"], span["to"], span["state"]) == ("cat.mp4", None, "recording")
    live_client.post("/api/recording/stop")
    live_client.post("/api/recording/clip", json={"seconds": 1, "filename": "clip"})
    wait_until(lambda: live_client.get(TIMELINE).get_json()["reading"] == 0)
    ended = {span["name"]: span for span in live_client.get(TIMELINE).get_json()["spans"]}
    assert ended["cat.mp4"]["to"] > ended["cat.mp4"]["from"]
    assert ended["clip.mp4"]["clip"] is True


def test_days_with_recordings_are_told(client: FlaskClient, folder: Path) -> None:
    wait_until(lambda: client.get(DAYS).get_json()["reading"] == 0)
    (day,) = client.get(f"{DAYS}?month=2026-01").get_json()["days"][:1]
    assert (day["day"], day["recordings"]) == ("2026-01-02", 2)
    assert client.get(f"{DAYS}?month=2025-12").get_json()["days"] == []
    assert client.get(DAYS).get_json()["days"][0] == day


@pytest.mark.parametrize("url", [f"{TIMELINE}?day=2026-01-02", f"{DAYS}?month=2026-01"])
def test_what_has_not_changed_is_not_sent_again(
    client: FlaskClient, folder: Path, url: str
) -> None:
    wait_until(lambda: client.get(url).get_json()["reading"] == 0)
    known = client.get(url)
    headers = {"If-None-Match": known.headers["ETag"]}
    again = client.get(url, headers=headers)
    assert (again.status_code, again.data) == (304, b"")
    assert again.headers["Cache-Control"] == "no-cache"
    client.put(f"/api/recordings/{NAMES[1]}/star")
    assert client.get(url, headers=headers).status_code == 200


@pytest.mark.parametrize(
    "query",
    [
        *("day=", "day=today", "day=2026-02-30", "day=20260101", "day=2026-W01-1", "day=-1"),
        *("day=0001-01-01", "day=9999-12-31", "day=2026-01-01T00:00", "day=%D9%A1"),
    ],
)
def test_what_is_no_day_is_400(client: FlaskClient, query: str) -> None:
    answer = client.get(f"{TIMELINE}?{query}")
    assert (answer.status_code, answer.get_json()["code"]) == (400, "bad_request")


@pytest.mark.parametrize("month", ["", "2026", "2026-13", "2026-1", "2026-01-01", "%00"])
def test_what_is_no_month_is_400(client: FlaskClient, month: str) -> None:
    assert client.get(f"{DAYS}?month={month}").status_code == 400


def test_a_day_far_away_is_empty(client: FlaskClient, folder: Path) -> None:
    for day in ("0001-01-03", "1969-12-31", "9999-12-29"):
        assert client.get(f"{TIMELINE}?day={day}").get_json()["spans"] == []


def test_files_from_any_time_break_no_calendar(client: FlaskClient, folder: Path) -> None:
    for number, at_s in enumerate((-1e9, 0, 4e9, 2e10)):
        (folder / f"cat{number}.mp4").write_bytes(b"?")
        os.utime(folder / f"cat{number}.mp4", (at_s, at_s))
    (folder / "recording_00010101_000000.mp4").write_bytes(b"?")
    (folder / "recording_99991231_235959.mp4").write_bytes(b"?")
    for url in (DAYS, f"{TIMELINE}?day=1970-01-01", TIMELINE, "/api/recordings"):
        assert client.get(url).status_code == 200
