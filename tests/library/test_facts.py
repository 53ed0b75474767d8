"""What is kept of the files over restarts is a help, and never trusted."""

from __future__ import annotations

import io
import json
import os
from pathlib import Path

import pytest

from pet_stream.errors import StorageError
from pet_stream.library.facts import FACTS_FILE, VERSION
from pet_stream.library.library import Library
from pet_stream.media.access_unit import AccessUnit
from pet_stream.recording.bin_folder import OWN_FOLDER
from pet_stream.recording.containers import Mp4Container

from ..recording.test_mp4_container import timed


@pytest.fixture
def folder(tmp_path: Path, pictures: list[AccessUnit]) -> Path:
    """Of a recording with a gap, a clip, and what is none."""
    for name, is_clip in (("cat.mp4", False), ("clip.mp4", True)):
        with io.FileIO(tmp_path / name, "xb+") as file:
            container = Mp4Container(file, is_clip)
            container.write(timed(pictures))
            container.close()
    (tmp_path / "junk.mp4").write_bytes(b"?")
    return tmp_path


def save(folder: Path) -> None:
    library = Library(folder)
    for row in library.recordings():
        library.facts.read(row)
    library.facts.save(library.listed().files)
    assert not library.facts.has_news


def told(library: Library) -> list[object]:
    return [(row.name, library.details(row), library.is_clip(row)) for row in library.recordings()]


def test_the_next_run_knows_what_this_one_read(folder: Path) -> None:
    save(folder)
    library = Library(folder)
    rows = library.recordings()
    known = [
        (row.name, library.facts.known_details(row), library.facts.known_clip(row)) for row in rows
    ]
    assert known == told(library)
    assert not library.facts.has_news
    (folder / "cat.mp4").write_bytes(b"?")
    changed = Library(folder)
    assert changed.facts.known_details(changed.find("cat.mp4")) is None
    assert changed.details(changed.find("cat.mp4")).duration_s is None


GOOD = [1, 1, None, [1.5, 320, 240, "avc1.42c01f", [0, 0, []]]]


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\xff\x00",
        b"[]",
        b"{}",
        b"null",
        b'{"version": 1}',
        b"[" * 100_000,
        json.dumps({"version": VERSION + 1, "files": {"cat.mp4": GOOD}}).encode(),
        json.dumps({"version": VERSION, "files": []}).encode(),
        *(
            json.dumps({"version": VERSION, "files": {"cat.mp4": entry}}).encode()
            for entry in (
                None,
                [],
                GOOD[:3],
                ["1", *GOOD[1:]],
                [1e400, *GOOD[1:]],
                [True, *GOOD[1:]],
                [*GOOD[:3], [float("nan"), 1, 1, "x", None]],
                [*GOOD[:3], [1, 1, 1, "x", [1, 1, [[1]]]]],
                [*GOOD[:3], [1, 1, 1, "x", [1, 1, ["ab"]]]],
                [*GOOD[:3], "abcde"],
            )
        ),
    ],
)
def test_anything_may_stand_in_the_file(folder: Path, content: bytes) -> None:
    expected = told(Library(folder))
    (folder / OWN_FOLDER).mkdir()
    (folder / FACTS_FILE).write_bytes(content)
    assert told(Library(folder)) == expected
    save(folder)
    assert told(Library(folder)) == expected


def test_nothing_of_others_is_read_or_written(folder: Path, tmp_path: Path) -> None:
    theirs = tmp_path / "theirs"
    theirs.write_text("precious")
    (folder / OWN_FOLDER).mkdir()
    (folder / FACTS_FILE).symlink_to(theirs)
    save(folder)
    assert theirs.read_text() == "precious"
    assert not (folder / FACTS_FILE).is_symlink()
    (folder / FACTS_FILE).unlink()
    os.mkfifo(folder / FACTS_FILE)
    assert len(told(Library(folder))) == 3


def test_a_link_for_our_folder_is_not_followed(folder: Path, tmp_path: Path) -> None:
    theirs = tmp_path / "theirs"
    theirs.mkdir()
    (folder / OWN_FOLDER).symlink_to(theirs)
    with pytest.raises(StorageError):
        save(folder)
    assert not list(theirs.iterdir())
