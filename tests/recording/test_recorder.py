from __future__ import annotations

import contextlib
import logging
import threading
import time
from collections.abc import Callable, Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from pet_stream.broadcaster import Broadcaster
from pet_stream.errors import (
    AlreadyRecording,
    BadName,
    LoopUnavailable,
    NameExists,
    NotRecording,
    StorageError,
)
from pet_stream.event_loop import EventLoopThread
from pet_stream.library.library import Library
from pet_stream.media.access_unit import AccessUnit
from pet_stream.media.h264 import NalUnitType, nal_unit_type, split_annex_b
from pet_stream.recording.names import automatic_stem
from pet_stream.recording.recorder import Recorder
from pet_stream.recording.settings import RecorderSettings
from pet_stream.recording.status import RecorderCounts, RecordingStatus

from ..waiting import TIMEOUT_S, wait_until
from .disks import Broken, FailsToWrite, Gate, SlowToOpen, SlowToWrite
from .playback import FRAME_NS, GOP, Camera, annex_b, decoded_count, pictures_in

MakeRecorder = Callable[..., Recorder]
Call = Callable[[Coroutine[Any, Any, RecordingStatus]], RecordingStatus]


@pytest.fixture
def call(event_loop: EventLoopThread) -> Call:
    return lambda coroutine: event_loop.call(coroutine, TIMEOUT_S)


@pytest.fixture
def gate() -> Iterator[Gate]:
    gate = Gate()
    yield gate
    gate.open.set()


@pytest.fixture
def recorder_with(gate: Gate, make_recorder: MakeRecorder) -> Iterator[MakeRecorder]:
    """Recorders whose container waits at `gate`, which opens before they are closed."""
    yield lambda container, **options: make_recorder(
        formats={"h264": partial(container, gate=gate)}, **options
    )
    gate.open.set()


