"""Recordings on a disk that really blocks, see `frozen_disk`."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Coroutine, Iterator
from pathlib import Path
from typing import Any

import pytest

from pet_stream.admission.token_bucket import TokenBucket
from pet_stream.broadcaster import Broadcaster
from pet_stream.errors import NotRecording, StorageError, TooMany
from pet_stream.event_loop import EventLoopThread
from pet_stream.media.access_unit import AccessUnit
from pet_stream.media.gop_memory import GopMemory
from pet_stream.recording.recorder import Recorder
from pet_stream.recording.settings import RecorderSettings
from pet_stream.recording.status import RecordingStatus

from ..apps import mounted_app, stream_of
from ..frozen_disk import freezable_disk, frozen
from ..waiting import TIMEOUT_S, wait_until
from .mp4_files import expected_pictures, film
from .playback import GOP, Camera, annex_b, pictures_in

pytestmark = pytest.mark.slow

MakeRecorder = Callable[..., Recorder]
Call = Callable[[Coroutine[Any, Any, RecordingStatus]], RecordingStatus]

SILENT = "the disk does not answer; pictures wait in memory"
FINISHING = "the file is finished as soon as the disk answers"
LOSING = "the disk does not answer, and pictures are being lost"


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    with freezable_disk(tmp_path) as folder:
        yield folder


@pytest.fixture
def broadcaster() -> Broadcaster:
    return Broadcaster(memory=GopMemory(30, 10_000_000))


@pytest.fixture
def call(event_loop: EventLoopThread) -> Call:
    return lambda coroutine: event_loop.call(coroutine, TIMEOUT_S)


def test_ten_seconds_without_the_disk_cost_nothing(
    disk: Path, make_recorder: MakeRecorder, camera: Camera, call: Call
) -> None:
    recorder = make_recorder(disk, file_format="mp4", settings=RecorderSettings(sync_s=0.5))
    published = camera.publish(GOP)
    call(recorder.start("cat", preroll_s=30))
    with frozen(disk):
        published += camera.publish(10 * 30)
        wait_until(lambda: recorder.status.note == SILENT)
        assert recorder.status.dropped_count == 0
    wait_until(lambda: recorder.status.frame_count == len(published))
    wait_until(lambda: recorder.status.note is None)
    published += camera.publish(5)
    stopped = call(recorder.stop())
    assert (stopped.dropped_count, stopped.gap_count) == (0, 0)
    assert film(disk / "cat.mp4").pictures == expected_pictures(published)


def test_longer_without_the_disk_costs_whole_gops_of_the_file_and_nothing_else(
    disk: Path,
    make_recorder: MakeRecorder,
    camera: Camera,
    broadcaster: Broadcaster,
    call: Call,
) -> None:
    settings = RecorderSettings(queue_s=4, sync_s=0.5)
    recorder = make_recorder(disk, file_format="mp4", settings=settings)
    viewer = broadcaster.subscribe("viewer", 10_000, lambda: None)
    published = camera.publish(GOP)
    call(recorder.start("cat", preroll_s=30))
    with frozen(disk):
        published += camera.publish(GOP)
        wait_until(lambda: recorder.status.note == SILENT)
        published += camera.publish(16 * 30)
        wait_until(lambda: recorder.status.note == LOSING)
        status = recorder.status
        assert status.is_recording
        assert 11 * 30 <= status.dropped_count <= 13 * 30
        assert recorder.buffer_fill_ratio <= 1
    kept = len(published) - status.dropped_count
    wait_until(lambda: recorder.status.frame_count == kept)
    lost = camera.publish_to_idr()
    later = camera.publish(2 * GOP)
    stopped = call(recorder.stop())
    assert (stopped.gap_count, stopped.dropped_count) == (1, status.dropped_count + len(lost))
    shown = film(disk / "cat.mp4")
    assert shown.pictures == expected_pictures(published[:kept] + later)
    assert shown.decoded_count == len(shown.pictures)
    assert viewer.take() == [*published, *lost, *later]


@pytest.mark.parametrize("filename", ["cat.mp4", "cat.h264"])
def test_a_recording_begins_and_ends_without_the_disk(
    disk: Path, make_recorder: MakeRecorder, camera: Camera, call: Call, filename: str
) -> None:
    """It is made, filled and named as soon as the disk goes on."""
    file_format = filename.rpartition(".")[2]
    recorder = make_recorder(disk, file_format=file_format, open_wait_s=0.05, disk_timeout_s=0.05)
    published = camera.publish(5 * GOP)
    with frozen(disk):
        started = call(recorder.start(filename, preroll_s=30))
        assert (started.is_recording, started.filename) == (True, filename)
        published += camera.publish(5 * 30)
        with pytest.raises(StorageError, match="as soon as it does"):
            call(recorder.stop())
        assert recorder.status.is_recording
        assert [path.name for path in disk.iterdir()] == ["lost+found"]
    wait_until(lambda: not recorder.status.is_recording)
    assert recorder.status.stop_reason is None
    assert recorder.status.frame_count == len(published)
    if file_format == "mp4":
        assert film(disk / filename).pictures == expected_pictures(published)
    else:
        assert pictures_in(disk / filename) == annex_b(published)


@pytest.mark.parametrize("file_format", ["mp4", "h264"])
def test_a_disk_that_blocks_at_the_stop_gets_the_whole_file_later(
    disk: Path, make_recorder: MakeRecorder, camera: Camera, call: Call, file_format: str
) -> None:
    """In MP4 the index is still to be written then; a raw file only to be renamed."""
    recorder = make_recorder(disk, file_format=file_format, disk_timeout_s=0.05)
    published = camera.publish(GOP)
    call(recorder.start("cat", preroll_s=30))
    published += camera.publish(GOP + 3)
    wait_until(lambda: recorder.status.frame_count == len(published))
    with frozen(disk):
        with pytest.raises(StorageError, match="as soon as it does"):
            call(recorder.stop())
        wait_until(lambda: recorder.status.note == FINISHING)
        assert recorder.status.is_recording
        with pytest.raises(NotRecording, match="being finished"):
            call(recorder.stop())
        assert not (disk / f"cat.{file_format}").exists()
    wait_until(lambda: not recorder.status.is_recording)
    assert (recorder.status.stop_reason, recorder.status.frame_count) == (None, len(published))
    assert sorted(path.name for path in disk.iterdir()) == [f"cat.{file_format}", "lost+found"]


def test_fifty_clips_are_one_thread(
    disk: Path, make_recorder: MakeRecorder, camera: Camera, event_loop: EventLoopThread
) -> None:
    bucket = TokenBucket(50, 0.0)
    recorder = make_recorder(disk, clips=bucket, open_wait_s=0.05, disk_timeout_s=0.05)
    published = camera.publish(GOP)
    with frozen(disk):
        with pytest.raises(StorageError, match="as soon as it does"):
            event_loop.call(recorder.clip(30, "clip"), TIMEOUT_S)
        threads = set(threading.enumerate())
        for _ in range(49):
            with pytest.raises(TooMany):
                event_loop.call(recorder.clip(30), TIMEOUT_S)
        assert set(threading.enumerate()) == threads
    wait_until(lambda: recorder.counts.frames_written == GOP)
    assert pictures_in(disk / "clip.h264") == annex_b(published)
    assert event_loop.call(recorder.clip(30), TIMEOUT_S).frame_count == GOP


def test_the_app_answers_while_the_disk_does_not(
    disk: Path, tmp_path: Path, pictures: list[AccessUnit]
) -> None:
    with mounted_app(tmp_path, RECORD_PATH=disk, MIN_FREE_MB=0) as app:
        client = app.test_client()
        assert client.get("/api/recording/status").get_json()["recording"] is False
        camera = Camera(stream_of(app).broadcaster, pictures)
        camera.clock_ns = time.monotonic_ns() + 60 * 10**9  # never too old on a slow machine
        published = camera.publish(GOP)
        with frozen(disk):
            started = client.post("/api/recording/start", json={"filename": "cat"})
            assert (started.status_code, started.get_json()["filename"]) == (200, "cat.mp4")
            wait_until(lambda: client.get("/api/recording/status").get_json()["note"])
            health = client.get("/health").get_json()
            assert (health["recording"], "disk_silent" in health["reason_codes"]) == (True, True)
            published += camera.publish(GOP)
            assert client.get("/api/recordings").status_code == 200
            stopped = client.post("/api/recording/stop")
            assert (stopped.status_code, stopped.get_json()["code"]) == (507, "storage")
        wait_until(lambda: not client.get("/api/recording/status").get_json()["recording"])
        assert film(disk / "cat.mp4").pictures == expected_pictures(published)
