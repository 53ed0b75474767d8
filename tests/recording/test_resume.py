"""A recording that goes on with one that broke off, and what the recorder remembers of it."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from pet_stream.errors import AlreadyRecording, NameExists
from pet_stream.event_loop import EventLoopThread
from pet_stream.recording.interruption import Interruption
from pet_stream.recording.journal import JOURNAL_NAME, Journal
from pet_stream.recording.journal_entry import JournalEntry
from pet_stream.recording.names import next_stem
from pet_stream.recording.recorder import Recorder
from pet_stream.recording.settings import RecorderSettings
from pet_stream.recording.status import PAUSED, CurrentRecording, RecordingStatus

from ..waiting import TIMEOUT_S, wait_until
from .playback import Camera
from .test_journal import ENTRY

MakeRecorder = Callable[..., Recorder]
Call = Callable[[Coroutine[Any, Any, RecordingStatus]], RecordingStatus]
NEWS = Interruption("cat.h264", "crash", 5.0, 6.0)


@pytest.fixture
def call(event_loop: EventLoopThread) -> Call:
    return lambda coroutine: event_loop.call(coroutine, TIMEOUT_S)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "recordings"


def remembered(folder: Path) -> JournalEntry | None:
    """By the next run of the server, if there were one now."""
    return Journal(folder).read()


def test_a_running_recording_is_remembered_with_all_that_was_asked_for(
    make_recorder: MakeRecorder, camera: Camera, call: Call, folder: Path
) -> None:
    recorder = make_recorder(settings=RecorderSettings(max_duration_s=3600, preroll_s=0.2))
    camera.publish(40)
    status = call(recorder.start("cat", duration_s=600, heartbeat_s=30))
    wait_until(lambda: (folder / JOURNAL_NAME).exists())
    entry = remembered(folder)
    assert entry is not None
    assert status.started_at is not None
    assert entry == JournalEntry(
        recording_id=status.recording_id or "",
        filename="cat.h264",
        is_named=True,
        started_at=status.started_at,
        preroll_ms=entry.preroll_ms,
        max_duration_s=600,
        preroll_s=0.2,
        heartbeat_s=30,
    )
    assert 0 < entry.preroll_ms < 1000
    assert call(recorder.stop()).preroll_ms == entry.preroll_ms
    assert remembered(folder) is None


def test_how_it_ends_decides_whether_it_is_forgotten(
    make_recorder: MakeRecorder,
    camera: Camera,
    call: Call,
    folder: Path,
    event_loop: EventLoopThread,
) -> None:
    recorder = make_recorder()
    camera.publish(20)
    call(recorder.start("one"))
    event_loop.call_soon(recorder.interrupt, PAUSED)
    wait_until(lambda: not recorder.status.is_recording)
    assert remembered(folder) is None
    call(recorder.start("two", duration_s=0.05))
    wait_until(lambda: not recorder.status.is_recording)
    assert remembered(folder) is None
    with pytest.raises(NameExists):
        call(recorder.start("one"))
    assert remembered(folder) is None
    call(recorder.start("three"))
    event_loop.call(recorder.close(), TIMEOUT_S)
    entry = remembered(folder)
    assert entry is not None
    assert (entry.filename, entry.cause) == ("three.h264", "shut_down")
    assert entry.broke_off_at == pytest.approx(recorder.status.stopped_at, abs=0.5)


def test_a_clip_is_nothing_to_go_on_with(
    make_recorder: MakeRecorder, camera: Camera, call: Call, folder: Path
) -> None:
    camera.publish(40)
    call(make_recorder().clip(0.5))
    assert not (folder / JOURNAL_NAME).exists()


@pytest.mark.parametrize("container", ["mp4", "h264"])
def test_it_goes_on_under_a_numbered_name(
    make_recorder: MakeRecorder, camera: Camera, call: Call, folder: Path, container: str
) -> None:
    recorder = make_recorder()
    camera.publish(20)
    left = replace(ENTRY, filename=f"cat.{container}", resumed_at=(5.0, 6.0))
    status = call(recorder.resume(left, 100.0))
    assert status.filename == f"cat_2.{container}"
    assert status.heartbeat_s == left.heartbeat_s
    wait_until(lambda: (folder / JOURNAL_NAME).exists())
    entry = remembered(folder)
    assert entry is not None
    assert (entry.filename, entry.is_named) == (status.filename, True)
    assert (entry.max_duration_s, entry.resumed_at) == (100.0, (5.0, 6.0))
    call(recorder.stop())
    assert call(recorder.resume(entry, 0)).filename == f"cat_3.{container}"
    with pytest.raises(AlreadyRecording):
        call(recorder.resume(entry, 0))


def test_a_name_that_is_made_of_the_time_is_made_of_the_new_one(
    recorder: Recorder, camera: Camera, call: Call
) -> None:
    camera.publish(20)
    old = replace(ENTRY, filename="recording_20200101_000000.h264", is_named=False)
    filename = call(recorder.resume(old, 0)).filename
    assert filename is not None
    assert filename.startswith("recording_20")
    assert not filename.startswith("recording_2020")


def test_a_name_that_is_taken_gets_another_number(
    recorder: Recorder, camera: Camera, call: Call, folder: Path
) -> None:
    folder.mkdir()
    (folder / "cat_2.h264").touch()
    camera.publish(20)
    left = replace(ENTRY, filename="cat.h264")
    assert call(recorder.resume(left, 0)).filename == "cat_2_2.h264"


def test_it_ends_at_the_length_that_was_left(
    recorder: Recorder, camera: Camera, call: Call
) -> None:
    camera.publish(20)
    call(recorder.resume(replace(ENTRY, filename="cat.h264"), 0.05))
    camera.publish(20)
    wait_until(lambda: not recorder.status.is_recording)
    assert recorder.status.stop_reason is not None
    assert recorder.status.stop_reason.code == "duration"


def test_an_interruption_is_news_until_somebody_begins_a_recording(
    make_recorder: MakeRecorder, camera: Camera, call: Call, folder: Path
) -> None:
    current = CurrentRecording()
    recorder = make_recorder(current=current)
    camera.publish(20)
    current.tell(NEWS)
    assert recorder.status.interrupted == NEWS
    (folder).mkdir()
    (folder / "taken.h264").touch()
    with pytest.raises(NameExists):
        call(recorder.start("taken"))
    assert recorder.status.interrupted == NEWS
    assert call(recorder.resume(replace(ENTRY, filename="cat.h264"), 0)).is_recording
    assert recorder.status.interrupted == NEWS
    assert call(recorder.heartbeat()).interrupted == NEWS
    assert call(recorder.stop()).interrupted == NEWS
    assert call(recorder.start("dog")).interrupted is None
    assert recorder.status.interrupted is None


@pytest.mark.parametrize(
    ("stem", "following"),
    [
        ("cat", "cat_2"),
        ("cat_2", "cat_3"),
        ("cat_9", "cat_10"),
        ("cat_999", "cat_1000"),
        ("cat_1000", "cat_1000_2"),
        ("cat_1", "cat_1_2"),
        ("cat_02", "cat_02_2"),
        ("_2", "_2_2"),
        ("2", "2_2"),
    ],
)
def test_the_next_number(stem: str, following: str) -> None:
    assert next_stem(stem) == following
