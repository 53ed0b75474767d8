"""What the detector saw, beside the files that show it."""

from __future__ import annotations

import itertools
import math
import random
from collections.abc import Callable, Coroutine, Iterable, Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from pet_stream.broadcaster import Broadcaster
from pet_stream.detections.listener import Listener, Patience
from pet_stream.errors import Busy
from pet_stream.event_loop import EventLoopThread
from pet_stream.library.composite_file import Span
from pet_stream.library.crash_recovery import repair
from pet_stream.library.library import Library
from pet_stream.library.recorded_detections import seen_in, window_of
from pet_stream.media.access_unit import AccessUnit
from pet_stream.media.detections import Detection, DetectionRecord, Sighting
from pet_stream.media.gop_memory import GopMemory
from pet_stream.media.ring import MAX_DETECTIONS
from pet_stream.media.sidecar import Update
from pet_stream.recording.recorder import Recorder
from pet_stream.recording.settings import RecorderSettings
from pet_stream.recording.status import RecordingStatus

from ..waiting import TIMEOUT_S, wait_until
from .disks import Gate, SlowMp4
from .playback import FRAME_NS, GOP, Camera

MakeRecorder = Callable[..., Recorder]
Call = Callable[[Coroutine[Any, Any, RecordingStatus]], RecordingStatus]
CAPACITY = 500


@pytest.fixture
def broadcaster() -> Broadcaster:
    return Broadcaster(memory=GopMemory(10, 10_000_000))


@pytest.fixture
def call(event_loop: EventLoopThread) -> Call:
    return lambda coroutine: event_loop.call(coroutine, TIMEOUT_S)


class Detector:
    """Sees one thing in a picture, at the place of the picture's number, and tells who listens."""

    def __init__(self) -> None:
        self.listeners: list[Listener] = []
        self.asked_since_ns: list[int] = []
        self.remembers: list[Sighting] = []

    def follow(self, since_ns: int) -> Listener:
        self.asked_since_ns.append(since_ns)
        past = [sighting for sighting in self.remembers if sighting.capture_ns >= since_ns]
        listener = Listener(self.listeners.remove, patience=Patience(1, CAPACITY), past=past)
        self.listeners.append(listener)
        return listener

    def see(self, units: Iterable[AccessUnit]) -> None:
        for unit in units:
            self.tell(sighting_of(unit))

    def tell(self, sighting: Sighting) -> None:
        for listener in self.listeners:
            listener.put(sighting)


def sighting_of(unit: AccessUnit, *boxes: Detection) -> Sighting:
    found = boxes or (Detection("cat", 0.9, unit.sequence, 20, 30, 40),)
    return Sighting(DetectionRecord(1, unit.sequence, 0, found, 0), unit.capture_ns, True)


def nothing_in(unit: AccessUnit) -> Sighting:
    return Sighting(DetectionRecord(1, unit.sequence, 0, (), 0), unit.capture_ns, is_matched=True)


@pytest.fixture
def detector() -> Iterator[Detector]:
    detector = Detector()
    yield detector
    assert not detector.listeners, "a recording that has ended listens no more"


@pytest.fixture
def make(make_recorder: MakeRecorder, detector: Detector) -> MakeRecorder:
    return partial(make_recorder, file_format="mp4", follow=detector.follow)


def seen(path: Path | None) -> list[Update]:
    assert path is not None
    return sorted(seen_in([Span(path, 0, math.inf)]))


def places(updates: Iterable[Update]) -> list[tuple[int, int]]:
    """When, in milliseconds, and where: the number of the picture."""
    return [(update.time_ms, box.x) for update in updates for box in update.boxes]


def expected(units: Iterable[AccessUnit], first: AccessUnit) -> list[tuple[int, int]]:
    return [(round((u.capture_ns - first.capture_ns) / 1e6), u.sequence) for u in units]


def test_each_update_stands_at_the_time_of_its_picture(
    make: MakeRecorder, detector: Detector, camera: Camera, call: Call
) -> None:
    published = camera.publish(40)
    recorder = make()
    call(recorder.start("cat"))
    published += camera.publish(200)
    detector.see(published[::2])  # those of the pictures before the file, too
    stopped = call(recorder.stop())
    recorded = published[-stopped.frame_count :]
    shown = [unit for unit in recorded if unit.sequence % 2 == 0]
    assert places(seen(stopped.path)) == expected(shown, recorded[0])
    assert detector.asked_since_ns == [recorded[0].capture_ns]
    assert recorder.sidecar_counts.written == len(shown)


