"""Deleted recordings, in a real folder."""

from __future__ import annotations

import contextlib
import fcntl
import itertools
import os
import subprocess
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from pet_stream.errors import (
    BadName,
    NameExists,
    NotFound,
    PetStreamError,
    RecordingInUse,
    StorageError,
    TooMany,
)
from pet_stream.library.bin import Bin
from pet_stream.library.folder_lock import FolderLock
from pet_stream.library.library import Library
from pet_stream.recording.bin_folder import BIN_FOLDER, OWN_FOLDER
from pet_stream.recording.disk import AlmostFull, check_free, disk_space, free_path
from pet_stream.recording.status import RecordingStatus
from pet_stream.recording.taken_names import taken_names

from ..recording.conftest import mounted
from ..recording.playback import Showing
from ..recording.test_names import NOT_PLAIN

DAY_S = 86_400.0
CAT = ("cat.001.mp4", "cat.001.mp4.detections", "cat.002_recovered.mp4", "cat.mp4.jpg")
"""A recording of two files and what belongs to it, but for its star."""


def write(folder: Path, *names: str) -> None:
    for name in names:
        (folder / name).write_text(name)


def names_in(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir() if path.name != OWN_FOLDER)


@pytest.fixture
def library(tmp_path: Path) -> Library:
    return Library(tmp_path, bin_s=DAY_S)


@pytest.fixture
def cat(tmp_path: Path) -> Path:
    write(tmp_path, *CAT, "cat.mp4.star", "dog.mp4")
    return tmp_path


def test_what_is_deleted_comes_back_as_it_was(library: Library, cat: Path) -> None:
    before = {path.name: path.stat() for path in cat.iterdir()}
    entry = library.delete("cat.mp4")
    assert entry is not None
    assert entry.files == ("cat.001.mp4", "cat.002_recovered.mp4")
    assert entry.size_bytes == sum(map(len, (*CAT, "cat.mp4.star")))
    assert entry.is_starred
    assert names_in(cat) == ["dog.mp4"]
    assert [row.name for row in library.recordings()] == ["dog.mp4"]
    assert library.bin.entries() == [entry]

    library.bin.restore("cat.mp4")
    after = {path.name: path.stat() for path in cat.iterdir() if path.name != OWN_FOLDER}
    assert {name: (info.st_ino, info.st_mtime_ns) for name, info in after.items()} == {
        name: (info.st_ino, info.st_mtime_ns) for name, info in before.items()
    }
    assert library.find("cat.mp4").is_starred
    assert library.bin.is_empty()


def test_one_file_of_a_recording_comes_back_alone(library: Library, cat: Path) -> None:
    library.delete("cat.001.mp4")
    assert names_in(cat) == [*CAT[2:], "cat.mp4.star", "dog.mp4"]
    library.delete("cat.mp4")
    assert names_in(cat) == ["dog.mp4"]
    assert sorted(entry.name for entry in library.bin.entries()) == ["cat.001.mp4", "cat.mp4"]
    library.bin.restore("cat.001.mp4")
    assert names_in(cat) == [*CAT[:2], "dog.mp4"]
    library.bin.restore("cat.002_recovered.mp4")  # by the name of a file in it
    assert names_in(cat) == sorted([*CAT, "cat.mp4.star", "dog.mp4"])


def test_names_in_the_bin_are_taken(library: Library, cat: Path) -> None:
    write(cat, "cat_recovered.mp4")
    library.delete("cat_recovered.mp4")
    library.delete("cat.001.mp4")
    library.delete("cat.mp4")
    assert {"dog.mp4", "cat.mp4", "cat_recovered.mp4"} <= taken_names(cat)
    assert free_path(cat, "cat_recovered.mp4").name == "cat_recovered_2.mp4"
    library.bin.empty()
    assert not taken_names(cat) & {"cat.mp4", "cat_recovered.mp4"}
    assert free_path(cat, "cat_recovered.mp4").name == "cat_recovered.mp4"


@pytest.mark.parametrize("copied", ["cat.001.mp4", "cat.001.mp4.part"])
def test_it_takes_no_name_that_was_copied_there_meanwhile(
    library: Library, cat: Path, copied: str
) -> None:
    library.delete("cat.mp4")
    write(cat, copied)
    with pytest.raises(NameExists):
        library.bin.restore("cat.mp4")
    assert names_in(cat) == [copied, "dog.mp4"]
    (cat / copied).unlink()
    library.bin.restore("cat.mp4")
    assert library.find("cat.mp4").files == CAT[::2]


def test_of_several_with_one_name_the_last_comes_first(library: Library, tmp_path: Path) -> None:
    for text in ("old", "new"):
        (tmp_path / "cat.mp4").write_text(text)
        library.delete("cat.mp4")
    assert [entry.name for entry in library.bin.entries()] == ["cat.mp4", "cat.mp4"]
    library.bin.restore("cat.mp4")
    assert (tmp_path / "cat.mp4").read_text() == "new"
    with pytest.raises(NameExists):
        library.bin.restore("cat.mp4")
    library.bin.delete("cat.mp4")
    assert library.bin.is_empty()


