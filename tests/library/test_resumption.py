"""What is told of a recording that broke off, and when it goes on by itself."""

from __future__ import annotations

import contextlib
import io
import os
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from pet_stream.errors import AlreadyRecording, LoopUnavailable, Paused, StorageError
from pet_stream.library.archive import Archive
from pet_stream.library.library import Library
from pet_stream.library.resumption import MOST_RESUMED, RESTART_S, WITHIN_S, Resumption
from pet_stream.library.retention import Retention
from pet_stream.media.access_unit import AccessUnit
from pet_stream.recording.containers import AnnexBContainer, Mp4Container
from pet_stream.recording.interruption import Interruption
from pet_stream.recording.journal import JOURNAL_NAME, Journal
from pet_stream.recording.journal_entry import JournalEntry
from pet_stream.recording.status import NEWS_S, CurrentRecording, RecordingStatus

from ..recording.playback import FRAME_NS
from ..recording.test_mp4_container import timed, write_gop_by_gop
from ..waiting import wait_until

NOW = 1_700_000_000.0
ENTRY = JournalEntry(
    recording_id="a" * 16,
    filename="cat.mp4",
    is_named=True,
    started_at=NOW - 100,
    preroll_ms=0,
    max_duration_s=0.0,
    preroll_s=5.0,
    heartbeat_s=0.0,
)


@dataclass
class Machine:
    """One that has crashed, and is started again and again."""

    folder: Path
    now: float = NOW
    error: Exception | None = None
    """What the recorder says."""
    begun: list[tuple[JournalEntry, float]] = field(default_factory=list)
    """What it was told to go on with."""
    current: CurrentRecording = field(default_factory=CurrentRecording)

    def crash(self, entry: JournalEntry = ENTRY) -> None:
        """In mid-recording, now."""
        Journal(self.folder).begin(entry)

    def start(self, *, resumes: bool = True) -> Interruption | None:
        """The server, without a file that is to be repaired. Returns what it tells."""
        self.current = CurrentRecording()
        self.begun.clear()
        library = Library(self.folder)
        resume = self._resume if resumes else None
        resumption = Resumption(
            library, Journal(self.folder), self.current, resume, now_s=lambda: self.now
        )
        entry = resumption.look(self.folder.glob("*.part"))
        if entry is not None:
            resumption.go_on(entry, is_repairing=False)
            resumption.tell_repaired()
        return self.current.status.interrupted

    def _resume(self, entry: JournalEntry, left_s: float) -> RecordingStatus:
        if self.error is not None:
            raise self.error
        self.begun.append((entry, left_s))
        return RecordingStatus(filename="cat_2.mp4")


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


def part(folder: Path, name: str, units: list[AccessUnit], changed_at: float) -> Path:
    """A file that a crash has left."""
    path = folder / f"{name}.part"
    with io.FileIO(path, "xb") as file:
        container = (AnnexBContainer if name.endswith("h264") else Mp4Container)(file)
        if isinstance(container, Mp4Container):
            write_gop_by_gop(container, units)
        else:
            container.write(units)
        container.flush()
    os.utime(path, (changed_at, changed_at))
    return path


def code_of(told: Interruption | None) -> str | None:
    assert told is not None
    return None if told.not_resumed is None else told.not_resumed.code


def test_without_a_journal_there_is_nothing_to_tell(machine: Machine) -> None:
    assert machine.start() is None


def test_after_a_crash_it_goes_on(machine: Machine) -> None:
    machine.crash()
    told = machine.start()
    assert told is not None
    assert (told.filename, told.cause, told.resumed_as) == ("cat.mp4", "crash", "cat_2.mp4")
    assert code_of(told) is None
    ((entry, left_s),) = machine.begun
    assert (entry.filename, entry.heartbeat_s, left_s) == ("cat.mp4", 0, 0)


@pytest.mark.parametrize(
    ("cause", "away_s", "code"),
    [
        ("crash", 0, None),
        ("crash", NEWS_S - 1, None),
        ("shut_down", 0, None),
        ("shut_down", RESTART_S, None),
        ("shut_down", RESTART_S + 1, "too_late"),
        ("shut_down", NEWS_S - 1, "too_late"),
        ("crash", -7 * 86_400, None),  # the clock was set back, or is not set yet
        ("shut_down", -7 * 86_400, None),
    ],
)
def test_it_goes_on_unless_somebody_has_switched_the_server_off(
    machine: Machine, cause: str, away_s: float, code: str | None
) -> None:
    machine.crash(replace(ENTRY, cause=cause, broke_off_at=NOW))  # type: ignore[arg-type]
    machine.now = NOW + away_s
    told = machine.start()
    assert (code_of(told), len(machine.begun)) == (code, 0 if code else 1)


