from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from pet_stream.errors import BadName, NotFound, RecordingInUse, StorageError
from pet_stream.library.library import Library
from pet_stream.recording.status import RecordingStatus

from ..recording.playback import Showing
from ..recording.test_names import NOT_PLAIN


def write(path: Path, size_bytes: int = 1, changed_at: float | None = None) -> None:
    path.write_bytes(bytes(size_bytes))
    if changed_at is not None:
        os.utime(path, (changed_at, changed_at))


def test_recordings_are_listed_newest_first(tmp_path: Path) -> None:
    in_name = time.mktime((2024, 5, 1, 12, 0, 0, 0, 0, -1))
    write(tmp_path / "recording_20240501_120000.h264", 10, changed_at=in_name + 60)
    write(tmp_path / "recording_20240501_120000_2.h264", 20, changed_at=in_name + 61)
    write(tmp_path / "older.mp4", 30, changed_at=in_name - 1)
    write(tmp_path / "newer.h264", 40, changed_at=in_name + 1)

    listed = Library(tmp_path).recordings()

    assert [(item.name, item.size_bytes, item.started_at, item.format) for item in listed] == [
        ("newer.h264", 40, in_name + 1, "h264"),
        ("recording_20240501_120000_2.h264", 20, in_name, "h264"),
        ("recording_20240501_120000.h264", 10, in_name, "h264"),
        ("older.mp4", 30, in_name - 1, "mp4"),
    ]
    assert {item.state for item in listed} == {"complete"}


def test_only_the_recordings_of_the_folder_are_listed(tmp_path: Path) -> None:
    folder = tmp_path / "recordings"
    folder.mkdir()
    write(tmp_path / "outside.h264")
    write(folder / "inside.h264")
    for name in ("notes.txt", ".hidden.h264", "cat.h264.part", "cat.jpg", "n\u0430me.h264"):
        write(folder / name)
    (folder / os.fsdecode(b"\xff.h264")).touch()
    (folder / "folder.h264").mkdir()
    os.mkfifo(folder / "pipe.h264")
    (folder / "link.h264").symlink_to(tmp_path / "outside.h264")
    (folder / "dangling.h264").symlink_to(tmp_path / "nowhere")

    library = Library(folder)

    assert [item.name for item in library.recordings()] == ["inside.h264"]
    for name in ("folder.h264", "pipe.h264", "link.h264", "dangling.h264", "missing.h264"):
        with pytest.raises(NotFound):
            library.files_of(name)


def test_the_running_recording_is_marked(tmp_path: Path) -> None:
    write(tmp_path / "one.h264")
    write(tmp_path / "two.h264")
    status = RecordingStatus(is_recording=True, has_file=True, filename="two.h264")
    listed = Library(tmp_path, Showing(status)).recordings()
    assert {item.name: item.state for item in listed} == {
        "one.h264": "complete",
        "two.h264": "recording",
    }


def test_a_file_that_nobody_writes_is_not_being_recorded(tmp_path: Path) -> None:
    """The disk has not answered yet, so the recording's name is not certain: it may be taken."""
    write(tmp_path / "cat.h264")
    write(tmp_path / "dog.h264.part")  # of a crash
    for name in ("cat.h264", "dog.h264"):
        status = RecordingStatus(is_recording=True, filename=name)
        library = Library(tmp_path, Showing(status))
        assert [(row.name, row.state) for row in library.recordings()] == [("cat.h264", "complete")]
        assert library.find("cat.h264").state == "complete"


def test_what_is_listed_can_be_fetched(tmp_path: Path) -> None:
    write(tmp_path / "2024.05.01 cat.mp4", 5)
    library = Library(tmp_path)
    (recording,) = library.recordings()
    assert library.files_of(recording.name) == [tmp_path / "2024.05.01 cat.mp4"]
    assert recording.to_json(library.details(recording)).keys() == {
        *("name", "size_bytes", "started_at", "start_time", "state", "format", "starred"),
        *("duration_s", "width", "height", "codec", "segments", "has_detections"),
        *("gap_count", "missing_s", "gaps"),
    }


