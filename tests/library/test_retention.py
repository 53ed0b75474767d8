"""What goes and what stays, with real files and clocks that do what the test says."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from pet_stream.errors import RecordingInUse
from pet_stream.library.ages import Ages
from pet_stream.library.archive import Archive
from pet_stream.library.clock import DOUBT_S, ClockReading
from pet_stream.library.library import Library
from pet_stream.library.retention import Pruner, Retention
from pet_stream.media.clip_mark import MARK_BOX
from pet_stream.recording.bin_folder import BIN_FOLDER, entry_name
from pet_stream.recording.disk import DiskSpace
from pet_stream.recording.status import RecordingStatus

from ..waiting import wait_until

DAY_S = 86_400.0
SIZE_BYTES = 100


@dataclass
class Clocks:
    """The machine has been up for a day, and NTP says that its clock is right."""

    wall_s: float = 1_790_000_000.0
    boot_s: float = DAY_S
    is_synchronized: bool = True

    def __call__(self) -> ClockReading:
        return ClockReading(self.wall_s, self.boot_s, self.is_synchronized)

    def go_on(self, seconds: float) -> None:
        self.wall_s += seconds
        self.boot_s += seconds


class Disk(Library):
    """A library on a disk of so much: what it does not hold, others do."""

    size_bytes = 10_000
    others_bytes = 0
    free_bytes: int | None = None
    """Whatever is deleted, if it is set."""

    def disk_space(self) -> DiskSpace:
        if self.free_bytes is not None:
            return DiskSpace(self.free_bytes, self.size_bytes)
        files = (path for path in self.folder.rglob("*") if path.is_file())
        used_bytes = sum(path.stat().st_size for path in files)
        return DiskSpace(self.size_bytes - self.others_bytes - used_bytes, self.size_bytes)


class Folder:
    def __init__(self, folder: Path) -> None:
        self.path = folder
        self.clocks = Clocks()
        self.status = RecordingStatus()
        self.library = Disk(folder, self, bin_s=DAY_S)
        self.ages = Ages(self.clocks)

    def make(self, name: str, age_days: float = 0, *, is_clip: bool = False) -> None:
        """A file of SIZE_BYTES, changed so long ago by the wall clock."""
        start = MARK_BOX if is_clip else b""
        path = self.path / name
        path.write_bytes(start + bytes(SIZE_BYTES - len(start)))
        changed_at = self.clocks.wall_s - age_days * DAY_S
        os.utime(path, (changed_at, changed_at))

    def record(self, name: str) -> None:
        """The same, by this run, which ends just now."""
        self.make(name)
        self.ages.note_end(name)

    def pruner(self, **limits: float) -> Pruner:
        return Pruner(self.library, Retention(**limits), self.ages)  # type: ignore[arg-type]

    def delete(self, name: str, ago_s: float = 0) -> None:
        """Put a recording into the bin, so long ago by the wall clock, in an earlier run."""
        entry = self.library.delete(name)
        assert entry is not None
        deleted_at = int(self.clocks.wall_s - ago_s)
        bin_path = self.path / BIN_FOLDER
        (bin_path / entry.id).rename(bin_path / entry_name(name, deleted_at))

    @property
    def names(self) -> list[str]:
        return sorted(path.name for path in self.path.iterdir() if path.is_file())

    @property
    def binned(self) -> list[str]:
        return sorted(entry.name for entry in self.library.bin.entries())


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    return Folder(tmp_path)


def make_days(folder: Folder, *days: int) -> None:
    for day in days:
        folder.make(f"d{day}.mp4", day)


# ---- the limits


def test_nothing_is_deleted_by_default(folder: Folder) -> None:
    make_days(folder, 1000)
    assert not Retention().is_on
    assert folder.pruner().prune() == []


def test_what_is_too_old_goes(folder: Folder) -> None:
    make_days(folder, 1, 5, 9)
    assert folder.pruner(max_age_s=4 * DAY_S).prune() == ["d9.mp4", "d5.mp4"]
    assert folder.names == ["d1.mp4"]


def test_the_oldest_go_until_the_rest_fits(folder: Folder) -> None:
    make_days(folder, 1, 2, 3, 4)
    assert folder.pruner(max_bytes=250).prune() == ["d4.mp4", "d3.mp4"]


def test_the_oldest_go_while_too_little_is_free(folder: Folder) -> None:
    make_days(folder, 1, 2, 3, 4)
    folder.library.size_bytes = 600
    assert folder.pruner(min_free_bytes=350).prune() == ["d4.mp4", "d3.mp4"]


def test_a_starred_and_a_running_recording_stay(folder: Folder) -> None:
    make_days(folder, 1, 2, 3)
    folder.make("running.mp4.part", 9)
    folder.status = RecordingStatus(is_recording=True, has_file=True, filename="running.mp4")
    folder.library.set_starred("d3.mp4", True)
    assert folder.pruner(max_age_s=1).prune() == ["d2.mp4", "d1.mp4"]
    assert folder.names == ["d3.mp4", "d3.mp4.star", "running.mp4.part"]
    with pytest.raises(RecordingInUse):
        folder.library.delete("running.mp4")


@pytest.mark.parametrize("limits", [{"max_bytes": 250}, {"min_free_bytes": 350}])
def test_clips_go_before_recordings(folder: Folder, limits: dict[str, float]) -> None:
    make_days(folder, 8, 9)
    folder.make("clip_1.mp4", 1, is_clip=True)
    folder.make("clip_2.mp4", 2, is_clip=True)
    folder.library.size_bytes = 600
    assert folder.pruner(**limits).prune() == ["clip_2.mp4", "clip_1.mp4"]
    assert folder.names == ["d8.mp4", "d9.mp4"]


# ---- the disk is filled by something else


def test_for_the_sake_of_free_space_half_stays(folder: Folder) -> None:
    make_days(folder, *range(1, 11))
    folder.library.others_bytes = folder.library.size_bytes
    pruner = folder.pruner(min_free_bytes=500)
    assert pruner.prune() == [f"d{day}.mp4" for day in (10, 9, 8, 7, 6)]
    for _ in range(10):
        assert pruner.prune() == []
    assert folder.names == [f"d{day}.mp4" for day in (1, 2, 3, 4, 5)]


def test_the_only_recording_stays(folder: Folder) -> None:
    make_days(folder, 1)
    folder.library.others_bytes = folder.library.size_bytes
    assert folder.pruner(min_free_bytes=500).prune() == []


def test_what_is_recorded_goes_on_making_room_for_itself(folder: Folder) -> None:
    folder.library.size_bytes = 1000
    pruner = folder.pruner(min_free_bytes=200)
    kept: list[str] = []
    for number in range(100):
        folder.clocks.go_on(DAY_S)
        folder.record(f"r{number:03d}.mp4")
        kept = [*kept, f"r{number:03d}.mp4"][-8:]
        pruner.prune()
        assert folder.names == kept


def test_what_is_deleted_but_still_read_by_somebody_costs_no_more(folder: Folder) -> None:
    """Its space is not free yet: to delete the next would not help."""
    make_days(folder, *range(1, 11))
    folder.library.free_bytes = 400
    assert folder.pruner(min_free_bytes=500).prune() == ["d10.mp4"]


# ---- the clock


def test_a_clock_that_goes_forward_a_day_deletes_nothing(folder: Folder) -> None:
    """Neither what this run recorded, nor what was there before it."""
    folder.make("before.mp4", 0.5)
    pruner = folder.pruner(max_age_s=DAY_S)
    folder.record("cat.mp4")
    assert pruner.prune() == []
    folder.clocks.wall_s += DAY_S
    for _ in range(3):
        folder.clocks.go_on(60)
        assert pruner.prune() == []


def test_a_recording_that_ends_after_the_clock_went_forward_is_new(folder: Folder) -> None:
    """Its file may say what it was when the clock was right."""
    pruner = folder.pruner(max_age_s=DAY_S)
    folder.make("cat.mp4")
    folder.clocks.wall_s += 2 * DAY_S
    folder.ages.note_end("cat.mp4")
    assert pruner.prune() == []
    folder.clocks.go_on(DAY_S - 1)
    assert pruner.prune() == []
    folder.clocks.go_on(2)
    assert pruner.prune() == ["cat.mp4"]


def test_what_this_run_recorded_ages_while_the_clock_is_not_trusted(folder: Folder) -> None:
    folder.clocks.wall_s, folder.clocks.is_synchronized = 0.0, False
    pruner = folder.pruner(max_age_s=DAY_S)
    folder.record("cat.mp4")
    folder.clocks.go_on(DAY_S - 1)
    assert pruner.prune() == []
    folder.clocks.go_on(2)
    assert pruner.prune() == ["cat.mp4"]


def test_what_has_several_files_ages_as_one(folder: Folder) -> None:
    for number in (1, 2):
        folder.make(f"cat.00{number}.mp4", 9)
    folder.ages.note_end("cat.mp4")
    pruner = folder.pruner(max_age_s=DAY_S)
    assert pruner.prune() == []
    folder.clocks.go_on(DAY_S + 1)
    assert pruner.prune() == ["cat.mp4"]
    assert folder.names == []


@pytest.mark.parametrize(
    ("set_clock", "gone"),
    [
        pytest.param(lambda c: None, ["d5.mp4"], id="right"),
        pytest.param(lambda c: setattr(c, "wall_s", 60.0), [], id="back to 1970"),
        pytest.param(lambda c: setattr(c, "wall_s", c.wall_s + 50 * 365 * DAY_S), [], id="2070"),
        pytest.param(lambda c: setattr(c, "is_synchronized", False), ["d5.mp4"], id="NTP lost"),
    ],
)
def test_only_by_a_clock_that_is_trusted_is_anything_too_old(
    folder: Folder, set_clock: Callable[[Clocks], None], gone: list[str]
) -> None:
    make_days(folder, 1, 2)
    pruner = folder.pruner(max_age_s=4 * DAY_S)
    assert pruner.prune() == []
    make_days(folder, 5)
    set_clock(folder.clocks)
    folder.clocks.go_on(60)
    assert pruner.prune() == gone


def test_a_clock_that_stays_forward_is_trusted_a_day_later(folder: Folder) -> None:
    make_days(folder, 1)
    pruner = folder.pruner(max_age_s=4 * DAY_S)
    assert pruner.prune() == []
    folder.clocks.wall_s += 30 * DAY_S
    assert pruner.prune() == []
    folder.clocks.go_on(DOUBT_S + 1)
    assert pruner.prune() == ["d1.mp4"]


def test_files_of_1970_and_of_the_future_are_not_too_old(folder: Folder) -> None:
    """They were made before the clock was set."""
    folder.make("future.mp4", -365)
    folder.make("1970.mp4", folder.clocks.wall_s / DAY_S - 1)
    assert folder.pruner(max_age_s=DAY_S).prune() == []


def test_what_was_recorded_in_1970_by_this_run_is_the_newest(folder: Folder) -> None:
    """When the limit is the size, the oldest go, whatever the clock said."""
    make_days(folder, 1, 2)
    folder.clocks.wall_s = 60.0
    folder.record("recording_19700101_000100.mp4")
    assert folder.pruner(max_bytes=150).prune() == ["d2.mp4", "d1.mp4"]


# ---- the bin


def test_what_is_in_the_bin_goes_after_its_time(folder: Folder) -> None:
    make_days(folder, 1, 2)
    folder.delete("d1.mp4", DAY_S - 10)
    folder.delete("d2.mp4")
    pruner = folder.pruner(bin_s=DAY_S)
    assert pruner.prune() == []
    assert folder.binned == ["d1.mp4", "d2.mp4"]
    folder.clocks.go_on(11)
    assert pruner.prune() == []
    assert folder.binned == ["d2.mp4"]


@pytest.mark.parametrize(
    "limits", [{"max_bytes": 350}, {"min_free_bytes": 250}, {"bin_free_bytes": 250}]
)
def test_the_bin_goes_before_any_recording(folder: Folder, limits: dict[str, float]) -> None:
    """Clips and the oldest recordings included; the last deleted goes last."""
    make_days(folder, 6, 7, 8)
    folder.make("clip.mp4", 9, is_clip=True)
    folder.delete("d6.mp4", 100)
    folder.delete("d7.mp4", 200)
    folder.library.size_bytes = 600
    pruner = folder.pruner(bin_s=DAY_S, **limits)
    assert pruner.prune() == []
    assert (folder.names, folder.binned) == (["clip.mp4", "d8.mp4"], ["d6.mp4"])
    folder.make("d1.mp4", 1)
    assert pruner.prune() == []
    assert (folder.names, folder.binned) == (["clip.mp4", "d1.mp4", "d8.mp4"], [])


def test_what_would_go_is_told_with_the_bin_in_mind(folder: Folder) -> None:
    make_days(folder, 1, 2, 3)
    folder.delete("d1.mp4")
    told: list[str] = []
    assert folder.pruner(max_bytes=150, bin_s=DAY_S).prune(told.append) == told == ["d3.mp4"]
    assert (folder.names, folder.binned) == (["d2.mp4", "d3.mp4"], ["d1.mp4"])


@pytest.mark.parametrize(
    "set_clock",
    [
        pytest.param(lambda c: setattr(c, "wall_s", 60.0), id="back to 1970"),
        pytest.param(lambda c: setattr(c, "wall_s", c.wall_s - 2 * DAY_S), id="back by two days"),
        pytest.param(lambda c: setattr(c, "wall_s", c.wall_s + 2 * DAY_S), id="forward"),
        pytest.param(lambda c: c.__dict__.update(is_synchronized=False, boot_s=0.0), id="boot"),
    ],
)
def test_no_clock_that_is_set_shortens_the_time_in_the_bin(
    folder: Folder, set_clock: Callable[[Clocks], None]
) -> None:
    make_days(folder, 1)
    folder.delete("d1.mp4", DAY_S / 2)
    pruner = folder.pruner(bin_s=DAY_S)
    pruner.prune()
    set_clock(folder.clocks)
    folder.clocks.go_on(60)
    pruner.prune()
    assert folder.binned == ["d1.mp4"]


def test_what_this_run_deleted_goes_by_the_time_since_then(folder: Folder) -> None:
    make_days(folder, 1)
    archive = Archive(folder.library, Retention(bin_s=DAY_S), "test", read_clocks=folder.clocks)
    archive.start()
    assert archive.delete("d1.mp4") is not None
    folder.clocks.wall_s = 60.0
    archive.tidy()
    folder.clocks.go_on(DAY_S - 1)
    archive.tidy()
    assert archive.binned_count() == 1
    folder.clocks.go_on(2)
    archive.tidy()
    wait_until(lambda: archive.binned_count() == 0)
    archive.stop()


def test_what_another_process_deleted_makes_room_for_a_recording(folder: Folder) -> None:
    folder.library.free_bytes = 0
    limits = Retention(bin_s=DAY_S, bin_free_bytes=1)
    archive = Archive(folder.library, limits, "test", read_clocks=folder.clocks)
    archive.start()
    make_days(folder, 1)
    Library(folder.path, bin_s=DAY_S).delete("d1.mp4")
    archive.claim()  # as the next recording does
    wait_until(lambda: folder.binned == [])
    archive.stop()


def test_without_a_bin_what_is_in_one_goes_at_once(folder: Folder) -> None:
    make_days(folder, 1)
    folder.delete("d1.mp4")
    archive = Archive(folder.library, Retention(bin_s=0), "test", read_clocks=folder.clocks)
    archive.start()
    wait_until(lambda: folder.binned == [])
    archive.stop()


def test_a_bin_that_can_not_be_used_keeps_no_recording(folder: Folder) -> None:
    make_days(folder, 5)
    (folder.path / BIN_FOLDER).parent.mkdir()
    (folder.path / BIN_FOLDER).touch()
    assert folder.pruner(max_age_s=DAY_S, bin_s=DAY_S).prune() == ["d5.mp4"]


# ---- by itself


def test_the_archive_looks_after_its_limits(folder: Folder) -> None:
    make_days(folder, 5)
    limits = Retention(max_age_s=DAY_S)
    archive = Archive(folder.library, limits, "test", read_clocks=folder.clocks)
    archive.start()
    wait_until(lambda: not (folder.path / "d5.mp4").exists())
    folder.make("just_recorded.mp4", 9)
    make_days(folder, 9)
    archive.handle_finished(RecordingStatus(filename="d9.mp4"))  # a start that failed
    archive.handle_finished(RecordingStatus(filename="just_recorded.mp4", frame_count=1))
    wait_until(lambda: not (folder.path / "d9.mp4").exists())
    archive.stop()
    archive.stop()
    assert (folder.path / "just_recorded.mp4").exists()