def test_what_is_remembered_of_the_preroll_and_of_a_clip_is_in_the_file(
    make: MakeRecorder, detector: Detector, camera: Camera, call: Call
) -> None:
    recorder = make(settings=RecorderSettings(preroll_s=2))
    published = camera.publish(150)
    detector.remembers = [sighting_of(unit) for unit in published[::5]]
    saved = call(recorder.clip(3))
    call(recorder.start("cat"))
    stopped = call(recorder.stop())
    for status in (saved, stopped):
        recorded = published[-status.frame_count :]
        shown = [unit for unit in recorded if unit.sequence % 5 == 0]
        assert len(shown) >= 60 // 5
        assert places(seen(status.path)) == expected(shown, recorded[0])


def test_a_picture_may_be_written_after_it_was_seen(
    make: MakeRecorder, detector: Detector, camera: Camera, call: Call
) -> None:
    recorder = make()
    published = camera.publish(GOP)
    call(recorder.start("cat"))
    ahead = Camera(Broadcaster(), [published[0]])
    ahead.clock_ns = camera.clock_ns
    detector.see(ahead.publish(3))
    detector.see(published[:1])
    wait_until(lambda: not any(map(len, detector.listeners)))  # the writer has taken them
    published += camera.publish(2)
    stopped = call(recorder.stop())
    times_ms = [update.time_ms for update in seen(stopped.path)]
    assert times_ms == [0, *(round(1000 * n / 30) for n in (GOP, GOP + 1))], "the third never was"