@pytest.mark.parametrize("text", [*NOT_PLAIN, "../recordings-old/a.h264", "a" * 200 + ".h264"])
def test_a_name_never_leads_out_of_the_folder(tmp_path: Path, text: str) -> None:
    folder = tmp_path / "recordings"
    sibling = tmp_path / "recordings-old"
    folder.mkdir()
    sibling.mkdir()
    write(sibling / "a.h264")
    with pytest.raises(BadName):
        Library(folder).files_of(text)


def test_a_missing_folder_holds_nothing(tmp_path: Path) -> None:
    library = Library(tmp_path / "missing")
    assert library.recordings() == []
    with pytest.raises(NotFound):
        library.files_of("cat.h264")


def test_a_folder_that_is_none_is_an_error_without_its_path(tmp_path: Path) -> None:
    write(tmp_path / "file")
    library = Library(tmp_path / "file")
    with pytest.raises(StorageError) as refused:
        library.recordings()
    assert str(tmp_path) not in str(refused.value)
    with pytest.raises(StorageError):
        library.files_of("cat.h264")


def test_a_thousand_recordings_are_listed_in_a_tenth_of_a_second_of_cpu(tmp_path: Path) -> None:
    for number in range(1000):
        (tmp_path / f"recording_20240501_{number:06d}.h264").touch()
    library = Library(tmp_path)
    durations_s = []
    for _ in range(5):
        begun = time.thread_time()
        assert len(library.recordings()) == 1000
        durations_s.append(time.thread_time() - begun)
    assert min(durations_s) < 0.1, durations_s


@pytest.mark.parametrize(
    ("files", "star", "row"),
    [
        (["cat.mp4"], "cat.mp4", "cat.mp4"),
        (["cat.001.mp4", "cat.002.mp4"], "cat.mp4", "cat.mp4"),
        (["cat.001.mp4", "cat.002.mp4"], "cat.001.mp4", "cat.mp4"),
        (["cat.001.mp4"], "cat.mp4", "cat.mp4"),
        (["cat_recovered.mp4"], "cat.mp4", "cat_recovered.mp4"),
        (["cat.001.mp4", "cat.002_recovered.mp4"], "cat.mp4", "cat.mp4"),
    ],
)
def test_a_star_stays_when_the_recording_goes_on_or_is_repaired(
    tmp_path: Path, files: list[str], star: str, row: str
) -> None:
    for name in files:
        write(tmp_path / name, 100)
    (tmp_path / f"{star}.star").touch()
    library = Library(tmp_path)
    assert library.find(row).is_starred
    library.set_starred(row, False)
    assert not library.find(row).is_starred
    assert not list(tmp_path.glob("*.star"))


def test_another_recordings_star_is_not_shared(tmp_path: Path) -> None:
    for name in ("cat.mp4", "cat.001.mp4", "cat_recovered.mp4", "cat.mp4.star"):
        write(tmp_path / name)
    starred = [row.name for row in Library(tmp_path).recordings() if row.is_starred]
    assert starred == ["cat.mp4"]


# ---- recordings of several files

Rows = dict[str, list[str]]


def rows_of(library: Library) -> Rows:
    return {row.name: list(row.files) for row in library.recordings()}


