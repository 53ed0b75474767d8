"""The journal: what it remembers of a recording, and when it forgets."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from pet_stream.recording.journal import JOURNAL_NAME, Journal
from pet_stream.recording.journal_entry import VERSION, JournalEntry

ENTRY = JournalEntry(
    recording_id="0123456789abcdef",
    filename="cat.mp4",
    is_named=True,
    started_at=1_700_000_000.5,
    preroll_ms=5000,
    max_duration_s=3600.0,
    preroll_s=5.0,
    heartbeat_s=30.0,
    resumed_at=(1_699_999_000.0, 1_699_999_500.0),
)
CRASHED = replace(ENTRY, cause="crash", broke_off_at=1_700_000_100.0)
OTHER = replace(ENTRY, recording_id="f" * 16, filename="dog.mp4")


@pytest.mark.parametrize(
    "entry",
    [
        ENTRY,
        CRASHED,
        replace(ENTRY, cause="shut_down", broke_off_at=5.0, not_resumed_code="too_late"),
        replace(ENTRY, is_named=False, filename="recording_20240501_120000_2.h264", resumed_at=()),
        replace(ENTRY, max_duration_s=0.0, preroll_s=0.0, heartbeat_s=0.0, preroll_ms=0),
    ],
)
def test_an_entry_is_read_as_it_was_written(entry: JournalEntry) -> None:
    assert JournalEntry.from_json(entry.to_json()) == entry
    assert json.loads(entry.to_json())["version"] == VERSION


def test_a_crash_leaves_what_ran(tmp_path: Path) -> None:
    Journal(tmp_path).begin(ENTRY)
    assert Journal(tmp_path).read() == ENTRY
    assert [path.name for path in tmp_path.iterdir()] == [JOURNAL_NAME]


def test_one_that_has_ended_is_forgotten(tmp_path: Path) -> None:
    journal = Journal(tmp_path)
    assert journal.read() is None
    journal.begin(ENTRY)
    journal.end(ENTRY.recording_id)
    assert Journal(tmp_path).read() is None
    assert list(tmp_path.iterdir()) == []


def test_one_that_its_server_has_ended_is_not(tmp_path: Path) -> None:
    journal = Journal(tmp_path)
    journal.begin(ENTRY)
    journal.end(ENTRY.recording_id, ended_at=1_700_000_200.0)
    left = replace(ENTRY, cause="shut_down", broke_off_at=1_700_000_200.0)
    assert journal.read() == Journal(tmp_path).read() == left


def test_one_that_ends_late_does_not_forget_the_next(tmp_path: Path) -> None:
    """Its disk hung; the next recording has begun meanwhile."""
    journal = Journal(tmp_path)
    journal.begin(ENTRY)
    journal.begin(OTHER)
    journal.end(ENTRY.recording_id)
    journal.end(ENTRY.recording_id, ended_at=5.0)
    assert Journal(tmp_path).read() == OTHER


def test_a_disk_that_comes_back_tells_nothing_new(tmp_path: Path) -> None:
    """It was taken out in mid-recording, and that the recording failed was told."""
    journal = Journal(tmp_path)
    journal.begin(ENTRY)
    assert journal.read() is None


def test_what_became_of_it_is_written_unless_another_one_has_begun(tmp_path: Path) -> None:
    Journal(tmp_path).begin(ENTRY)
    journal = Journal(tmp_path)
    assert journal.change(CRASHED)
    assert Journal(tmp_path).read() == CRASHED
    journal.begin(OTHER)
    assert not journal.change(CRASHED)
    journal.forget(CRASHED)
    assert Journal(tmp_path).read() == OTHER
    journal.forget(OTHER)
    assert Journal(tmp_path).read() is None
    assert not journal.change(OTHER)


def test_a_power_cut_in_the_middle_of_writing_leaves_the_last_and_no_litter(
    tmp_path: Path,
) -> None:
    Journal(tmp_path).begin(ENTRY)
    for number in range(3):
        (tmp_path / f".{JOURNAL_NAME}.{number:016x}").write_bytes(OTHER.to_json()[:50])
    assert Journal(tmp_path).read() == ENTRY
    assert [path.name for path in tmp_path.iterdir()] == [JOURNAL_NAME]


@pytest.mark.parametrize("disk", ["full_disk", "read_only_folder"])
def test_without_a_place_to_write_it_recordings_go_on(
    request: pytest.FixtureRequest, disk: str, caplog: pytest.LogCaptureFixture
) -> None:
    folder: Path = request.getfixturevalue(disk)
    journal = Journal(folder)
    journal.begin(ENTRY)
    assert "a crash of this recording would not be noticed" in caplog.text
    journal.end(ENTRY.recording_id)
    assert journal.read() is None


def test_a_newer_programs_is_not_misread_and_makes_way_for_the_next(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    newer = {"version": VERSION + 1, "recordings": ["cat", "dog"]}
    path = tmp_path / JOURNAL_NAME
    path.write_text(json.dumps(newer))
    journal = Journal(tmp_path)
    assert journal.read() is None
    assert "newer pet_stream" in caplog.text
    assert json.loads(path.read_text()) == newer
    journal.begin(ENTRY)
    assert Journal(tmp_path).read() == ENTRY


def test_it_is_nobody_elses_to_write(tmp_path: Path) -> None:
    Journal(tmp_path).begin(ENTRY)
    assert (tmp_path / JOURNAL_NAME).stat().st_mode & 0o777 == 0o600