@pytest.mark.parametrize("cause", ["crash", "shut_down"])
def test_after_a_day_it_is_no_news_and_does_not_go_on(machine: Machine, cause: str) -> None:
    machine.crash(replace(ENTRY, cause=cause, broke_off_at=NOW))  # type: ignore[arg-type]
    machine.now = NOW + NEWS_S + 1
    assert machine.start() is None
    assert machine.begun == []
    assert not (machine.folder / JOURNAL_NAME).exists()


def test_where_it_is_not_to_go_on_it_is_told_at_each_start_and_never_does(
    machine: Machine,
) -> None:
    machine.crash()
    told = machine.start(resumes=False)
    assert code_of(told) == "resume_off"
    machine.now += 60
    assert machine.start(resumes=False) == told
    assert code_of(machine.start(resumes=True)) == "resume_off"
    assert machine.begun == []


def test_a_crash_in_the_middle_of_going_on_is_gone_on_after(machine: Machine) -> None:
    """The write-ahead is there, the new recording is not."""
    machine.crash()
    machine.start()
    assert code_of(machine.start()) is None
    assert len(machine.begun) == 1


def test_a_crash_loop_ends(machine: Machine) -> None:
    machine.crash()
    codes = []
    for number in range(MOST_RESUMED + 2):
        told = machine.start()
        codes.append(code_of(told))
        machine.now += 20
        if machine.begun and number % 2:  # now and then it gets as far as to have a file
            entry, _ = machine.begun[0]
            machine.crash(replace(entry, recording_id=f"{number:x}", cause=None, broke_off_at=None))
    assert codes == [None] * MOST_RESUMED + ["too_often"] * 2
    assert machine.begun == []


@pytest.mark.parametrize(
    ("step_s", "times"), [(-60.0, MOST_RESUMED), (0.0, MOST_RESUMED), (WITHIN_S + 1, 20)]
)
def test_it_ends_or_is_slow_whatever_the_clock_does(
    machine: Machine, step_s: float, times: int
) -> None:
    machine.crash()
    codes = []
    for _ in range(20):
        codes.append(code_of(machine.start()))
        machine.now += step_s
    assert codes == [None] * times + ["too_often"] * (20 - times)


@pytest.mark.parametrize(
    ("limit_s", "left_s"), [(0, 0), (3600, 3600 - 56 / 30), (2.0, None), (1.0, None)]
)
def test_what_has_been_recorded_counts_into_its_length(
    machine: Machine, pictures: list[AccessUnit], limit_s: float, left_s: float | None
) -> None:
    """By the pictures in its files: clocks may have been set."""
    units = timed(pictures)  # 56 pictures of 1/30 s
    part(machine.folder, "cat.mp4", units, NOW - 50)
    machine.crash(replace(ENTRY, max_duration_s=limit_s, started_at=NOW - 40_000))
    code = code_of(machine.start())
    if left_s is None:
        assert (code, machine.begun) == ("nothing_left", [])
    else:
        ((_, left),) = machine.begun
        assert left == pytest.approx(left_s, abs=0.1)


def test_pre_roll_does_not_count_into_it(machine: Machine, pictures: list[AccessUnit]) -> None:
    part(machine.folder, "cat.mp4", timed(pictures), NOW - 50)
    machine.crash(replace(ENTRY, max_duration_s=10.0, preroll_ms=1000))
    machine.start()
    ((_, left_s),) = machine.begun
    assert left_s == pytest.approx(10 - (len(pictures) * FRAME_NS / 1e9 - 1), abs=0.1)


def test_raw_pictures_have_no_times_so_the_clock_tells(
    machine: Machine, pictures: list[AccessUnit]
) -> None:
    part(machine.folder, "cat.h264", timed(pictures), NOW - 70)
    machine.crash(replace(ENTRY, filename="cat.h264", max_duration_s=100.0))
    machine.start()
    ((_, left_s),) = machine.begun
    assert left_s == pytest.approx(70)  # it ran from 100 s ago to 70 s ago


