"""Recordings that begin in the past, and those that need several files."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from pet_stream.broadcaster import Broadcaster
from pet_stream.errors import NotCuttable, NothingToSave, StorageError
from pet_stream.event_loop import EventLoopThread
from pet_stream.library.composite_file import PiecedFile
from pet_stream.library.library import Library
from pet_stream.library.pictures import newest_frame, to_jpeg
from pet_stream.library.ready_files import ReadyFiles
from pet_stream.library.snapshots import Snapshots
from pet_stream.media.access_unit import AccessUnit
from pet_stream.media.gop_memory import GopMemory
from pet_stream.media.h264 import RecoveryPoint
from pet_stream.process.standstill import LATE_S
from pet_stream.recording.recorder import Recorder
from pet_stream.recording.settings import RecorderSettings
from pet_stream.recording.status import RecordingStatus

from ..footage import encode
from ..waiting import TIMEOUT_S, wait_until
from .disks import FailsToOpen, Gate
from .mp4_files import expected_pictures, expected_times_s, film
from .playback import GOP, Camera, access_unit, annex_b, pictures_in

MakeRecorder = Callable[..., Recorder]
Call = Callable[[Coroutine[Any, Any, RecordingStatus]], RecordingStatus]


@pytest.fixture
def broadcaster() -> Broadcaster:
    return Broadcaster(memory=GopMemory(10, 10_000_000))


@pytest.fixture
def call(event_loop: EventLoopThread) -> Call:
    return lambda coroutine: event_loop.call(coroutine, TIMEOUT_S)


@pytest.fixture
def mp4_recorder(make_recorder: MakeRecorder) -> Recorder:
    return make_recorder(file_format="mp4")


@pytest.fixture
def library(tmp_path: Path, mp4_recorder: Recorder) -> Library:
    return Library(tmp_path / "recordings", mp4_recorder)


@pytest.fixture(scope="session")
def small_pictures() -> list[AccessUnit]:
    """Of a camera with another SPS."""
    encoded = encode(width=160, height=128, gop=GOP, pictures=2 * GOP)
    return [replace(access_unit(d), width=160, height=128, camera_id=1) for d in encoded]


def without_parameter_sets(pictures: list[tuple[bytes, ...]]) -> list[tuple[bytes, ...]]:
    return [tuple(n for n in nal_units if n[0] & 31 not in (7, 8)) for nal_units in pictures]


# ---- pre-roll and clips


def test_the_preroll_is_in_the_file_from_the_idr_before(
    make_recorder: MakeRecorder, camera: Camera, call: Call
) -> None:
    recorder = make_recorder(file_format="mp4", settings=RecorderSettings(preroll_s=2))
    published = camera.publish(200)
    started = call(recorder.start("cat"))
    published += camera.publish(20)
    stopped = call(recorder.stop())
    assert stopped.path is not None
    shown = film(stopped.path)
    assert shown.pictures == expected_pictures(published[-stopped.frame_count :])
    assert 2 * 30 + 20 <= stopped.frame_count <= 2 * 30 + 20 + GOP + 3
    assert published[-stopped.frame_count].is_idr
    assert started.frame_count == stopped.frame_count - 20
    preroll_s = (stopped.frame_count - 20) / 30
    assert started.preroll_ms / 1000 == pytest.approx(preroll_s, abs=0.001)  # up to the press
    assert stopped.preroll_ms == started.preroll_ms


@pytest.mark.parametrize("way", ["recording", "without pre-roll", "clip"])
def test_a_file_that_begins_much_earlier_than_asked_says_so(
    make_recorder: MakeRecorder, broadcaster: Broadcaster, call: Call, way: str
) -> None:
    """The last IDR came 4 s ago."""
    long_gop = [access_unit(data) for data in encode(160, 128, gop=120, pictures=120)]
    camera = Camera(broadcaster, long_gop)
    camera.publish(119)
    wanted_s = 0.0 if way == "without pre-roll" else 1.0
    settings = RecorderSettings(preroll_s=wanted_s)
    recorder = make_recorder(settings=settings, clock_ns=lambda: camera.clock_ns)
    if way == "clip":
        stopped = call(recorder.clip(wanted_s))
    else:
        running = call(recorder.start())
        assert running.to_json()["preroll_code"] == "begins_early"
        stopped = call(recorder.stop())
    assert stopped.preroll_ms == pytest.approx(119 * 1000 / 30, abs=2)
    assert stopped.preroll_reason is not None
    assert f"{119 / 30 - wanted_s:.0f} s earlier than asked" in stopped.preroll_reason


def test_a_recovery_point_in_a_long_gop_keeps_the_preroll_short(
    make_recorder: MakeRecorder, broadcaster: Broadcaster, call: Call
) -> None:
    point = RecoveryPoint(0, is_exact=True)
    pictures = [
        replace(access_unit(data), recovery_point=point if number % 30 == 20 else None)
        for number, data in enumerate(encode(160, 128, gop=120, pictures=120))
    ]
    camera = Camera(broadcaster, pictures)
    camera.publish(119)
    recorder = make_recorder(
        settings=RecorderSettings(preroll_s=0.5), clock_ns=lambda: camera.clock_ns
    )
    started = call(recorder.start())
    call(recorder.stop())
    assert started.preroll_ms == pytest.approx(39 * 1000 / 30, abs=2)
    assert started.preroll_reason is None


def test_a_request_has_its_own_preroll_and_format(
    make_recorder: MakeRecorder, camera: Camera, call: Call
) -> None:
    recorder = make_recorder(file_format="mp4", settings=RecorderSettings(preroll_s=5))
    published = camera.publish(90)
    call(recorder.start("cat", file_format="h264", preroll_s=0))
    stopped = call(recorder.stop())
    assert stopped.filename == "cat.h264"
    assert stopped.path is not None
    assert pictures_in(stopped.path) == annex_b(published[90 // GOP * GOP :])


def test_at_two_pictures_a_second_the_preroll_reaches_back_to_the_idr(
    make_recorder: MakeRecorder,
    broadcaster: Broadcaster,
    camera: Camera,
    pictures: list[AccessUnit],
    call: Call,
) -> None:
    recorder = make_recorder(file_format="mp4", settings=RecorderSettings(preroll_s=1))
    now_ns = camera.clock_ns
    units = [
        replace(unit, sequence=n, capture_ns=now_ns - (2 * GOP - 1 - n) * 500_000_000)
        for n, unit in enumerate(pictures[: 2 * GOP])
    ]
    for unit in units:
        broadcaster.publish(unit)
    call(recorder.start("cat"))
    stopped = call(recorder.stop())
    assert stopped.path is not None
    shown = film(stopped.path)
    assert shown.pictures == expected_pictures(units[GOP:])
    assert shown.times_s == pytest.approx(expected_times_s(units[GOP:]), abs=1e-4)


def test_at_two_pictures_a_second_clips_and_cuts_hold_whole_gops(
    mp4_recorder: Recorder,
    broadcaster: Broadcaster,
    camera: Camera,
    pictures: list[AccessUnit],
    call: Call,
    library: Library,
) -> None:
    """A GOP lasts seven seconds."""
    last_ns = camera.clock_ns
    units = [
        replace(unit, sequence=n, capture_ns=last_ns - (2 * GOP + 4 - n) * 500_000_000)
        for n, unit in enumerate(pictures[: 2 * GOP + 5])
    ]
    for unit in units:
        broadcaster.publish(unit)
    clip = call(mp4_recorder.clip(5, "clip"))  # begins 2 s back in the GOP before
    assert clip.path is not None
    shown = film(clip.path)
    assert shown.pictures == expected_pictures(units[GOP:])
    assert shown.times_s == pytest.approx(expected_times_s(units[GOP:]), abs=1e-4)
    for (from_s, to_s), part in (
        ((1, 2), units[GOP : 2 * GOP]),
        ((6.9, 7.1), units[GOP:]),
        ((8, 9), units[2 * GOP :]),
    ):
        with library.open("clip.mp4", from_s, to_s).file as cut:
            assert film(cut.read()).pictures == expected_pictures(part)
    snapshot = Snapshots(lambda: broadcaster.gop).take().jpeg
    assert snapshot == newest_jpeg(units[2 * GOP :])
    assert snapshot != newest_jpeg(units[2 * GOP : -1])


def newest_jpeg(units: Sequence[AccessUnit]) -> bytes:
    found = newest_frame(units)
    assert found is not None
    return to_jpeg(found[0], found[0].width)


def test_a_clip_is_what_just_happened(
    mp4_recorder: Recorder, camera: Camera, call: Call, library: Library
) -> None:
    published = camera.publish(180)
    clip = call(mp4_recorder.clip(3, "clip"))
    assert (clip.filename, clip.is_recording) == ("clip.mp4", False)
    assert not mp4_recorder.status.is_recording
    assert clip.path is not None
    assert film(clip.path).pictures == expected_pictures(published[-clip.frame_count :])
    assert 3 * 30 <= clip.frame_count <= 3 * 30 + GOP
    assert mp4_recorder.counts.frames_written == clip.frame_count
    assert [(row.name, row.state) for row in library.recordings()] == [("clip.mp4", "complete")]


def test_a_clip_is_saved_beside_a_recording(
    mp4_recorder: Recorder, camera: Camera, call: Call
) -> None:
    camera.publish(60)
    call(mp4_recorder.start("long"))
    assert call(mp4_recorder.clip(1)).frame_count >= 30
    assert mp4_recorder.status.is_recording
    assert call(mp4_recorder.stop()).filename == "long.mp4"


def test_a_clip_is_saved_as_soon_as_the_disk_answers(
    make_recorder: MakeRecorder, camera: Camera, call: Call, tmp_path: Path
) -> None:
    gate = Gate()
    recorder = make_recorder(
        file_format="mp4",
        claim_for_clip=lambda _: gate.pass_through(),
        open_wait_s=0.05,
        disk_timeout_s=0.05,
    )
    expected = camera.publish(GOP)
    with pytest.raises(StorageError, match="as soon as it does"):
        call(recorder.clip(30, "clip"))
    gate.open.set()
    wait_until(lambda: recorder.counts.frames_written == GOP)
    assert film(tmp_path / "recordings" / "clip.mp4").pictures == expected_pictures(expected)


def test_a_disk_that_is_slow_at_the_start_and_full_then_keeps_what_it_took(
    make_recorder: MakeRecorder, small_disk: Path, camera: Camera, call: Call
) -> None:
    gate = Gate()
    recorder = make_recorder(
        small_disk, file_format="mp4", claim=gate.pass_through, open_wait_s=0.05
    )
    published = camera.publish(300)
    assert call(recorder.start("cat", preroll_s=30)).is_recording
    gate.open.set()
    wait_until(lambda: not recorder.status.is_recording)
    ended = recorder.status
    assert ended.stop_reason in ("the disk is full", "the disk failed: File too large")
    assert ended.frame_count + ended.dropped_count == len(published)
    assert [path.name for path in small_disk.iterdir()] == ["cat.mp4"]
    assert film(small_disk / "cat.mp4").pictures == expected_pictures(
        published[: ended.frame_count]
    )


def test_without_pictures_there_is_nothing_to_save(mp4_recorder: Recorder, call: Call) -> None:
    with pytest.raises(NothingToSave):
        call(mp4_recorder.clip(30))


def test_what_is_too_old_is_not_what_just_happened(
    mp4_recorder: Recorder, camera: Camera, call: Call
) -> None:
    camera.publish(60)
    camera.clock_ns += 60_000_000_000
    with pytest.raises(NothingToSave):
        call(mp4_recorder.clip(30))


# ---- limits


def test_a_recording_ends_when_it_is_as_long_as_asked(
    mp4_recorder: Recorder, camera: Camera, call: Call
) -> None:
    camera.publish(GOP)
    call(mp4_recorder.start("cat", duration_s=0.05))
    wait_until(lambda: not mp4_recorder.status.is_recording)
    assert mp4_recorder.status.stop_reason == "it has the length that was asked for"
    assert not mp4_recorder.status.has_failed
    assert mp4_recorder.counts.errors == 0


def test_the_length_counts_from_the_first_picture(
    mp4_recorder: Recorder, camera: Camera, call: Call
) -> None:
    call(mp4_recorder.start("cat", duration_s=0.1))
    time.sleep(0.3)
    assert mp4_recorder.status.is_recording
    camera.publish(GOP)
    wait_until(lambda: not mp4_recorder.status.is_recording)
    assert 0 < mp4_recorder.status.frame_count <= GOP


def test_a_recording_ends_when_the_page_is_gone(
    mp4_recorder: Recorder, camera: Camera, call: Call
) -> None:
    camera.publish(GOP)
    started = call(mp4_recorder.start("cat", heartbeat_s=1.0))
    assert started.heartbeat_s == 1.0
    begun = time.monotonic()
    while time.monotonic() - begun < 1.3:
        call(mp4_recorder.heartbeat())
        time.sleep(0.05)
    assert mp4_recorder.status.is_recording
    wait_until(lambda: not mp4_recorder.status.is_recording)
    assert mp4_recorder.status.stop_reason == "the page that wanted it is gone"


def test_a_standstill_is_not_taken_for_a_page_that_is_gone(
    mp4_recorder: Recorder, camera: Camera, call: Call
) -> None:
    camera.publish(GOP)
    heartbeat_s = 1.0
    call(mp4_recorder.start("cat", heartbeat_s=heartbeat_s))

    async def stand_still() -> RecordingStatus:
        time.sleep(heartbeat_s + LATE_S + 0.2)  # the whole loop
        await asyncio.sleep(heartbeat_s / 2)
        return mp4_recorder.status

    assert call(stand_still()).is_recording
    wait_until(lambda: not mp4_recorder.status.is_recording)


# ---- several files


def test_a_number_that_is_taken_is_skipped(
    mp4_recorder: Recorder,
    broadcaster: Broadcaster,
    camera: Camera,
    small_pictures: list[AccessUnit],
    call: Call,
    library: Library,
) -> None:
    camera.publish(GOP)
    for name in ("cat_002", "cat"):
        call(mp4_recorder.start(name))
        camera.publish(GOP)
        if name == "cat":
            (library.folder / "cat.002.mp4").write_bytes(b"copied in by hand")
            night = Camera(broadcaster, small_pictures)
            night.clock_ns = camera.clock_ns
            night.publish(GOP)
        call(mp4_recorder.stop())
    rows = {row.name: row.files for row in library.recordings()}
    assert rows == {
        "cat.mp4": ("cat.001.mp4", "cat.002.mp4", "cat.003.mp4"),
        "cat_002.mp4": ("cat_002.mp4",),
    }
    assert (library.folder / "cat.002.mp4").read_bytes() == b"copied in by hand"


@pytest.mark.parametrize("changes", [1, 2])
def test_where_no_next_file_can_be_opened_the_recording_keeps_its_name(
    make_recorder: MakeRecorder,
    broadcaster: Broadcaster,
    camera: Camera,
    small_pictures: list[AccessUnit],
    call: Call,
    tmp_path: Path,
    changes: int,
) -> None:
    recorder = make_recorder(file_format="mp4", formats={"mp4": FailsToOpen(after=changes)})
    library = Library(tmp_path / "recordings", recorder)
    camera.publish(GOP)
    call(recorder.start("cat"))
    night = Camera(broadcaster, small_pictures)
    for number in range(changes):
        begins, ends = (camera, night) if number % 2 else (night, camera)
        begins.clock_ns = ends.clock_ns
        begins.publish(GOP)
    wait_until(lambda: not recorder.status.is_recording)
    assert recorder.status.stop_reason == "the disk is full"
    (row,) = library.recordings()
    assert row.name == recorder.status.filename == "cat.mp4"
    assert row.files == (("cat.mp4",) if changes == 1 else ("cat.001.mp4", "cat.002.mp4"))
    assert library.find("cat.mp4") == row


def test_one_that_is_being_made_tells_what_is_known(
    make_recorder: MakeRecorder, camera: Camera, call: Call, tmp_path: Path
) -> None:
    recorder = make_recorder(file_format="mp4")
    library = Library(tmp_path / "recordings", recorder)
    call(recorder.start("cat"))
    details = library.details(library.find("cat.mp4"))
    assert (details.duration_s, details.width, details.height) == (0, None, None)
    camera.publish(2 * GOP + 1)
    wait_until(lambda: library.details(library.find("cat.mp4")).width is not None)
    details = library.details(library.find("cat.mp4"))
    assert (details.width, details.height) == (320, 240)
    assert details.codec is not None
    assert details.duration_s is not None
    assert details.duration_s > 0


def test_another_camera_goes_on_in_the_next_file_of_the_same_recording(
    mp4_recorder: Recorder,
    broadcaster: Broadcaster,
    camera: Camera,
    small_pictures: list[AccessUnit],
    call: Call,
    library: Library,
    tmp_path: Path,
) -> None:
    day = camera.publish(GOP + 5)
    call(mp4_recorder.start("cat"))
    night = Camera(broadcaster, small_pictures)
    night.clock_ns = camera.clock_ns
    dark = night.publish(2 * GOP)
    wait_until(lambda: mp4_recorder.status.file_count == 2)
    (running,) = library.recordings()
    assert (running.name, running.state) == ("cat.mp4", "recording")
    assert running.files == ("cat.001.mp4", "cat.002.mp4.part")
    stopped = call(mp4_recorder.stop())

    folder = tmp_path / "recordings"
    assert stopped.filename == "cat.mp4"
    assert stopped.frame_count == 5 + 2 * GOP
    assert film(folder / "cat.001.mp4").pictures == expected_pictures(day[GOP:])
    second = film(folder / "cat.002.mp4")
    assert second.pictures == expected_pictures(dark)
    assert (second.width, second.height) == (160, 128)

    (row,) = library.recordings()
    assert (row.name, row.files) == ("cat.mp4", ("cat.001.mp4", "cat.002.mp4"))
    assert row.state == "complete"
    seconds = (5 + 2 * GOP) / 30
    assert library.details(row).duration_s == pytest.approx(seconds, abs=0.01)
    with library.open("cat.mp4").file as joined:
        whole = film(joined.read())
    shown = expected_pictures(day[GOP:] + dark)
    assert without_parameter_sets(whole.pictures) == without_parameter_sets(shown)
    assert whole.decoded_count == 5 + 2 * GOP
    assert whole.duration_s == pytest.approx(seconds, abs=0.01)
    library.delete("cat.mp4")
    assert library.recordings() == []


def test_a_long_recording_goes_on_in_files_that_play_without_a_seam(
    make_recorder: MakeRecorder, camera: Camera, call: Call, tmp_path: Path
) -> None:
    settings = RecorderSettings(max_file_s=1.3)  # 3 GOPs of 0.47 s
    recorder = make_recorder(file_format="mp4", settings=settings)
    call(recorder.start("cat"))
    published: list[AccessUnit] = []
    for _ in range(10):
        published += camera.publish(GOP)
    stopped = call(recorder.stop())
    assert stopped.file_count == 4
    library = Library(tmp_path / "recordings")
    (row,) = library.recordings()
    assert row.files == tuple(f"cat.00{n}.mp4" for n in (1, 2, 3, 4))
    with library.open("cat.mp4").file as joined:
        whole = film(joined.read())
    assert whole.pictures == expected_pictures(published)
    assert whole.times_s == pytest.approx(expected_times_s(published), abs=0.001)

    library.set_starred("cat.mp4", True)
    (row,) = library.recordings()
    assert row.is_starred
    with library.open("cat.mp4", 1.0, 2.0).file as cut:
        part = film(cut.read())
    first = int(1.0 * 30) // GOP * GOP
    assert part.pictures == expected_pictures(published[first : first + len(part.pictures)])
    assert part.keyframes[0] == 0
    assert 30 <= len(part.pictures) <= 30 + 2 * GOP


def test_what_was_put_together_is_kept_while_it_is_asked_for(
    make_recorder: MakeRecorder,
    camera: Camera,
    call: Call,
    tmp_path: Path,
) -> None:
    made: list[str] = []

    class NotingReadyFiles(ReadyFiles):
        def keep(self, version: str, file: PiecedFile) -> None:
            made.append(version)
            super().keep(version, file)

    recorder = make_recorder(file_format="mp4", settings=RecorderSettings(max_file_s=1.4))
    call(recorder.start("cat"))
    for _ in range(6):
        camera.publish(GOP)
    call(recorder.stop())
    library = Library(tmp_path / "recordings", ready_files=NotingReadyFiles())
    for _ in range(3):
        library.open("cat.mp4").file.close()
        library.recordings()
    for number in (1, 2):  # somebody else plays another one
        library.open(f"cat.00{number}.mp4", 0, 1).file.close()
        library.open("cat.mp4").file.close()
    assert len(made) == len(set(made)) == 1 + 2


def test_raw_files_are_joined_byte_by_byte(
    make_recorder: MakeRecorder, camera: Camera, call: Call, tmp_path: Path
) -> None:
    recorder = make_recorder(settings=RecorderSettings(max_file_s=1.4))
    call(recorder.start("cat"))
    published = [unit for _ in range(6) for unit in camera.publish(GOP)]
    assert call(recorder.stop()).file_count == 2
    library = Library(tmp_path / "recordings")
    files = [library.folder / name for name in ("cat.001.h264", "cat.002.h264")]
    assert b"".join(map(pictures_in, files)) == annex_b(published)
    with library.open("cat.h264").file as joined:
        assert joined.read() == b"".join(file.read_bytes() for file in files)
    with pytest.raises(NotCuttable):
        library.open("cat.h264", 0, 1)


@pytest.mark.parametrize(("from_s", "to_s", "gops"), [(0, 0.1, (0, 1)), (0.5, 1.0, (1, 3))])
def test_a_cut_begins_and_ends_between_gops(
    mp4_recorder: Recorder,
    camera: Camera,
    call: Call,
    library: Library,
    from_s: float,
    to_s: float,
    gops: tuple[int, int],
) -> None:
    call(mp4_recorder.start("cat"))
    published = [unit for _ in range(6) for unit in camera.publish(GOP)]
    call(mp4_recorder.stop())
    with library.open("cat.mp4", from_s, to_s).file as cut:
        shown = film(cut.read())
    units = published[gops[0] * GOP : gops[1] * GOP]
    assert shown.pictures == expected_pictures(units)
    assert shown.times_s == pytest.approx(expected_times_s(units), abs=0.001)
    assert shown.duration_s == pytest.approx(len(units) / 30, abs=0.001)
    with pytest.raises(NotCuttable):
        library.open("cat.mp4", 100, 200)


def test_what_is_there_of_a_running_recording_can_be_cut(
    mp4_recorder: Recorder, camera: Camera, call: Call, library: Library
) -> None:
    call(mp4_recorder.start("cat"))
    published = camera.publish(3 * GOP)
    wait_until(lambda: mp4_recorder.status.frame_count == 3 * GOP)
    with library.open("cat.mp4", 0, 100).file as cut:
        shown = film(cut.read()).pictures
    assert shown == expected_pictures(published[: len(shown)])
    assert len(shown) >= 2 * GOP


def test_a_piece_of_a_joined_file_is_read_from_anywhere(
    make_recorder: MakeRecorder, camera: Camera, call: Call, tmp_path: Path
) -> None:
    recorder = make_recorder(file_format="mp4", settings=RecorderSettings(max_file_s=1))
    call(recorder.start("cat"))
    for _ in range(6):
        camera.publish(GOP)
    call(recorder.stop())
    with Library(tmp_path / "recordings").open("cat.mp4").file as joined:
        whole = joined.read()
        assert len(whole) == joined.size
        for offset in range(0, len(whole), 997):
            joined.seek(offset)
            assert joined.read(1500) == whole[offset : offset + 1500]