@pytest.mark.parametrize("for_good", [False, True])
def test_without_a_bin_it_is_gone(cat: Path, for_good: bool) -> None:
    library = Library(cat, bin_s=DAY_S if for_good else 0)
    assert library.delete("cat.mp4", for_good=for_good) is None
    assert names_in(cat) == ["dog.mp4"]
    assert not (cat / OWN_FOLDER).exists()
    with pytest.raises(NotFound):
        library.bin.restore("cat.mp4")
    assert not (cat / OWN_FOLDER).exists()


@pytest.mark.parametrize(
    "status",
    [
        pytest.param(RecordingStatus(is_recording=True, filename="cat.mp4"), id="by this process"),
        pytest.param(RecordingStatus(), id="by another"),
    ],
)
def test_what_is_being_made_is_not_put_there(tmp_path: Path, status: RecordingStatus) -> None:
    write(tmp_path, "cat.001.mp4", "cat.002.mp4.part")
    library = Library(tmp_path, Showing(status), bin_s=DAY_S)
    for name in ("cat.001.mp4", "cat.mp4"):
        with pytest.raises(RecordingInUse):
            library.delete(name)


@pytest.mark.parametrize("text", [*NOT_PLAIN, "cat.mp4~1", ".cat.mp4", "-cat.mp4"])
def test_no_name_leads_out_of_it(library: Library, cat: Path, text: str) -> None:
    library.delete("cat.mp4")
    for ask in (library.bin.find, library.bin.restore, library.bin.delete):
        with pytest.raises(BadName):
            ask(text)


# ---- a crash in the middle


def left_in_the_middle(folder: Path, mark: str, *names: str) -> Path:
    entry = folder / BIN_FOLDER / f"{mark}cat.mp4~1790000000"
    entry.mkdir(parents=True)
    for name in names:
        (folder / name).rename(entry / name)
    return entry


@pytest.mark.parametrize("moved", range(len(CAT) + 1))
def test_what_a_crash_left_in_the_middle_is_put_back(
    library: Library, cat: Path, moved: int
) -> None:
    """In the middle of deleting, and of restoring: the same is on the disk."""
    before = names_in(cat)
    left_in_the_middle(cat, ".", *CAT[:moved])
    assert library.bin.entries() == []
    assert "cat.mp4" in taken_names(cat)
    library.bin.tidy()
    assert names_in(cat) == before
    assert library.bin.is_empty()


def test_who_deletes_next_finishes_it(library: Library, cat: Path) -> None:
    left_in_the_middle(cat, ".", *CAT[:2])
    library.delete("dog.mp4")
    assert names_in(cat) == sorted([*CAT, "cat.mp4.star"])


def test_what_was_being_deleted_for_good_is_gone(library: Library, cat: Path) -> None:
    left_in_the_middle(cat, "-", *CAT[1:])
    assert library.bin.entries() == []
    library.bin.tidy()
    assert names_in(cat) == ["cat.001.mp4", "cat.mp4.star", "dog.mp4"]
    assert library.bin.is_empty()


def test_nothing_is_lost_if_its_name_was_taken_meanwhile(library: Library, cat: Path) -> None:
    left_in_the_middle(cat, ".", *CAT)
    write(cat, "cat.001.mp4", "cat.mp4.jpg")
    library.bin.tidy()
    assert library.find("cat.mp4").files == CAT[::2]
    (entry,) = library.bin.entries()
    assert entry.files == ("cat.001.mp4",)


# ---- several at once


def test_of_two_deletes_one_wins(library: Library, cat: Path) -> None:
    def outcome(_: int) -> str:
        barrier.wait()
        try:
            library.delete("cat.mp4")
        except NotFound:
            return "not found"
        return "deleted"

    barrier = threading.Barrier(4)
    with ThreadPoolExecutor(4) as threads:
        assert sorted(threads.map(outcome, range(4))) == ["deleted", *3 * ["not found"]]
    assert len(library.bin.entries()) == 1


def test_what_is_restored_while_the_bin_is_emptied_is_whole_or_gone(tmp_path: Path) -> None:
    for _ in range(20):
        library = Library(tmp_path, bin_s=DAY_S)
        write(tmp_path, *CAT)
        library.delete("cat.mp4")
        barrier = threading.Barrier(2)

        def restore() -> bool:
            barrier.wait()  # noqa: B023 (joined within the loop)
            try:
                library.bin.restore("cat.mp4")  # noqa: B023
            except NotFound:
                return False
            return True

        with ThreadPoolExecutor(1) as thread:
            restored = thread.submit(restore)
            barrier.wait()
            library.bin.empty()
        assert names_in(tmp_path) == (sorted(CAT) if restored.result() else [])
        assert library.bin.is_empty()
        for name in names_in(tmp_path):
            (tmp_path / name).unlink()


@pytest.fixture
def held_lock(library: Library, tmp_path: Path) -> Iterator[None]:
    """Another process is at it, and hangs."""
    write(tmp_path, "first.mp4")
    library.delete("first.mp4")
    descriptor = os.open(tmp_path / BIN_FOLDER, os.O_RDONLY)
    fcntl.flock(descriptor, fcntl.LOCK_EX)
    yield
    os.close(descriptor)


