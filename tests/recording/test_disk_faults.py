"""Disks with little space, no folder, or no hurry; what is recorded on them is MP4."""

from __future__ import annotations

import os
import shutil
import threading
import time
from collections.abc import Callable, Coroutine, Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from pet_stream.broadcaster import Broadcaster
from pet_stream.errors import StorageError
from pet_stream.event_loop import EventLoopThread
from pet_stream.library.crash_recovery import repair
from pet_stream.media.access_unit import AccessUnit
from pet_stream.recording.disk import disk_space
from pet_stream.recording.recorder import Recorder
from pet_stream.recording.settings import RecorderSettings
from pet_stream.recording.status import RecordingStatus

from ..waiting import TIMEOUT_S, wait_until
from .disks import FillsUp, Gate, SlowMp4
from .mp4_files import expected_pictures, expected_times_s, film
from .playback import FRAME_NS, GOP, Camera

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


def files_in(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_recording_ends_before_the_disk_is_full(
    make_recorder: MakeRecorder, small_disk: Path, camera: Camera, call: Call
) -> None:
    kept_free = 70_000
    if disk_space(small_disk).free_bytes > 10**6:
        pytest.skip("needs a file system of its own")
    settings = RecorderSettings(min_free_bytes=kept_free, sync_s=0.01)
    recorder = make_recorder(small_disk, file_format="mp4", settings=settings)
    call(recorder.start("cat"))
    published: list[AccessUnit] = []
    while recorder.status.is_recording:
        published += camera.publish(2 * GOP)
        written = recorder.status.frame_count
        wait_until(
            lambda written=written: (  # type: ignore[misc]
                recorder.status.frame_count > written or not recorder.status.is_recording
            )
        )
    assert recorder.status.stop_reason == "less than 0.07 MB are free on the disk"
    assert files_in(small_disk) == ["cat.mp4"]
    shown = film(small_disk / "cat.mp4")
    assert shown.pictures == expected_pictures(published[: recorder.status.frame_count])
    assert shown.duration_s == pytest.approx(len(shown.pictures) / 30, abs=0.01)  # has its index
    with pytest.raises(StorageError, match="are free"):
        call(recorder.start("second"))


def test_a_disk_that_fills_up_keeps_what_it_took(
    make_recorder: MakeRecorder,
    small_disk: Path,
    camera: Camera,
    broadcaster: Broadcaster,
    call: Call,
) -> None:
    recorder = make_recorder(small_disk, file_format="mp4")
    viewer = broadcaster.subscribe("viewer", 10_000, lambda: None)
    call(recorder.start("cat"))
    published = [unit for _ in range(40) for unit in camera.publish(GOP)]
    wait_until(lambda: not recorder.status.is_recording)
    ended = recorder.status
    assert ended.stop_reason in ("the disk is full", "the disk failed: File too large")
    assert ended.path is not None
    assert film(ended.path).pictures == expected_pictures(published[: ended.frame_count])
    assert ended.frame_count + ended.dropped_count == len(published)
    assert viewer.take() == published


def test_a_disk_that_takes_pictures_back_makes_no_count_fall(
    make_recorder: MakeRecorder, camera: Camera, call: Call, gate: Gate, tmp_path: Path
) -> None:
    """To Prometheus a counter that falls has begun anew: all pictures so far would count again."""
    recorder = make_recorder(tmp_path, formats={"h264": partial(FillsUp, gate=gate)})
    call(recorder.start("cat"))
    camera.publish(GOP)
    wait_until(lambda: recorder.counts.frames_written == GOP)
    gate.open.set()
    wait_until(lambda: not recorder.status.is_recording)
    assert recorder.status.frame_count == 0
    assert recorder.counts.frames_written == GOP


def test_a_folder_that_vanishes_ends_the_recording(
    make_recorder: MakeRecorder, camera: Camera, call: Call, tmp_path: Path
) -> None:
    folder = tmp_path / "recordings"
    settings = RecorderSettings(sync_s=0.01)
    recorder = make_recorder(folder, file_format="mp4", settings=settings)
    camera.publish(GOP)
    call(recorder.start("cat"))
    shutil.rmtree(folder)
    camera.publish(3 * GOP)
    wait_until(lambda: not recorder.status.is_recording)
    assert recorder.status.stop_reason == "the file, or its folder, was deleted in mid-recording"
    camera.publish(GOP)
    call(recorder.start("cat"))  # the folder is made again
    assert call(recorder.stop()).stop_reason is None
    assert files_in(folder) == ["cat.mp4"]


def test_a_folder_that_can_not_be_written_is_told(
    make_recorder: MakeRecorder, read_only_folder: Path, camera: Camera, call: Call
) -> None:
    recorder = make_recorder(read_only_folder, file_format="mp4")
    camera.publish(GOP)
    with pytest.raises(StorageError, match="not writable"):
        call(recorder.start("cat"))


def test_a_disk_that_blocks_for_ten_seconds_costs_nothing(
    make_recorder: MakeRecorder, gate: Gate, camera: Camera, call: Call
) -> None:
    recorder = make_recorder(file_format="mp4", formats={"mp4": partial(SlowMp4, gate=gate)})
    call(recorder.start("cat"))
    published = camera.publish(1)
    assert gate.arrived.wait(TIMEOUT_S)
    published += camera.publish(10 * 30)  # ten seconds of pictures
    assert recorder.status.dropped_count == 0
    gate.open.set()
    stopped = call(recorder.stop())
    assert (stopped.dropped_count, stopped.gap_count) == (0, 0)
    assert stopped.path is not None
    assert film(stopped.path).pictures == expected_pictures(published)


def test_a_disk_that_blocks_for_a_minute_costs_whole_gops_and_no_memory(
    make_recorder: MakeRecorder, gate: Gate, camera: Camera, call: Call
) -> None:
    recorder = make_recorder(file_format="mp4", formats={"mp4": partial(SlowMp4, gate=gate)})
    call(recorder.start("cat"))
    published = camera.publish(1)
    assert gate.arrived.wait(TIMEOUT_S)
    published += camera.publish(60 * 30)
    kept = len(published) - recorder.status.dropped_count
    assert kept <= 1 + 15 * 30 + 1
    assert recorder.buffer_fill_ratio > 0.95
    gate.open.set()
    wait_until(lambda: recorder.status.frame_count == kept)
    camera.publish_to_idr()
    later = camera.publish(2 * GOP)
    stopped = call(recorder.stop())
    assert stopped.gap_count == 1
    assert stopped.path is not None
    shown = film(stopped.path)
    expected = published[:kept] + later
    assert shown.pictures == expected_pictures(expected)
    assert shown.times_s == pytest.approx(expected_times_s(expected), abs=0.001)
    assert shown.decoded_count == len(expected)
    assert shown.duration_s == pytest.approx((len(published) + 2 * GOP) * FRAME_NS / 1e9, abs=1)


def test_what_is_written_is_synced_as_it_grows(
    make_recorder: MakeRecorder, camera: Camera, call: Call, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced = threading.Event()
    fdatasync = os.fdatasync

    def watched(descriptor: int) -> None:
        fdatasync(descriptor)
        synced.set()

    monkeypatch.setattr(os, "fdatasync", watched)
    recorder = make_recorder(file_format="mp4", settings=RecorderSettings(sync_s=0.1))
    camera.publish(2 * GOP)
    call(recorder.start("cat"))
    for _ in range(2):
        camera.publish(GOP)
        assert synced.wait(TIMEOUT_S)
        synced.clear()
    call(recorder.stop())


def test_a_camera_that_stalls_leaves_nothing_unsynced(
    make_recorder: MakeRecorder,
    camera: Camera,
    call: Call,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    part = tmp_path / "recordings" / "cat.mp4.part"
    synced_sizes: list[int] = []
    fdatasync = os.fdatasync

    def watched(descriptor: int) -> None:
        fdatasync(descriptor)
        synced_sizes.append(os.fstat(descriptor).st_size)

    monkeypatch.setattr(os, "fdatasync", watched)
    recorder = make_recorder(file_format="mp4", settings=RecorderSettings(sync_s=0.1))
    published = camera.publish(GOP + 3)
    call(recorder.start("cat", preroll_s=5))
    published += camera.publish(GOP + 3)  # and no more
    wait_until(lambda: recorder.status.frame_count == 3 + GOP + 3)
    wait_until(lambda: bool(synced_sizes) and synced_sizes[-1] == recorder.status.bytes_written)
    wait_until(lambda: len(film(part.read_bytes()).pictures) == 3 + GOP + 3)
    wait_until(lambda: synced_sizes[-1] == part.stat().st_size)
    published += camera.publish(GOP)
    stopped = call(recorder.stop())
    assert stopped.path is not None
    assert film(stopped.path).pictures == expected_pictures(published[GOP:])


def test_when_the_camera_pauses_nothing_is_held_back_whatever_the_sync_time(
    make_recorder: MakeRecorder, camera: Camera, call: Call, tmp_path: Path
) -> None:
    part = tmp_path / "recordings" / "cat.mp4.part"
    recorder = make_recorder(file_format="mp4", settings=RecorderSettings(sync_s=10 * TIMEOUT_S))
    call(recorder.start("cat"))
    published: list[AccessUnit] = []
    for count in (5, 3, GOP, 9):  # the sync comes with the first of them
        published.extend(camera.publish(count))
        wait_until(lambda: recorder.status.frame_count == len(published))
        wait_until(lambda: film(part.read_bytes()).pictures == expected_pictures(published))
    wait_until(lambda: recorder.status.bytes_written == part.stat().st_size)
    stopped = call(recorder.stop())
    assert stopped.path is not None
    assert film(stopped.path).pictures == expected_pictures(published)


def test_at_two_pictures_a_second_a_power_cut_costs_no_gop(
    make_recorder: MakeRecorder,
    broadcaster: Broadcaster,
    pictures: list[AccessUnit],
    call: Call,
    tmp_path: Path,
) -> None:
    """A GOP lasts 7 s; what is on the disk ends with the newest picture, in mid-GOP."""
    part = tmp_path / "recordings" / "cat.mp4.part"
    recorder = make_recorder(file_format="mp4", settings=RecorderSettings(sync_s=0.1))
    start_ns = time.monotonic_ns()
    units = [
        replace(unit, sequence=number, capture_ns=start_ns + number * 500_000_000)
        for number, unit in enumerate(pictures[: GOP + 5])
    ]
    call(recorder.start("cat"))
    for count in (1, 3, 9, GOP + 5):
        for unit in units[recorder.status.frame_count : count]:
            broadcaster.publish(unit)
        wait_until(lambda count=count: recorder.status.frame_count == count)  # type: ignore[misc]
        wait_until(
            lambda count=count: (  # type: ignore[misc]
                len(film(part.read_bytes()).pictures) == count
            )
        )
    copy = tmp_path / "cat.mp4.part"
    copy.write_bytes(part.read_bytes())
    shown = film(repair(copy))
    assert shown.pictures == expected_pictures(units)
    assert shown.times_s == pytest.approx(expected_times_s(units), abs=0.001)
    call(recorder.stop())


def test_start_and_stop_answer_quickly(
    make_recorder: MakeRecorder, camera: Camera, call: Call
) -> None:
    recorder = make_recorder(file_format="mp4", settings=RecorderSettings(preroll_s=5))
    camera.publish(GOP)
    starts_s, stops_s = [], []

    def both_were_quick() -> bool:
        """Once, at least: the machine may be busy."""
        begun = time.perf_counter()
        call(recorder.start())
        starts_s.append(time.perf_counter() - begun)
        camera.publish(3 * GOP)
        begun = time.perf_counter()
        call(recorder.stop())
        stops_s.append(time.perf_counter() - begun)
        return min(starts_s) < 0.05 and min(stops_s) < 0.3

    wait_until(both_were_quick)
