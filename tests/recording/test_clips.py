"""What tells a clip from a recording, and what all clips together may take up."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Iterator
from pathlib import Path
from typing import Any

import pytest

from pet_stream.admission.token_bucket import TokenBucket
from pet_stream.broadcaster import Broadcaster
from pet_stream.errors import StorageError
from pet_stream.event_loop import EventLoopThread
from pet_stream.library.archive import Archive
from pet_stream.library.crash_recovery import repair
from pet_stream.library.library import Library
from pet_stream.library.retention import Retention
from pet_stream.media.gop_memory import GopMemory
from pet_stream.recording.disk import PART_SUFFIX, disk_space
from pet_stream.recording.recorder import Recorder
from pet_stream.recording.settings import RecorderSettings
from pet_stream.recording.status import RecordingStatus

from ..waiting import TIMEOUT_S
from .playback import GOP, Camera

MakeRecorder = Callable[..., Recorder]
Call = Callable[[Coroutine[Any, Any, RecordingStatus]], RecordingStatus]

AS_OFTEN_AS_LIKED = TokenBucket(1, 0.0)


@pytest.fixture
def broadcaster() -> Broadcaster:
    return Broadcaster(memory=GopMemory(30, 10_000_000))


@pytest.fixture
def call(event_loop: EventLoopThread) -> Call:
    return lambda coroutine: event_loop.call(coroutine, TIMEOUT_S)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "recordings"


@pytest.fixture
def make_archive(folder: Path) -> Iterator[Callable[[int], Archive]]:
    made: list[Archive] = []

    def make(max_clip_bytes: int) -> Archive:
        made.append(Archive(Library(folder), Retention(), "test", max_clip_bytes=max_clip_bytes))
        return made[-1]

    yield make
    for archive in made:
        archive.stop()


@pytest.mark.parametrize("file_format", ["mp4", "h264"])
def test_a_clip_is_one_whatever_it_is_called_and_after_a_restart(
    make_recorder: MakeRecorder, camera: Camera, call: Call, folder: Path, file_format: str
) -> None:
    recorder = make_recorder(file_format=file_format, clips=AS_OFTEN_AS_LIKED)
    camera.publish(2 * GOP)
    call(recorder.start("long"))
    call(recorder.clip(30, "named"))
    by_time = call(recorder.clip(30)).filename
    call(recorder.stop())
    (folder / f"named.{file_format}").rename(folder / f"recording_20240501_120000.{file_format}")
    library = Library(folder)
    assert {row.name: library.is_clip(row) for row in library.recordings()} == {
        f"recording_20240501_120000.{file_format}": True,
        by_time: True,
        f"long.{file_format}": False,
    }


@pytest.mark.parametrize("file_format", ["mp4", "h264"])
def test_a_repaired_clip_is_one(
    make_recorder: MakeRecorder, camera: Camera, call: Call, folder: Path, file_format: str
) -> None:
    camera.publish(2 * GOP)
    clip = call(make_recorder(file_format=file_format).clip(30, "clip"))
    part = folder / f"clip.{file_format}{PART_SUFFIX}"
    assert clip.path is not None
    clip.path.rename(part)
    repair(part)
    library = Library(folder)
    assert [library.is_clip(row) for row in library.recordings()] == [True]


def test_beyond_their_quota_no_clip_is_saved_and_none_goes(
    make_recorder: MakeRecorder,
    make_archive: Callable[[int], Archive],
    camera: Camera,
    call: Call,
    folder: Path,
) -> None:
    """Recordings do not count, and starring makes no difference."""
    camera.publish(2 * GOP)
    size_bytes = call(
        make_recorder(folder, clips=AS_OFTEN_AS_LIKED).clip(30, "first")
    ).bytes_written
    archive = make_archive(int(2.5 * size_bytes))
    recorder = make_recorder(
        folder,
        claim=archive.claim,
        claim_for_clip=archive.claim_for_clip,
        clips=AS_OFTEN_AS_LIKED,
    )
    call(recorder.start("long", preroll_s=30))
    call(recorder.stop())
    library = Library(folder)
    call(recorder.clip(30, "second"))
    library.set_starred("second.h264", True)
    for _ in range(3):
        with pytest.raises(StorageError, match="some have to go first") as refused:
            call(recorder.clip(30, "third"))
        assert refused.value.cause == "clips_full"
    assert {row.name for row in library.recordings()} == {"first.h264", "long.h264", "second.h264"}
    assert not list(folder.glob(f"*{PART_SUFFIX}"))

    library.delete("first.h264")
    call(recorder.clip(30, "third"))


def test_a_clip_leaves_the_rest_of_the_disk_to_recordings(
    make_recorder: MakeRecorder, camera: Camera, call: Call, tmp_path: Path
) -> None:
    free_bytes = disk_space(tmp_path).free_bytes
    settings = RecorderSettings(min_free_bytes=free_bytes * 2 // 3)
    recorder = make_recorder(settings=settings)
    camera.publish(2 * GOP)
    with pytest.raises(StorageError) as refused:
        call(recorder.clip(30))
    assert refused.value.cause == "disk_almost_full"
    assert call(recorder.start("long")).is_recording