@pytest.mark.parametrize(
    "rows",
    [
        {"x.mp4": ["x.001.mp4", "x.002.mp4"]},
        {"x.h264": ["x.001.h264", "x.002.h264"]},
        {"x.mp4": ["x.001.mp4"], "x.h264": ["x.001.h264"]},
        {"x.mp4": ["x.999.mp4", "x.1000.mp4"]},
        # one of them was deleted, or repaired, or was the last before a crash
        {"x.mp4": ["x.002.mp4", "x.004_recovered.mp4"]},
        {"x.mp4": ["x.001_recovered.mp4"]},
        # the name is a file's
        {"x.mp4": ["x.mp4"], "x.001.mp4": ["x.001.mp4"], "x.002.mp4": ["x.002.mp4"]},
        # numbers that people give
        {"x_001.mp4": ["x_001.mp4"], "x_002.mp4": ["x_002.mp4"]},
        {"x.1.mp4": ["x.1.mp4"], "x.2.mp4": ["x.2.mp4"]},
        {"x.mp4": ["x.001.mp4", "x.002.mp4"], "x_002.mp4": ["x_002.mp4"]},
    ],
)
def test_names_tell_which_files_are_one_recording(tmp_path: Path, rows: Rows) -> None:
    for file in (file for files in rows.values() for file in files):
        write(tmp_path / file, 100)
    library = Library(tmp_path)
    assert rows_of(library) == rows
    for name, files in rows.items():
        for file in files:
            assert library.find(file).name == name
            assert library.files_of(file) == [tmp_path / file]
        assert library.files_of(name) == [tmp_path / file for file in files]


def test_what_belongs_to_a_recording_is_deleted_with_it(tmp_path: Path) -> None:
    mine = ["cat_recovered.mp4", "cat_recovered.mp4.detections", "cat.mp4.star", "cat.mp4.jpg"]
    others = ["cat.h264", "cat.h264.jpg", "cat_recovered.mp4.txt"]
    for name in (*mine, *others):
        write(tmp_path / name)
    Library(tmp_path).delete("cat_recovered.mp4")
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(others)


def test_what_a_recording_of_the_same_name_before_has_now_stays_its_own(tmp_path: Path) -> None:
    """The first `cat` was repaired after a crash; the second one has several files."""
    others = ["cat.001.mp4", "cat.002.mp4.part", "cat.mp4.star", "cat.mp4.jpg"]
    for name in ("cat_recovered.mp4", *others):
        write(tmp_path / name)
    Library(tmp_path).delete("cat_recovered.mp4")
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(others)


@pytest.mark.parametrize("last", ["x.mp4", "x.003.mp4"])
def test_the_name_of_a_file_deletes_that_file_only(tmp_path: Path, last: str) -> None:
    for number in (1, 2, 3):
        write(tmp_path / f"x.00{number}.mp4", 100)
        write(tmp_path / f"x.00{number}.mp4.detections")
    write(tmp_path / "x.mp4.jpg")
    library = Library(tmp_path)
    library.delete("x.002.mp4")
    assert not (tmp_path / "x.002.mp4.detections").exists()
    assert rows_of(library) == {"x.mp4": ["x.001.mp4", "x.003.mp4"]}
    library.set_starred("x.mp4", True)
    library.delete("x.001.mp4")
    assert rows_of(library) == {"x.mp4": ["x.003.mp4"]}
    assert library.find("x.mp4").is_starred
    library.delete(last)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("files", "name", "row"),
    [
        (["x.mp4.part"], "x.mp4", ["x.mp4.part"]),
        (["x.001.mp4"], "x.mp4", ["x.001.mp4"]),  # between two files
        (["x.001.mp4", "x.002.mp4.part"], "x.mp4", ["x.001.mp4", "x.002.mp4.part"]),
    ],
)
def test_a_running_recording_is_one_row(
    tmp_path: Path, files: list[str], name: str, row: list[str]
) -> None:
    for file in files:
        write(tmp_path / file, 100)
    write(tmp_path / "x_001.mp4", 100)
    write(tmp_path / "y.mp4.part", 100)
    status = RecordingStatus(is_recording=True, has_file=True, filename=name, started_at=7.0)
    library = Library(tmp_path, Showing(status))
    assert rows_of(library) == {name: row, "x_001.mp4": ["x_001.mp4"]}
    running = library.find(name)
    assert (running.state, running.started_at) == ("recording", 7.0)
    for known in (name, *(file for file in files if file.endswith(".mp4"))):
        with pytest.raises(RecordingInUse):
            library.delete(known)