def files_in(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


# ---- what is in the file


def test_a_recording_begins_at_the_cached_idr_and_ends_with_the_newest_picture(
    recorder: Recorder, camera: Camera, call: Call
) -> None:
    camera.publish_to_idr()
    camera.publish(GOP)
    expected = camera.publish(5)  # in mid-GOP when the button is pressed

    started = call(recorder.start())
    expected += camera.publish(40)
    stopped = call(recorder.stop())

    assert started.is_recording
    assert not started.is_waiting
    assert started.path is not None
    assert stopped.path == started.path
    assert pictures_in(started.path) == annex_b(expected)
    assert decoded_count(started.path) == stopped.frame_count == len(expected) == 45
    assert stopped.bytes_written == started.path.stat().st_size
    assert stopped.duration_ms == 44 * FRAME_NS // 1_000_000
    assert stopped.gap_count == stopped.dropped_count == 0
    assert stopped.stop_reason is None
    assert not stopped.is_recording
    assert recorder.counts == RecorderCounts(frames_written=45)


def test_a_recording_begins_with_sps_pps_and_idr(
    recorder: Recorder, camera: Camera, call: Call
) -> None:
    camera.publish(20)
    call(recorder.start())
    path = call(recorder.stop()).path
    assert path is not None
    types = [nal_unit_type(unit) for unit in split_annex_b(path.read_bytes())]
    picture = [kind for kind in types if kind not in (NalUnitType.AUD, NalUnitType.SEI)]
    assert picture[:3] == [NalUnitType.SPS, NalUnitType.PPS, NalUnitType.IDR_SLICE]


def test_without_a_cached_idr_it_waits_for_the_next_one(
    recorder: Recorder, camera: Camera, call: Call
) -> None:
    started = call(recorder.start())
    assert started.is_recording
    assert started.is_waiting
    assert started.to_json()["waiting"] is True

    camera.lose_to_idr()
    camera.publish_to_idr()
    expected = camera.publish(GOP + 3)
    wait_until(lambda: not recorder.status.is_waiting)
    stopped = call(recorder.stop())

    assert stopped.path is not None
    assert pictures_in(stopped.path) == annex_b(expected)
    assert decoded_count(stopped.path) == GOP + 3


def test_what_a_camera_sent_before_it_stopped_is_not_recorded(
    recorder: Recorder, camera: Camera, call: Call
) -> None:
    camera.publish(5)
    camera.clock_ns += 10_000_000_000
    assert call(recorder.start()).is_waiting
    camera.publish_to_idr()  # goes on in mid-GOP
    expected = camera.publish(GOP)
    stopped = call(recorder.stop())
    assert stopped.path is not None
    assert pictures_in(stopped.path) == annex_b(expected)
    assert stopped.duration_ms == (GOP - 1) * FRAME_NS // 1_000_000


def test_a_gap_in_the_stream_is_counted_and_the_file_goes_on(
    recorder: Recorder, camera: Camera, call: Call
) -> None:
    expected = camera.publish(20)
    call(recorder.start())
    camera.lose_to_idr()
    camera.clock_ns += 1_000_000_000
    more = camera.publish(30)
    stopped = call(recorder.stop())
    assert stopped.path is not None
    assert pictures_in(stopped.path) == annex_b(expected[GOP:] + more)
    assert decoded_count(stopped.path) == stopped.frame_count == 36
    assert stopped.gap_count == 1
    assert stopped.duration_ms > 2000  # the gap is time that went by


def test_a_recording_that_no_picture_came_to_leaves_no_file(
    recorder: Recorder, camera: Camera, call: Call, tmp_path: Path
) -> None:
    call(recorder.start())
    stopped = call(recorder.stop())
    assert stopped.frame_count == stopped.bytes_written == stopped.duration_ms == 0
    assert stopped.stop_reason == "no picture came from the camera"
    assert not stopped.has_failed
    assert stopped.paths == ()
    assert files_in(tmp_path / "recordings") == []


def test_one_that_ends_by_itself_before_a_picture_came_has_failed(
    recorder: Recorder, camera: Camera, call: Call
) -> None:
    call(recorder.start(heartbeat_s=0.05))
    wait_until(lambda: not recorder.status.is_recording)
    assert recorder.status.has_failed
    assert recorder.status.stop_reason == "no picture came from the camera"


# ---- one at a time


def outcomes(
    event_loop: EventLoopThread, command: Callable[[], Coroutine[Any, Any, object]], count: int
) -> list[object]:
    """What `count` threads get that say `command` at once: a result or an error each."""
    line = threading.Barrier(count)

    def say(_: int) -> object:
        line.wait(TIMEOUT_S)
        try:
            return event_loop.call(command(), TIMEOUT_S)
        except Exception as exc:
            return exc

    with ThreadPoolExecutor(count) as threads:
        return list(threads.map(say, range(count)))


def test_of_many_starts_and_stops_at_once_exactly_one_wins(
    recorder: Recorder, camera: Camera, event_loop: EventLoopThread, tmp_path: Path
) -> None:
    for number in range(1, 6):
        camera.publish(20)
        started = outcomes(event_loop, recorder.start, 16)
        assert sum(isinstance(outcome, RecordingStatus) for outcome in started) == 1
        assert sum(isinstance(outcome, AlreadyRecording) for outcome in started) == 15
        stopped = outcomes(event_loop, recorder.stop, 16)
        assert sum(isinstance(outcome, RecordingStatus) for outcome in stopped) == 1
        assert sum(isinstance(outcome, NotRecording) for outcome in stopped) == 15
        assert len(files_in(tmp_path / "recordings")) == number


def test_stop_without_a_recording_is_refused(recorder: Recorder, call: Call) -> None:
    assert recorder.status == RecordingStatus()
    with pytest.raises(NotRecording):
        call(recorder.stop())


# ---- names


def test_a_recording_can_be_given_a_name(
    recorder: Recorder, camera: Camera, call: Call, tmp_path: Path
) -> None:
    camera.publish(1)
    started = call(recorder.start("cat"))
    assert started.filename == "cat.h264"
    assert started.path == tmp_path / "recordings" / "cat.h264"
    call(recorder.stop())
    with pytest.raises(NameExists):
        call(recorder.start("cat.h264"))
    assert recorder.status.filename == "cat.h264"  # the last one that was
    assert recorder.status.stop_reason is None
    assert recorder.counts == RecorderCounts(frames_written=1)


@pytest.mark.parametrize("text", ["../cat", "/tmp/cat", ".cat", "c\u0430t", "cat\0"])
def test_a_bad_name_is_refused_and_nothing_begins(
    recorder: Recorder, call: Call, tmp_path: Path, text: str
) -> None:
    with pytest.raises(BadName):
        call(recorder.start(text))
    assert not recorder.status.is_recording
    assert not (tmp_path / "recordings").exists()


def test_nothing_is_ever_overwritten(
    recorder: Recorder, camera: Camera, call: Call, tmp_path: Path
) -> None:
    folder = tmp_path / "recordings"
    folder.mkdir()
    (folder / "cat.h264").write_bytes(b"the first cat")
    (folder / "link.h264").symlink_to(tmp_path / "elsewhere")
    camera.publish(1)
    for name in ("cat", "link"):
        with pytest.raises(NameExists):
            call(recorder.start(name))
    assert (folder / "cat.h264").read_bytes() == b"the first cat"
    assert not (tmp_path / "elsewhere").exists()


@pytest.mark.parametrize(
    "file", ["cat.h264.part", "cat.001.h264", "cat.002.h264.part", "cat.1000_recovered.h264"]
)
def test_a_name_is_taken_while_any_file_of_it_exists(
    recorder: Recorder, camera: Camera, call: Call, tmp_path: Path, file: str
) -> None:
    folder = tmp_path / "recordings"
    folder.mkdir()
    (folder / file).touch()
    camera.publish(1)
    with pytest.raises(NameExists):
        call(recorder.start("cat"))
    assert [path.name for path in folder.iterdir()] == [file]
    assert call(recorder.start("cat_001")).filename == "cat_001.h264"


@pytest.mark.parametrize("part", ["", ".001"])
@pytest.mark.parametrize("filename", [None, ""])
def test_a_second_recording_of_the_same_second_is_numbered(
    recorder: Recorder, camera: Camera, call: Call, tmp_path: Path, filename: str | None, part: str
) -> None:
    folder = tmp_path / "recordings"
    folder.mkdir()
    now = time.time()
    for second in range(30):
        (folder / f"{automatic_stem(now + second)}{part}.h264").touch()
    camera.publish(1)
    started = call(recorder.start(filename))
    assert started.started_at is not None
    assert started.filename == f"{automatic_stem(started.started_at)}_2.h264"
    call(recorder.stop())


# ---- what it tells


def test_the_status_tells_how_the_recording_grows(
    recorder: Recorder, camera: Camera, call: Call, tmp_path: Path
) -> None:
    before = time.time()
    camera.publish(3)
    started = call(recorder.start("cat"))
    camera.publish(10)
    wait_until(lambda: recorder.status.frame_count == 13)
    told = recorder.status.to_json()
    assert told["recording"] is True
    assert told["filename"] == "cat.h264"
    assert told["bytes_written"] == (tmp_path / "recordings" / "cat.h264.part").stat().st_size
    assert told["duration_ms"] == 12 * FRAME_NS // 1_000_000
    assert told["stop_reason"] is None
    wait_until(lambda: recorder.syncs.read().counts[-1][1] == 1)  # the first comes at once
    assert 0 < recorder.syncs.read().total < TIMEOUT_S
    start_time = datetime.fromisoformat(told["start_time"])
    assert start_time.utcoffset() is not None
    assert before - 0.001 <= start_time.timestamp() <= time.time()
    assert started.stopped_at is None

    stopped = call(recorder.stop())
    assert stopped.started_at == started.started_at
    assert stopped.stopped_at is not None
    assert before <= stopped.stopped_at <= time.time()
    assert recorder.status == stopped


def test_the_status_before_the_first_recording() -> None:
    assert RecordingStatus().to_json() == {
        "recording_id": None,
        "recording": False,
        "filename": None,
        "frame_count": 0,
        "bytes_written": 0,
        "duration_ms": 0,
        "duration": 0,
        "start_time": None,
        "stop_reason": None,
        "stop_code": None,
        "preroll_ms": 0,
        "preroll_reason": None,
        "preroll_code": None,
        "note": None,
        "note_code": None,
        "waiting": False,
        "receiving": False,
        "silent_s": None,
        "gap_count": 0,
        "missing_ms": 0,
        "dropped_count": 0,
        "heartbeat_s": None,
        "failed": False,
        "interrupted": None,
    }


def test_the_library_shows_the_recording_that_runs(
    recorder: Recorder, camera: Camera, call: Call, tmp_path: Path
) -> None:
    library = Library(tmp_path / "recordings", recorder)
    camera.publish(3)
    call(recorder.start("cat"))
    (running,) = library.recordings()
    assert (running.name, running.state) == ("cat.h264", "recording")
    assert running.size_bytes > 0
    call(recorder.stop())
    (finished,) = library.recordings()
    assert finished.state == "complete"
    assert decoded_count(library.files_of(finished.name)[0]) == 3


def test_counts_go_on_over_recordings(recorder: Recorder, camera: Camera, call: Call) -> None:
    for _ in range(3):
        camera.publish_to_idr()
        camera.publish(10)
        call(recorder.start())
        call(recorder.stop())
    assert recorder.counts == RecorderCounts(frames_written=30)


def test_close_finishes_the_recording(
    recorder: Recorder, camera: Camera, event_loop: EventLoopThread, call: Call
) -> None:
    camera.publish(10)
    call(recorder.start())
    event_loop.call(recorder.close(), TIMEOUT_S)
    event_loop.call(recorder.close(), TIMEOUT_S)
    assert not recorder.status.is_recording
    assert recorder.status.stop_reason == "the server was shut down"
    assert recorder.status.path is not None
    assert decoded_count(recorder.status.path) == 10
    call(recorder.start())  # a stream that was stopped can be started again
    assert recorder.status.is_recording


def test_only_recording_is_no_reason_to_read_the_camera_with_low_latency(
    recorder: Recorder, broadcaster: Broadcaster, call: Call
) -> None:
    call(recorder.start())
    assert not broadcaster.has_urgent_subscriber


# ---- disks


@pytest.mark.parametrize("limits", [{"queue_s": 2}, {"queue_bytes": 120_000}])
def test_a_disk_that_blocks_costs_whole_gops_of_the_file_and_nothing_else(
    recorder_with: MakeRecorder,
    gate: Gate,
    camera: Camera,
    broadcaster: Broadcaster,
    call: Call,
    limits: dict[str, int],
) -> None:
    recorder = recorder_with(SlowToWrite, settings=RecorderSettings(**limits))
    viewer = broadcaster.subscribe("viewer", 1000, lambda: None)
    call(recorder.start())
    expected = camera.publish(1)
    assert gate.arrived.wait(TIMEOUT_S)
    while not recorder.status.dropped_count:
        published = camera.publish(1)
        if not recorder.status.dropped_count:
            expected += published
    queued = len(expected) - 1
    assert 2 * GOP < queued < 8 * GOP
    assert recorder.buffer_fill_ratio > 0.9

    camera.publish(5 * GOP + 2)  # comes back while the disk still blocks
    assert recorder.status.dropped_count == 5 * GOP + 3
    assert recorder.status.is_recording

    gate.open.set()
    wait_until(lambda: recorder.status.frame_count == 1 + queued)
    late_count = len(camera.publish_to_idr())  # the rest of a GOP of which the beginning is lost
    expected += camera.publish(20)
    stopped = call(recorder.stop())

    assert late_count > 0
    assert stopped.dropped_count == 5 * GOP + 3 + late_count
    assert stopped.gap_count == 1
    assert stopped.path is not None
    assert pictures_in(stopped.path) == annex_b(expected)
    assert decoded_count(stopped.path) == stopped.frame_count == len(expected)
    assert recorder.counts == RecorderCounts(len(expected), stopped.dropped_count)
    assert len(viewer.take()) == stopped.frame_count + stopped.dropped_count


def test_a_stop_does_not_wait_for_ever(
    recorder_with: MakeRecorder, gate: Gate, camera: Camera, call: Call
) -> None:
    recorder = recorder_with(SlowToWrite, disk_timeout_s=0.05)
    call(recorder.start("cat"))
    camera.publish(10)
    with pytest.raises(StorageError):
        call(recorder.stop())
    assert recorder.status.is_recording  # the file is not closed yet
    camera.publish(10)
    with pytest.raises(NotRecording):
        call(recorder.stop())
    with pytest.raises(AlreadyRecording):
        call(recorder.start())

    gate.open.set()
    wait_until(lambda: not recorder.status.is_recording)
    assert recorder.status.path is not None
    assert decoded_count(recorder.status.path) == 10
    assert call(recorder.start()).is_recording


def test_a_disk_that_is_slow_at_the_start_costs_nothing(
    recorder_with: MakeRecorder, gate: Gate, camera: Camera, call: Call, tmp_path: Path
) -> None:
    recorder = recorder_with(SlowToOpen, open_wait_s=0.05)
    expected = camera.publish(10)
    started = call(recorder.start("cat"))
    assert (started.is_recording, started.is_waiting) == (True, False)
    assert (started.filename, started.frame_count) == ("cat.h264", 0)
    wait_until(lambda: recorder.status.note is not None)
    assert recorder.status.note == "the disk does not answer; pictures wait in memory"
    with pytest.raises(AlreadyRecording):
        call(recorder.start())
    expected += camera.publish(5 * 30)
    gate.open.set()
    wait_until(lambda: recorder.status.frame_count == len(expected))
    wait_until(lambda: recorder.status.note is None)
    expected += camera.publish(10)
    wait_until(lambda: recorder.status.frame_count == len(expected))
    call(recorder.stop())
    assert files_in(tmp_path / "recordings") == ["cat.h264"]
    assert pictures_in(tmp_path / "recordings" / "cat.h264") == annex_b(expected)
    assert recorder.status.dropped_count == recorder.status.gap_count == 0


def test_a_disk_that_is_slow_at_the_start_is_waited_for_in_bounded_memory(
    recorder_with: MakeRecorder, gate: Gate, camera: Camera, call: Call
) -> None:
    settings = RecorderSettings(queue_s=2)
    recorder = recorder_with(SlowToOpen, open_wait_s=0.05, settings=settings)
    expected = camera.publish(10)
    call(recorder.start("cat"))
    published = camera.publish(10 * 30)
    expected += published[:61]  # two seconds from the first to the last
    assert recorder.status.dropped_count == len(published) - 61
    wait_until(lambda: recorder.status.note is not None)
    assert recorder.status.note == "the disk does not answer, and pictures are being lost"
    gate.open.set()
    wait_until(lambda: recorder.status.frame_count == len(expected))
    camera.publish_to_idr()
    expected += camera.publish(GOP)
    stopped = call(recorder.stop())
    assert stopped.path is not None
    assert pictures_in(stopped.path) == annex_b(expected)
    assert stopped.gap_count == 1


def test_a_recording_is_stopped_before_the_disk_has_answered_at_all(
    recorder_with: MakeRecorder, gate: Gate, camera: Camera, call: Call, tmp_path: Path
) -> None:
    recorder = recorder_with(SlowToOpen, open_wait_s=0.05, disk_timeout_s=0.05)
    expected = camera.publish(10)
    call(recorder.start("cat"))
    expected += camera.publish(30)
    with pytest.raises(StorageError, match="as soon as it does"):
        call(recorder.stop())
    with pytest.raises(NotRecording):
        call(recorder.stop())
    gate.open.set()
    wait_until(lambda: not recorder.status.is_recording)
    assert recorder.status.stop_reason is None
    assert pictures_in(tmp_path / "recordings" / "cat.h264") == annex_b(expected)


def test_the_length_counts_from_the_start_even_if_the_disk_does_not_answer(
    recorder_with: MakeRecorder, gate: Gate, camera: Camera, call: Call, tmp_path: Path
) -> None:
    recorder = recorder_with(SlowToOpen, open_wait_s=0.05)
    expected = camera.publish(10)
    call(recorder.start("cat", duration_s=0.2))

    def is_ending() -> bool:
        try:
            call(recorder.heartbeat())
        except NotRecording:
            return True
        return False

    wait_until(is_ending)
    camera.publish(10)
    gate.open.set()
    wait_until(lambda: not recorder.status.is_recording)
    assert recorder.status.stop_reason == "it has the length that was asked for"
    assert pictures_in(tmp_path / "recordings" / "cat.h264") == annex_b(expected)


@pytest.mark.parametrize("filename", ["cat", None])
def test_a_name_found_taken_too_late_gets_a_number(
    make_recorder: MakeRecorder,
    gate: Gate,
    camera: Camera,
    call: Call,
    tmp_path: Path,
    filename: str | None,
) -> None:
    recorder = make_recorder(claim=gate.pass_through, open_wait_s=0.05)
    expected = camera.publish(10)
    started = call(recorder.start(filename))
    assert started.path is not None
    started.path.parent.mkdir()
    started.path.write_bytes(b"the first cat")
    gate.open.set()
    wait_until(lambda: recorder.status.frame_count == len(expected))
    path = call(recorder.stop()).path
    assert path == started.path.with_stem(f"{started.path.stem}_2")
    assert pictures_in(path) == annex_b(expected)
    assert started.path.read_bytes() == b"the first cat"


def test_a_disk_that_refuses_too_late_ends_the_recording_with_a_reason(
    make_recorder: MakeRecorder, gate: Gate, read_only_folder: Path, camera: Camera, call: Call
) -> None:
    recorder = make_recorder(read_only_folder, claim=gate.pass_through, open_wait_s=0.05)
    camera.publish(10)
    assert call(recorder.start("cat")).is_recording
    camera.publish(20)
    gate.open.set()
    wait_until(lambda: not recorder.status.is_recording)
    ended = recorder.status
    assert ended.stop_reason == "the recordings folder is not writable"
    assert (ended.has_failed, ended.frame_count, ended.dropped_count) == (True, 0, 30)
    assert recorder.counts == RecorderCounts(frames_dropped=30, errors=1)


def test_close_does_not_wait_for_ever_for_a_disk_that_never_answered(
    recorder_with: MakeRecorder,
    gate: Gate,
    camera: Camera,
    event_loop: EventLoopThread,
    tmp_path: Path,
) -> None:
    recorder = recorder_with(SlowToOpen, open_wait_s=0.05, disk_timeout_s=0.05)
    expected = camera.publish(10)
    event_loop.call(recorder.start("cat"), TIMEOUT_S)
    event_loop.call(recorder.close(), TIMEOUT_S)
    gate.open.set()
    wait_until(lambda: not recorder.status.is_recording)
    assert recorder.status.stop_reason == "the server was shut down"
    assert pictures_in(tmp_path / "recordings" / "cat.h264") == annex_b(expected)


def test_a_request_that_gave_up_leaves_no_recording_behind(
    recorder_with: MakeRecorder,
    gate: Gate,
    camera: Camera,
    event_loop: EventLoopThread,
    tmp_path: Path,
) -> None:
    recorder = recorder_with(SlowToOpen)
    camera.publish(10)
    with pytest.raises(LoopUnavailable):
        event_loop.call(recorder.start(), 0.05)
    gate.open.set()
    wait_until(lambda: not recorder.status.is_recording)
    assert files_in(tmp_path / "recordings") == []
    assert event_loop.call(recorder.start(), TIMEOUT_S).is_recording


def test_what_has_not_begun_can_not_be_stopped(
    recorder_with: MakeRecorder, gate: Gate, event_loop: EventLoopThread
) -> None:
    recorder = recorder_with(SlowToOpen, open_wait_s=TIMEOUT_S)
    with ThreadPoolExecutor(1) as threads:
        start = threads.submit(event_loop.call, recorder.start(), TIMEOUT_S)
        assert gate.arrived.wait(TIMEOUT_S)
        with pytest.raises(NotRecording):
            event_loop.call(recorder.stop(), TIMEOUT_S)
        gate.open.set()
        assert start.result(TIMEOUT_S).is_recording


def test_close_in_the_middle_of_a_start_ends_it(
    recorder_with: MakeRecorder, gate: Gate, camera: Camera, event_loop: EventLoopThread
) -> None:
    recorder = recorder_with(SlowToOpen, open_wait_s=TIMEOUT_S)
    camera.publish(10)
    with ThreadPoolExecutor(2) as threads:
        start = threads.submit(event_loop.call, recorder.start(), TIMEOUT_S)
        assert gate.arrived.wait(TIMEOUT_S)
        close = threads.submit(event_loop.call, recorder.close(), TIMEOUT_S)
        event_loop.call(_nothing(), TIMEOUT_S)
        gate.open.set()
        close.result(TIMEOUT_S)
        start.result(TIMEOUT_S)
    assert not recorder.status.is_recording
    assert recorder.status.path is not None
    assert decoded_count(recorder.status.path) == 10


async def _nothing() -> None:
    pass


def test_what_a_broken_disk_did_not_take_is_counted(
    recorder_with: MakeRecorder, gate: Gate, camera: Camera, call: Call, tmp_path: Path
) -> None:
    recorder = recorder_with(FailsToWrite)
    call(recorder.start())
    camera.publish(1)
    assert gate.arrived.wait(TIMEOUT_S)
    camera.publish(10)
    gate.open.set()
    wait_until(lambda: not recorder.status.is_recording)
    assert recorder.status.stop_reason == "the disk failed: Input/output error"
    assert recorder.status.dropped_count == 11
    assert files_in(tmp_path / "recordings") == []


def test_a_disk_that_fills_up_ends_the_recording_and_nothing_else(
    make_recorder: MakeRecorder,
    small_disk: Path,
    camera: Camera,
    broadcaster: Broadcaster,
    call: Call,
) -> None:
    recorder = make_recorder(small_disk)
    viewer = broadcaster.subscribe("viewer", 10_000, lambda: None)
    call(recorder.start("cat"))
    published: list[AccessUnit] = []

    def is_written_or_over() -> bool:
        return recorder.status.frame_count == len(published) or not recorder.status.is_recording

    while recorder.status.is_recording and len(published) < 200 * GOP:
        published += camera.publish(2 * GOP)
        wait_until(is_written_or_over)
    published += camera.publish(GOP)

    ended = recorder.status
    assert not ended.is_recording
    assert ended.stop_reason in ("the disk is full", "the disk failed: File too large")
    assert ended.path is not None
    assert pictures_in(ended.path) == annex_b(published[: ended.frame_count])
    assert decoded_count(ended.path) == ended.frame_count > 0
    assert ended.bytes_written == ended.path.stat().st_size
    assert recorder.counts.errors == 1
    assert viewer.take() == published
    with pytest.raises(NotRecording):
        call(recorder.stop())


def test_a_full_disk_is_told_at_the_start(
    make_recorder: MakeRecorder, full_disk: Path, camera: Camera, call: Call
) -> None:
    recorder = make_recorder(full_disk)
    camera.publish(1)
    before = files_in(full_disk)
    with pytest.raises(StorageError) as refused:
        call(recorder.start())
    assert refused.value.http_status == 507
    assert files_in(full_disk) == before
    assert recorder.status == RecordingStatus()
    assert recorder.counts == RecorderCounts(errors=1)


def test_a_folder_that_can_not_be_written_is_told_at_the_start(
    make_recorder: MakeRecorder,
    read_only_folder: Path,
    tmp_path: Path,
    camera: Camera,
    broadcaster: Broadcaster,
    call: Call,
) -> None:
    (tmp_path / "file").touch()
    camera.publish(10)
    folders = [read_only_folder, read_only_folder / "below", tmp_path / "file", tmp_path / "file/x"]
    for folder in folders:
        recorder = make_recorder(folder)
        with pytest.raises(StorageError) as refused:
            call(recorder.start())
        assert refused.value.code == "storage"
        assert str(tmp_path) not in str(refused.value)
        assert recorder.status == RecordingStatus()
        assert recorder.counts == RecorderCounts(errors=1)


def test_a_missing_folder_is_made(
    make_recorder: MakeRecorder, tmp_path: Path, camera: Camera, call: Call
) -> None:
    recorder = make_recorder(tmp_path / "a" / "b")
    camera.publish(1)
    path = call(recorder.start()).path
    assert path is not None
    assert path.parent == tmp_path / "a" / "b"


def test_a_file_deleted_in_mid_recording_is_told_at_the_end(
    recorder: Recorder, camera: Camera, call: Call
) -> None:
    camera.publish(10)
    path = call(recorder.start()).path
    assert path is not None
    path.with_name(path.name + ".part").unlink()
    camera.publish(10)
    stopped = call(recorder.stop())
    assert stopped.stop_reason == "the file, or its folder, was deleted in mid-recording"
    assert recorder.counts.errors == 1


def test_a_bug_in_a_container_ends_the_recording_only(
    make_recorder: MakeRecorder, camera: Camera, call: Call, caplog: pytest.LogCaptureFixture
) -> None:
    recorder = make_recorder(formats={"h264": Broken})
    camera.publish(10)
    with caplog.at_level(logging.ERROR):
        call(recorder.start())
        camera.publish(1)
        wait_until(lambda: not recorder.status.is_recording)
    assert "ZeroDivisionError" in caplog.text
    assert recorder.status.path is not None
    assert decoded_count(recorder.status.path) == 10
    assert recorder.status.dropped_count == 1
    assert recorder.counts == RecorderCounts(frames_written=10, frames_dropped=1, errors=1)


def test_an_unknown_format_is_a_programming_mistake(make_recorder: MakeRecorder) -> None:
    with pytest.raises(ValueError, match="mkv"):
        Recorder(broadcaster=Broadcaster(), folder=Path(), file_format="mkv")


@pytest.mark.parametrize("is_closed", [True, False])
def test_a_writer_that_a_disk_holds_up_outlives_its_loop_and_the_next_loop_records(
    event_loop: EventLoopThread,
    recorder_with: MakeRecorder,
    camera: Camera,
    call: Call,
    gate: Gate,
    tmp_path: Path,
    is_closed: bool,
) -> None:
    recorder = recorder_with(SlowToWrite, open_wait_s=0.05, disk_timeout_s=0.05)
    first = camera.publish(GOP)
    call(recorder.start("cat"))
    if is_closed:
        event_loop.call(recorder.close(), TIMEOUT_S)
    event_loop.stop()
    recorder.leave(0.0)
    assert (recorder.status.is_recording, recorder.is_writing) == (False, True)
    event_loop.start()
    assert call(recorder.start("dog")).is_recording
    with pytest.raises(AlreadyRecording, match="Already recording"):
        call(recorder.start())
    second = camera.publish(GOP)
    gate.open.set()
    wait_until(lambda: recorder.status.frame_count == 2 * GOP)
    with contextlib.suppress(StorageError):  # not finished within disk_timeout_s, but soon
        assert call(recorder.stop()).filename == "dog.h264"
    folder = tmp_path / "recordings"
    wait_until(lambda: (folder / "cat.h264").exists() and (folder / "dog.h264").exists())
    assert pictures_in(folder / "cat.h264") == annex_b(first)
    assert pictures_in(folder / "dog.h264") == annex_b([*first, *second])
    wait_until(lambda: not recorder.is_writing)


def test_the_last_writer_that_was_left_says_when_it_has_ended(
    event_loop: EventLoopThread,
    recorder_with: MakeRecorder,
    camera: Camera,
    call: Call,
    gate: Gate,
) -> None:
    left = threading.Event()
    recorder = recorder_with(SlowToWrite, open_wait_s=0.05, on_left=left.set)
    camera.publish(GOP)
    call(recorder.start("cat"))
    event_loop.stop()
    recorder.leave(0.0)
    assert not left.is_set()
    gate.open.set()
    assert left.wait(TIMEOUT_S)
    assert not recorder.is_writing
    event_loop.start()