@pytest.mark.usefixtures("held_lock")
def test_nobody_waits_for_ever(tmp_path: Path) -> None:
    bin_ = Bin(tmp_path, DAY_S, FolderLock(timeout_s=0.05))
    write(tmp_path, "cat.mp4")
    with pytest.raises(TooMany):
        bin_.put("cat.mp4", ["cat.mp4"], [])
    with pytest.raises(TooMany):
        bin_.restore("first.mp4")
    assert names_in(tmp_path) == ["cat.mp4"]


# ---- folders and disks that won't


def test_what_is_in_the_bin_is_room_for_a_recording(library: Library, tmp_path: Path) -> None:
    terabyte = 10**12
    (tmp_path / "cat.mp4").touch()
    os.truncate(tmp_path / "cat.mp4", 2 * terabyte)  # without a block of its own
    wanted_bytes = disk_space(tmp_path).free_bytes + terabyte
    with pytest.raises(AlmostFull):
        check_free(tmp_path, wanted_bytes)
    library.delete("cat.mp4")
    check_free(tmp_path, wanted_bytes)


def test_a_link_in_its_place_is_not_followed(library: Library, cat: Path, tmp_path: Path) -> None:
    theirs = tmp_path / "theirs"
    theirs.mkdir()
    for path in (cat / BIN_FOLDER, cat / OWN_FOLDER):
        path.parent.mkdir(exist_ok=True)
        path.symlink_to(theirs)
        with pytest.raises(StorageError):
            library.delete("cat.mp4")
        assert not list(theirs.iterdir())
        path.unlink()
        if path.parent != cat:
            path.parent.rmdir()
    assert library.find("cat.mp4").files == CAT[::2]


def test_an_entry_that_is_a_link_is_none(library: Library, cat: Path, tmp_path: Path) -> None:
    theirs = tmp_path / "theirs"
    theirs.mkdir()
    write(theirs, "precious.mp4")
    (cat / BIN_FOLDER).mkdir(parents=True)
    for mark in ("", ".", "-"):
        (cat / BIN_FOLDER / f"{mark}precious.mp4~1").symlink_to(theirs)
    library.bin.tidy()
    library.bin.empty()
    assert library.bin.entries() == []
    assert names_in(theirs) == ["precious.mp4"]


def test_what_others_put_there_stays(library: Library, cat: Path) -> None:
    library.delete("cat.mp4")
    (entry,) = library.bin.entries()
    bin_path = cat / BIN_FOLDER
    write(bin_path, "notes.txt", "..mp4~1", "x.mp4~1")
    (bin_path / "folder").mkdir()
    write(bin_path / entry.id, "notes.txt")
    (bin_path / entry.id / "folder.mp4").mkdir()
    with pytest.raises(PetStreamError):
        library.bin.empty()
    assert {"notes.txt", "..mp4~1", "x.mp4~1", "folder"} < {
        path.name for path in bin_path.iterdir()
    }
    assert library.bin.entries() == []
    assert (bin_path / f"-{entry.id}" / "notes.txt").exists()


def test_a_folder_that_became_read_only_says_so(tmp_path: Path) -> None:
    folder = tmp_path / "mounted"
    folder.mkdir()
    library = Library(folder, bin_s=DAY_S)
    with mounted(folder, "size=64k") as is_mounted:
        write(folder, "cat.mp4", "dog.mp4")
        library.delete("dog.mp4")
        if is_mounted:
            subprocess.run(["mount", "-o", "remount,ro", str(folder)], check=True)
        else:
            for path in (folder, folder / BIN_FOLDER):
                path.chmod(0o555)
        for ask in (library.delete, library.bin.restore, library.bin.delete):
            with pytest.raises(StorageError) as refused:
                ask("cat.mp4" if ask == library.delete else "dog.mp4")
            assert refused.value.cause == "not_writable"
        assert library.find("cat.mp4")
        assert library.bin.find("dog.mp4")
        if not is_mounted:
            for path in (folder, folder / BIN_FOLDER):
                path.chmod(0o755)


@pytest.mark.parametrize("is_emptied", [True, False])
def test_a_full_disk_has_no_bin(tmp_path: Path, is_emptied: bool) -> None:
    """On which no folder can be made any more: the bin gives way, or else there is none."""
    folder = tmp_path / "mounted"
    folder.mkdir()
    with mounted(folder, "size=64k,nr_inodes=8") as is_mounted:
        if not is_mounted:
            pytest.skip("needs a file system of its own")
        library = Library(folder, bin_s=DAY_S)
        write(folder, "cat.mp4")
        if is_emptied:
            write(folder, "dog.mp4")
            library.delete("dog.mp4")
        fill(folder)
        assert (library.delete("cat.mp4") is not None) is is_emptied
        assert library.find("filler0.mp4")
        assert [entry.name for entry in library.bin.entries()] == ["cat.mp4"][:is_emptied]
        assert not (folder / "cat.mp4").exists()


def fill(folder: Path) -> None:
    with contextlib.suppress(OSError):
        for number in itertools.count():
            write(folder, f"filler{number}.mp4")
