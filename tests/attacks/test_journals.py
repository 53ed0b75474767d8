"""Journals that somebody else has written: nothing is recorded by them, and nothing raises."""

from __future__ import annotations

import json
import os
import random
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from pet_stream.library.archive import Archive
from pet_stream.library.library import Library
from pet_stream.library.resumption import Resumption
from pet_stream.library.retention import Retention
from pet_stream.recording.journal import JOURNAL_NAME, MAX_FILE_BYTES, Journal
from pet_stream.recording.journal_entry import JournalEntry
from pet_stream.recording.status import CurrentRecording, RecordingStatus
from tests.recording.test_journal import ENTRY

GOOD: dict[str, Any] = json.loads(ENTRY.to_json())
HOSTILE_VALUES: list[Any] = [
    None,
    True,
    -1,
    1e300,
    10**400,
    "x",
    "",
    [],
    {},
    [[]],
    float("nan"),
    float("inf"),
]
HOSTILE_NAMES = [
    *("../cat.mp4", "/etc/cat.mp4", "a/b.mp4", "cat", "cat.exe", ".mp4", ".cat.mp4", "-cat.mp4"),
    *(
        "cat.001.mp4",
        "c\0at.mp4",
        "cat\n.mp4",
        "a" * 300 + ".mp4",
        "ca*.mp4",
        "猫.mp4",
        "cat.mp4.part",
    ),
]


def allowed(key: str, value: object) -> bool:
    """Where a value of the table is a good one."""
    if key in ("cause", "broke_off_at", "not_resumed_code"):
        return value is None or (key == "not_resumed_code" and value == "x")
    if key == "resumed_at":
        return value == []
    return key == "is_named" and value is True


def read(folder: Path, data: bytes) -> JournalEntry | None:
    (folder / JOURNAL_NAME).write_bytes(data)
    return Journal(folder).read()


@pytest.mark.parametrize("key", GOOD)
def test_no_field_may_have_any_value(tmp_path: Path, key: str) -> None:
    without = {k: v for k, v in GOOD.items() if k != key}
    assert read(tmp_path, json.dumps(without).encode()) is None
    for value in HOSTILE_VALUES:
        found = read(tmp_path, json.dumps({**GOOD, key: value}).encode())
        assert (found is not None) == allowed(key, value), value


@pytest.mark.parametrize("name", HOSTILE_NAMES)
def test_a_name_is_that_of_a_recording(tmp_path: Path, name: str) -> None:
    assert read(tmp_path, json.dumps({**GOOD, "filename": name}).encode()) is None


@pytest.mark.parametrize(
    "fields",
    [
        {"cause": "crash"},
        {"broke_off_at": 5},
        {"cause": "fire", "broke_off_at": 5},
        {"cause": ["crash"], "broke_off_at": 5},
        {"resumed_at": [5.0] * 11},
        {"resumed_at": ["now"]},
        {"not_resumed_code": "<script>"},
        {"not_resumed_code": "x" * 41},
        {"recording_id": "f" * 65},
    ],
)
def test_fields_fit_together(tmp_path: Path, fields: dict[str, object]) -> None:
    assert read(tmp_path, json.dumps({**GOOD, **fields}).encode()) is None


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(b"", id="empty"),
        pytest.param(ENTRY.to_json()[:-1], id="cut off"),
        pytest.param(bytes(500), id="zeros of a power cut"),
        pytest.param(b"\xff\xfe" * 100, id="no text"),
        pytest.param(b"[" * MAX_FILE_BYTES, id="deep"),
        pytest.param(b"[]", id="a list"),
        pytest.param(b"null", id="null"),
        pytest.param(ENTRY.to_json() + b" " * MAX_FILE_BYTES, id="long"),
        pytest.param(b'{"version": 0}', id="no version"),
    ],
)
def test_what_is_no_journal_is_told_once_and_gone(
    tmp_path: Path, data: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    assert read(tmp_path, data) is None
    assert "what was recorded last is not known" in caplog.text
    assert not (tmp_path / JOURNAL_NAME).exists()


def test_a_large_one_is_not_read_whole(tmp_path: Path) -> None:
    with (tmp_path / JOURNAL_NAME).open("wb") as file:
        file.truncate(1 << 40)
    assert Journal(tmp_path).read() is None


def link(path: Path) -> None:
    victim = path.with_name("victim")
    victim.write_bytes(ENTRY.to_json())
    path.symlink_to(victim)


def socket_at(path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(path))


@pytest.mark.parametrize("make", [os.mkfifo, link, socket_at, Path.mkdir])
def test_what_is_no_file_is_not_followed_nor_waited_for(
    tmp_path: Path, make: Callable[[Path], object]
) -> None:
    path = tmp_path / JOURNAL_NAME
    make(path)
    journal = Journal(tmp_path)
    assert journal.read() is None
    journal.begin(ENTRY)
    journal.end(ENTRY.recording_id)
    victim = tmp_path / "victim"
    assert not victim.exists() or victim.read_bytes() == ENTRY.to_json()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")
def test_somebody_elses_is_not_believed(tmp_path: Path) -> None:
    path = tmp_path / JOURNAL_NAME
    path.write_bytes(ENTRY.to_json())
    os.chown(path, 12345, -1)
    assert Journal(tmp_path).read() is None
    path.write_bytes(ENTRY.to_json())
    os.chown(path, 12345, -1)
    os.chown(tmp_path, 12345, -1)  # a stick on which everything belongs to one
    assert Journal(tmp_path).read() == ENTRY


def test_bytes_of_all_kinds_raise_nothing(tmp_path: Path) -> None:
    random_ = random.Random(3)
    good = ENTRY.to_json()
    for _ in range(300):
        data = bytearray(good)
        for _ in range(random_.randrange(1, 6)):
            data[random_.randrange(len(data))] = random_.randrange(256)
        read(tmp_path, bytes(data[: random_.choice([len(data), random_.randrange(len(data))])]))


def test_a_hostile_journal_starts_nothing_and_the_folder_is_claimed(tmp_path: Path) -> None:
    started: list[JournalEntry] = []

    def resume(entry: JournalEntry, left_s: float) -> RecordingStatus:
        started.append(entry)
        return RecordingStatus()

    (tmp_path / JOURNAL_NAME).write_bytes(json.dumps({**GOOD, "filename": "../cat.mp4"}).encode())
    library, current = Library(tmp_path), CurrentRecording()
    resumption = Resumption(library, Journal(tmp_path), current, resume)
    archive = Archive(library, Retention(), "test", resumption=resumption)
    archive.start()
    archive.claim()
    archive.stop()
    assert (started, current.status.interrupted) == ([], None)