def test_each_file_has_what_was_seen_in_it_and_late_news_find_the_one_before(
    make: MakeRecorder, detector: Detector, camera: Camera, call: Call, tmp_path: Path
) -> None:
    recorder = make(settings=RecorderSettings(max_file_s=1))
    call(recorder.start("cat"))
    first = camera.publish(2 * GOP)
    detector.see(first[: GOP // 2])
    wait_until(lambda: recorder.status.frame_count == len(first))
    second = camera.publish(3 * GOP)
    wait_until(lambda: recorder.status.file_count == 2)
    detector.see(first[-3:])  # the detector takes its time
    detector.see(second[-3:])
    stopped = call(recorder.stop())
    one, two = stopped.paths
    assert [one.name, two.name] == ["cat.001.mp4", "cat.002.mp4"]
    of_second = next(unit for unit in [*first, *second] if unit.is_idr and unit.sequence >= 30)
    assert places(seen(one)) == expected([*first[: GOP // 2], *first[-3:]], first[0])
    assert places(seen(two)) == expected(second[-3:], of_second)
    library = Library(tmp_path / "recordings")
    assert library.find("cat.mp4").has_detections
    window = window_of(library, "cat.mp4", 0, 60).to_json()
    in_all = [*first[: GOP // 2], *first[-3:], *second[-3:]]
    for (time_ms, box), (expected_ms, number) in zip(
        window["updates"], expected(in_all, first[0]), strict=True
    ):
        assert (box[2], time_ms) == (number, pytest.approx(expected_ms, abs=1))
    assert window["complete"]
    part = window_of(library, "cat.mp4", 1.0, 30).to_json()
    assert part["updates"] == [row for row in window["updates"] if row[0] >= 1000]
    library.delete("cat.mp4")
    assert not list((tmp_path / "recordings").iterdir())


def test_nothing_seen_no_file(
    make: MakeRecorder, detector: Detector, camera: Camera, call: Call, tmp_path: Path
) -> None:
    recorder = make()
    call(recorder.start("cat"))
    for unit in camera.publish(GOP):
        detector.tell(nothing_in(unit))
    call(recorder.stop())
    assert [path.name for path in (tmp_path / "recordings").iterdir()] == ["cat.mp4"]


def test_that_nothing_is_seen_any_more_is_kept(
    make: MakeRecorder, detector: Detector, camera: Camera, call: Call
) -> None:
    recorder = make()
    call(recorder.start("cat"))
    with_cat, without = camera.publish(2)
    detector.see([with_cat])
    detector.tell(nothing_in(without))
    stopped = call(recorder.stop())
    assert [len(update.boxes) for update in seen(stopped.path)] == [1, 0]


def test_a_recording_without_pictures_leaves_no_sidecar(
    make: MakeRecorder,
    detector: Detector,
    pictures: list[AccessUnit],
    call: Call,
    tmp_path: Path,
) -> None:
    recorder = make()
    call(recorder.start("cat"))
    detector.see(Camera(Broadcaster(), pictures).publish(3))
    call(recorder.stop())
    assert not list((tmp_path / "recordings").iterdir())


def test_without_a_thread_for_it_only_the_boxes_are_missing(
    make: MakeRecorder, camera: Camera, call: Call
) -> None:
    def follow(since_ns: int) -> Listener:
        raise Busy("no thread")

    recorder = make(follow=follow)
    call(recorder.start("cat"))
    camera.publish(GOP)
    assert call(recorder.stop()).frame_count == GOP


def test_a_sidecar_that_can_not_be_written_costs_no_picture(
    make: MakeRecorder, detector: Detector, camera: Camera, call: Call, tmp_path: Path
) -> None:
    (tmp_path / "recordings" / "cat.mp4.detections").mkdir(parents=True)
    recorder = make()
    call(recorder.start("cat"))
    published = camera.publish(3 * GOP)
    detector.see(published)
    stopped = call(recorder.stop())
    assert stopped.frame_count == len(published)
    assert not stopped.has_failed
    assert recorder.sidecar_counts.failed == len(published)


def test_what_lies_in_its_place_is_no_longer_there_and_not_written_to(
    make: MakeRecorder, detector: Detector, camera: Camera, call: Call, tmp_path: Path
) -> None:
    precious = tmp_path / "somebody's"
    precious.write_text("precious")
    folder = tmp_path / "recordings"
    folder.mkdir()
    (folder / "cat.mp4.detections").symlink_to(precious)
    recorder = make()
    call(recorder.start("cat"))
    published = camera.publish(GOP)
    detector.see(published)
    stopped = call(recorder.stop())
    assert len(seen(stopped.path)) == len(published)
    assert precious.read_text() == "precious"


def test_a_mistake_of_ours_costs_no_picture(
    make: MakeRecorder, detector: Detector, camera: Camera, call: Call
) -> None:
    recorder = make()
    call(recorder.start("cat"))
    published = camera.publish(GOP)
    detector.tell(Sighting(None, published[0].capture_ns, True))  # type: ignore[arg-type]
    stopped = call(recorder.stop())
    assert stopped.frame_count == GOP
    assert not stopped.has_failed


def test_a_disk_that_hangs_costs_the_oldest_sightings_and_no_memory(
    make: MakeRecorder, detector: Detector, camera: Camera, call: Call
) -> None:
    gate = Gate()
    formats = {"mp4": partial(SlowMp4, gate=gate)}
    recorder = make(formats=formats, open_wait_s=0.01)
    published = camera.publish(GOP)
    call(recorder.start("cat"))
    assert gate.arrived.wait(TIMEOUT_S)
    for _ in range(10):
        detector.see(published * 10)
    [listener] = detector.listeners
    assert len(listener) == CAPACITY
    gate.open.set()
    stopped = call(recorder.stop())
    assert stopped.frame_count == GOP
    assert recorder.sidecar_counts.dropped == 10 * 10 * GOP - CAPACITY


def test_however_much_is_seen_an_hour_has_five_megabytes(
    make: MakeRecorder, detector: Detector, camera: Camera, call: Call
) -> None:
    """Ten boxes anywhere, 240 times a second."""
    chance = random.Random(1)
    recorder = make()
    call(recorder.start("cat"))
    seconds = 8
    for _ in range(seconds // 2):
        for unit in camera.publish(60):
            for n in range(8):
                boxes = [
                    Detection(
                        "cat", chance.random(), *(chance.randrange(1, 9999) for _ in range(4))
                    )
                    for _ in range(MAX_DETECTIONS)
                ]
                sighting = sighting_of(unit, *boxes)
                detector.tell(replace(sighting, capture_ns=unit.capture_ns + n * FRAME_NS // 8))
        wait_until(lambda: not any(map(len, detector.listeners)))
    stopped = call(recorder.stop())
    assert stopped.path is not None
    size_bytes = (stopped.path.parent / "cat.mp4.detections").stat().st_size
    assert size_bytes <= (seconds + 2) * 5_000_000 / 3600
    updates = seen(stopped.path)
    longest_ms = max(b.time_ms - a.time_ms for a, b in itertools.pairwise(updates))
    assert longest_ms <= 500, "boxes are held that long"
    counts = recorder.sidecar_counts
    assert counts.written == len(updates)
    assert counts.thinned > 0


def test_a_sidecar_outlasts_a_crash_up_to_its_last_whole_chunk(
    make: MakeRecorder, detector: Detector, camera: Camera, call: Call, tmp_path: Path
) -> None:
    recorder = make()
    call(recorder.start("cat"))
    published = camera.publish(10 * GOP)
    detector.see(published)
    folder = tmp_path / "recordings"
    beside = folder / "cat.mp4.detections"
    wait_until(beside.exists)
    crashed = tmp_path / "crashed"
    crashed.mkdir()
    whole = beside.read_bytes()
    wait_until(lambda: recorder.status.bytes_written > 0)
    counts = set()
    for torn in (whole, whole + whole[-50:-10], whole + bytes(999)):
        (crashed / "cat.mp4.detections").write_bytes(torn)
        (crashed / "cat.mp4.part").write_bytes((folder / "cat.mp4.part").read_bytes())
        repaired = repair(crashed / "cat.mp4.part")
        assert repaired.name == "cat_recovered.mp4"
        counts.add(len(seen(repaired)))
        assert {path.name for path in crashed.iterdir()} == {
            "cat_recovered.mp4",
            "cat_recovered.mp4.detections",
        }
        repaired.unlink()
    [count] = counts
    assert count >= 60
    call(recorder.stop())