def test_when_it_broke_off_its_newest_file_tells(
    machine: Machine, pictures: list[AccessUnit]
) -> None:
    part(machine.folder, "cat.002.mp4", timed(pictures), NOW - 30)
    part(machine.folder, "dog.mp4", timed(pictures), NOW - 1)  # a clip that was being saved
    machine.crash()
    told = machine.start()
    assert told is not None
    assert told.broke_off_at == NOW - 30
    machine.crash()
    (machine.folder / "cat.002.mp4.part").unlink()
    told = machine.start()
    assert told is not None
    assert told.broke_off_at == ENTRY.started_at


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (Paused(), "paused"),
        (AlreadyRecording("Already recording"), "already_recording"),
        (StorageError("Nothing can be recorded: the disk is full", "disk_full"), "disk_full"),
    ],
)
def test_a_refusal_is_told_and_final(machine: Machine, error: Exception, code: str) -> None:
    machine.crash()
    machine.error = error
    told = machine.start()
    assert told is not None
    assert (code_of(told), told.resumed_as) == (code, None)
    machine.error = None
    assert code_of(machine.start()) == code
    assert machine.begun == []


def test_that_the_server_ends_again_is_no_refusal(machine: Machine) -> None:
    machine.crash()
    machine.error = LoopUnavailable("Streaming is shutting down")
    assert code_of(machine.start()) == "busy"
    machine.error = None
    assert code_of(machine.start()) is None


def test_on_a_disk_that_takes_nothing_it_does_not_go_on(full_disk: Path) -> None:
    """How often it did could not be kept."""
    machine = Machine(full_disk)
    (full_disk / "filler").unlink(missing_ok=True)
    machine.crash()
    with (full_disk / "filler").open("wb") as filler, contextlib.suppress(OSError):
        filler.write(bytes(8192))
    told = machine.start()
    assert (code_of(told), machine.begun) == ("disk_full", [])


def test_somebody_who_has_begun_meanwhile_comes_first(tmp_path: Path) -> None:
    Journal(tmp_path).begin(ENTRY)
    library, journal, current = Library(tmp_path), Journal(tmp_path), CurrentRecording()
    machine = Machine(tmp_path)
    resumption = Resumption(library, journal, current, machine._resume, now_s=lambda: NOW)
    entry = resumption.look([])
    assert entry is not None
    others = replace(ENTRY, recording_id="b" * 16, filename="dog.mp4")
    journal.begin(others)
    resumption.go_on(entry, is_repairing=False)
    assert code_of(current.status.interrupted) == "already_recording"
    assert machine.begun == []
    assert Journal(tmp_path).read() == others


def archive_of(folder: Path, current: CurrentRecording) -> Archive:
    library = Library(folder)
    resumption = Resumption(library, Journal(folder), current, None, now_s=lambda: NOW)
    return Archive(library, Retention(), "test", resumption=resumption)


@pytest.mark.parametrize(
    ("files", "saved_as", "is_recovered"),
    [
        (["cat.mp4.part"], "cat_recovered.mp4", True),
        (["cat.001.mp4", "cat.002.mp4.part"], "cat.mp4", True),
        (["cat.mp4"], "cat.mp4", False),
        ([], None, False),
        (["cat_recovered.mp4", "cat.mp4.part"], "cat_recovered_2.mp4", True),
    ],
)
def test_where_it_is_saved_is_told_once_it_is_repaired(
    tmp_path: Path,
    pictures: list[AccessUnit],
    files: list[str],
    saved_as: str | None,
    is_recovered: bool,
) -> None:
    for name in files:
        path = part(tmp_path, name.removesuffix(".part"), timed(pictures), NOW - 40)
        path.rename(tmp_path / name)
    Journal(tmp_path).begin(ENTRY)
    current = CurrentRecording()
    archive = archive_of(tmp_path, current)
    archive.start()
    try:
        wait_until(
            lambda: (told := current.status.interrupted) is not None and not told.is_repairing
        )
    finally:
        archive.stop()
    told = current.status.interrupted
    assert told is not None
    assert (told.saved_as, told.is_recovered) == (saved_as, is_recovered)


def test_what_holds_no_picture_is_saved_nowhere(tmp_path: Path) -> None:
    (tmp_path / "cat.mp4.part").write_bytes(b"?")
    Journal(tmp_path).begin(ENTRY)
    current = CurrentRecording()
    archive = archive_of(tmp_path, current)
    archive.start()
    try:
        wait_until(
            lambda: (told := current.status.interrupted) is not None and not told.is_repairing
        )
    finally:
        archive.stop()
    told = current.status.interrupted
    assert told is not None
    assert (told.saved_as, told.is_recovered) == (None, False)


def test_what_is_no_news_any_more_is_not_told_again(tmp_path: Path) -> None:
    current = CurrentRecording()
    told = Interruption("cat.mp4", "crash", NOW - 100, NOW, is_repairing=True)
    current.tell(told)
    current.correct(told, replace(told, is_repairing=False))
    assert current.status.interrupted == replace(told, is_repairing=False)
    current.tell(told)
    current.forget_interruption()
    current.correct(told, replace(told, is_repairing=False))
    assert current.status.interrupted is None
