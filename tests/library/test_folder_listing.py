"""The list is kept, and never out of date."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from pet_stream.library.folder_listing import FolderListing
from pet_stream.recording.status import RecordingStatus

IDLE = RecordingStatus()
RUNNING = RecordingStatus(is_recording=True, has_file=True, filename="cat.mp4", started_at=7.0)


def write(folder: Path, *names: str) -> None:
    for name in names:
        (folder / name).write_text(name)


def let_settle(folder: Path, *names: str) -> None:
    """As if the folder, and these files, had been left alone for an hour."""
    an_hour_ago = time.time() - 3600
    for path in (*(folder / name for name in names), folder):
        os.utime(path, (an_hour_ago, an_hour_ago))


@pytest.fixture
def settled(tmp_path: Path) -> Path:
    write(tmp_path, "cat.mp4", "dog.mp4")
    let_settle(tmp_path, "cat.mp4", "dog.mp4")
    return tmp_path


def test_a_list_is_kept_until_the_folder_changes(settled: Path) -> None:
    listing = FolderListing(settled)
    first = listing.read(IDLE)
    assert listing.read(IDLE) is first
    write(settled, "fox.mp4")
    second = listing.read(IDLE)
    assert {row.name for row in second.rows} == {"fox.mp4", "dog.mp4", "cat.mp4"}
    (settled / "dog.mp4").unlink()
    assert len(listing.read(IDLE).rows) == 2
    write(settled, "cat.mp4.star")
    assert {row.is_starred for row in listing.read(IDLE).rows} == {True, False}


@pytest.mark.parametrize("name", ["fox.mp4", "cat.mp4.star"])
def test_two_changes_at_the_same_moment_are_seen(settled: Path, name: str) -> None:
    """The folder has the same time after both: its clock is coarse."""
    listing = FolderListing(settled)
    write(settled, "new.mp4")
    info = settled.stat()
    first = listing.read(IDLE)
    write(settled, name)
    os.utime(settled, ns=(info.st_atime_ns, info.st_mtime_ns))
    assert listing.read(IDLE).rows != first.rows


def test_a_file_that_is_just_copied_there_grows(settled: Path) -> None:
    write(settled, "fox.mp4")
    let_settle(settled)  # but not the file
    listing = FolderListing(settled)
    first = listing.read(IDLE)
    with (settled / "fox.mp4").open("a") as file:
        file.write("more")
    second = listing.read(IDLE)
    assert second.rows[0].size_bytes == first.rows[0].size_bytes + 4
    assert second.rows[1:] == first.rows[1:]
    assert second.revision != first.revision
    assert second.total_bytes == first.total_bytes + 4


def test_a_running_recording_grows_and_the_revision_stays(settled: Path) -> None:
    (settled / "cat.mp4").rename(settled / "cat.001.mp4")
    write(settled, "cat.002.mp4.part")
    let_settle(settled, "cat.002.mp4.part")
    listing = FolderListing(settled)
    first = listing.read(RUNNING)
    (running,) = [row for row in first.rows if row.is_running]
    assert running.files == ("cat.001.mp4", "cat.002.mp4.part")
    with (settled / "cat.002.mp4.part").open("a") as file:
        file.write("more")
    second = listing.read(RUNNING)
    assert second.total_bytes == first.total_bytes + 4
    assert second.revision == first.revision
    assert listing.read(IDLE).revision != first.revision


def test_an_old_file_that_is_written_to_is_seen_in_a_while(settled: Path) -> None:
    listing = FolderListing(settled, max_age_s=0)
    first = listing.read(IDLE)
    (settled / "dog.mp4").write_text("another")
    let_settle(settled)
    assert listing.read(IDLE).rows != first.rows


def test_a_folder_that_comes_and_goes(tmp_path: Path) -> None:
    folder = tmp_path / "later"
    listing = FolderListing(folder)
    assert listing.read(IDLE).rows == ()
    folder.mkdir()
    write(folder, "cat.mp4")
    assert len(listing.read(IDLE).rows) == 1
    (folder / "cat.mp4").unlink()
    folder.rmdir()
    assert listing.read(IDLE).rows == ()


@pytest.mark.parametrize(
    "names",
    [
        ("cat.001.mp4", "cat.002_recovered.mp4", "cat.mp4.star"),
        ("cat_recovered.mp4", "cat.mp4.star"),
        ("cat.mp4", "cat.001.mp4", "cat_recovered.mp4", "cat.mp4.star", "cat.001.mp4.star"),
        ("cat.mp4", "cat.mp4.detections"),
        ("recording_20240501_120000_2.001_recovered_3.mp4", "recording_20240501_120000_2.mp4.star"),
    ],
)
def test_file_by_file_it_becomes_the_list_of_a_first_look(
    settled: Path, names: tuple[str, ...]
) -> None:
    """In any order, and back again."""
    listing = FolderListing(settled)
    listing.read(IDLE)
    for name in (*names, *names, *reversed(names), *reversed(names)):
        path = settled / name
        path.unlink() if path.exists() else path.touch()
        assert listing.read(IDLE).rows == FolderListing(settled).read(IDLE).rows
        assert listing.read(IDLE).revision == FolderListing(settled).read(IDLE).revision
