from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from pet_stream.broadcaster import Broadcaster
from pet_stream.detections.listener import Listener, ListeningLimits
from pet_stream.detections.listeners import Detections
from pet_stream.detections.segment import DetectionsSegment
from pet_stream.feed.owned_segment import OwnedSegment
from pet_stream.feed.ring_writer import DetectionsWriter
from pet_stream.media import ring
from pet_stream.media.access_unit import AccessUnit
from pet_stream.media.detections import Detection, Sighting
from pet_stream.pause.pause import Pause
from tests.camera.detector import Detector
from tests.waiting import TIMEOUT_S, wait_until

BALL = (Detection("ball", 0.5, 1, 2, 3, 4),)


@pytest.fixture
def broadcaster() -> Broadcaster:
    return Broadcaster()


@pytest.fixture
def detections(segment_name: str, broadcaster: Broadcaster) -> Iterator[Detections]:
    detections = Detections(segment_name, broadcaster, "pet-stream")
    yield detections
    detections.stop()


@contextmanager
def listening(detections: Detections) -> Iterator[Listener]:
    listener = detections.listen()
    try:
        yield listener
    finally:
        detections.leave(listener)


def publish(broadcaster: Broadcaster, frame_number: int, capture_ns: int | None = None) -> int:
    """An IDR of this number, taken just now; its capture time."""
    capture_ns = time.monotonic_ns() if capture_ns is None else capture_ns
    broadcaster.publish(
        AccessUnit((b"\x65",), frame_number, capture_ns, True, False, 320, 240, 0, frame_number)
    )
    return capture_ns


def take(listener: Listener) -> Sighting:
    sighting = listener.take(TIMEOUT_S)
    assert sighting is not None
    return sighting


def wait_until_attached(detections: Detections, times: int = 1) -> None:
    wait_until(lambda: detections.counts.attachments == times)


def wait_until_read(detections: Detections, count: int) -> None:
    wait_until(lambda: detections.counts.records >= count)


@pytest.mark.parametrize("layout", [each.name for each in ring.DETECTIONS_LAYOUTS.values()])
def test_a_detector_of_every_version_is_read(
    segment_name: str, detections: Detections, broadcaster: Broadcaster, layout: str
) -> None:
    with Detector(segment_name, layout) as detector, listening(detections) as listener:
        wait_until_attached(detections)
        capture_ns = publish(broadcaster, 7)
        written_ns = time.time_ns()
        detector.write(7, written_ns, num=2)
        sighting = take(listener)
        detector.write(9, capture_ns)  # found by its time
        assert take(listener).capture_ns == capture_ns
    assert (sighting.capture_ns, sighting.is_matched) == (capture_ns, True)
    assert abs(sighting.record.time_ns - written_ns) < 1000
    assert [found.x for found in sighting.record.detections] == [10, 11]


def test_a_detector_that_is_updated_is_followed(
    segment_name: str, detections: Detections, broadcaster: Broadcaster
) -> None:
    publish(broadcaster, 7)
    with listening(detections) as listener:
        for times, layout in enumerate(ring.DETECTIONS_LAYOUTS.values(), 1):
            with Detector(segment_name, layout.name) as detector:
                wait_until_attached(detections, times)
                detector.write(7, name=f"cat-{layout.name}")
                [found] = take(listener).record.detections
                assert found.class_name == f"cat-{layout.name}"


@pytest.mark.parametrize("clock_ns", [time.monotonic_ns, time.time_ns])
def test_matched_by_number_whatever_the_time_means(
    segment_name: str, detections: Detections, broadcaster: Broadcaster, clock_ns: object
) -> None:
    assert callable(clock_ns)
    with Detector(segment_name) as detector, listening(detections) as listener:
        wait_until_attached(detections)
        capture_ns = publish(broadcaster, 7)
        publish(broadcaster, 8)
        written_ns = clock_ns()
        detector.write(7, written_ns, num=3)
        sighting = take(listener)
    assert (sighting.capture_ns, sighting.is_matched) == (capture_ns, True)
    assert sighting.to_json() == {
        "frame_number": 7,
        "timestamp": written_ns / 1e9,
        "detections": [
            {"class_name": "cat", "confidence": 0.75, "bbox": {"x": x, "y": 20, "w": 30, "h": 40}}
            for x in (10, 11, 12)
        ],
        "capture_us": capture_ns // 1000,
        "rtp_timestamp": capture_ns * 9 // 100_000 % 2**32,
        "matched": True,
    }


def test_the_picture_may_come_after_its_boxes(
    segment_name: str, detections: Detections, broadcaster: Broadcaster
) -> None:
    detections.limits = ListeningLimits(patience_s=TIMEOUT_S)
    with Detector(segment_name) as detector, listening(detections) as listener:
        wait_until_attached(detections)
        detector.write(7)
        wait_until_read(detections, 1)
        capture_ns = publish(broadcaster, 7)
        assert take(listener).capture_ns == capture_ns


def test_a_number_that_was_never_published_is_found_by_its_capture_time(
    segment_name: str, detections: Detections, broadcaster: Broadcaster
) -> None:
    with Detector(segment_name) as detector, listening(detections) as listener:
        wait_until_attached(detections)
        now_ns = time.monotonic_ns()
        publish(broadcaster, 7, now_ns - 66_000_000)
        publish(broadcaster, 8, now_ns - 33_000_000)
        detector.write(500, now_ns - 66_000_100)
        assert take(listener).capture_ns == now_ns - 66_000_000


def test_a_picture_that_was_not_encoded_has_neighbours(
    segment_name: str, detections: Detections, broadcaster: Broadcaster
) -> None:
    with Detector(segment_name) as detector, listening(detections) as listener:
        wait_until_attached(detections)
        capture_ns = publish(broadcaster, 7, time.monotonic_ns() - 60_000_000)
        publish(broadcaster, 10)
        detector.write(8, time.time_ns() + 50_000_000)
        assert take(listener).capture_ns == capture_ns


def test_without_a_picture_the_time_is_a_guess(
    segment_name: str, detections: Detections, broadcaster: Broadcaster
) -> None:
    with Detector(segment_name) as detector, listening(detections) as listener:
        wait_until_attached(detections)
        written_ns = time.monotonic_ns()
        detector.write(7, written_ns)
        sighting = take(listener)
        assert (sighting.capture_ns, sighting.is_matched) == (written_ns, False)
        assert detections.counts.unmatched >= 1


def test_updates_as_fast_as_can_be_are_seen_whole(
    segment_name: str, detections: Detections, broadcaster: Broadcaster
) -> None:
    """Every box of an update has its frame number as size."""
    with Detector(segment_name) as detector, listening(detections) as listener:
        wait_until_attached(detections)
        detector.flood(300)
        seen = [0]
        while seen[-1] < 300:  # the last one stays, however late it is looked at
            record = take(listener).record
            number = record.frame_number
            assert [(d.width, d.height) for d in record.detections] == [(number, number)] * 10
            seen.append(number)
        detector.wait()
    assert seen == sorted(set(seen))


def test_a_read_within_an_update_is_done_again(segment_name: str) -> None:
    writer = OwnedSegment(segment_name, ring.FIRST_DETECTIONS_LAYOUT.segment_bytes)
    try:
        half = ring.FIRST_DETECTIONS_LAYOUT.header.pack(1, 0, 0, 1)
        rest = ring.DETECTION.pack(b"cat", 0.5, 1, 2, 3, 4)
        version = ring.INDEX.pack(1)
        writer.write(ring.FIRST_DETECTIONS_LAYOUT.version_offset, version)
        writer.write(0, half)
        segment = DetectionsSegment(segment_name, lambda _: writer.write(len(half), rest))
        assert segment.read_new() is None
        assert segment.torn_reads == 1
        record = segment.read_new()
        assert record is not None
        assert [d.class_name for d in record.detections] == ["cat"]
        assert segment.read_new() is None
        segment.close()
    finally:
        writer.close()


def test_an_update_in_progress_is_waited_for(
    segment_name: str, detections: Detections, broadcaster: Broadcaster
) -> None:
    with Detector(segment_name) as detector, listening(detections) as listener:
        wait_until_attached(detections)
        publish(broadcaster, 1)
        publish(broadcaster, 2)
        detector.write(1, name="cat", box=(1, 1, 1, 1))
        assert take(listener).record.frame_number == 1
        detector.write(2, name="dog", num=10, interrupted_s=0.1)
        record = take(listener).record
        assert record.frame_number == 2
        assert {d.class_name for d in record.detections} == {"dog"}
        assert listener.take(0.1) is None


def test_nothing_is_said_twice_about_nothing(
    segment_name: str, detections: Detections, broadcaster: Broadcaster
) -> None:
    with Detector(segment_name) as detector, listening(detections) as listener:
        wait_until_attached(detections)
        for number, num in enumerate((1, 1, 0, 0, 0, 2)):
            publish(broadcaster, number)
            detector.write(number, num=num)
            wait_until_read(detections, number + 1)
        told = [len(take(listener).record.detections) for _ in range(4)]
        assert told == [1, 1, 0, 2]


def test_what_stood_there_before_counts_only_for_a_recent_picture(
    segment_name: str, detections: Detections, broadcaster: Broadcaster
) -> None:
    with Detector(segment_name) as detector:
        detector.write(7)
        with listening(detections) as listener:
            assert listener.take(0.3) is None
        capture_ns = publish(broadcaster, 7)
        with listening(detections) as listener:
            assert take(listener).capture_ns == capture_ns


def test_the_detector_restarts(
    segment_name: str, detections: Detections, broadcaster: Broadcaster
) -> None:
    with listening(detections) as listener:
        for number in range(2):
            with Detector(segment_name) as detector:
                wait_until_attached(detections, number + 1)
                publish(broadcaster, number)
                detector.write(number)
                assert take(listener).record.frame_number == number
        writer = DetectionsWriter(segment_name)  # the feed's
        try:
            wait_until_attached(detections, 3)
            publish(broadcaster, 9)
            writer.write(BALL, frame_number=9, captured_at_ns=1)
            assert take(listener).record.detections == BALL
        finally:
            writer.close()


def test_invalid_records_and_detections_are_counted(
    segment_name: str, detections: Detections, broadcaster: Broadcaster
) -> None:
    with Detector(segment_name) as detector, listening(detections) as listener:
        wait_until_attached(detections)
        detector.write(1, num=11)
        wait_until(lambda: detections.counts.invalid == 1)
        detector.write(2, num=2, confidence=3.5)
        wait_until(lambda: detections.counts.invalid == 3)
        assert take(listener).record.detections == ()


def test_nobody_listens_nobody_reads(detections: Detections, broadcaster: Broadcaster) -> None:
    def names() -> list[str]:
        return [t.name for t in threading.enumerate() if t.name.startswith("pet-stream")]

    assert names() == []
    with listening(detections), listening(detections):
        assert names() == ["pet-stream-detections"]
    wait_until(lambda: names() == [])


def test_stopping_ends_all_listening(detections: Detections) -> None:
    listener = detections.listen()
    detections.stop()
    assert listener.take(TIMEOUT_S) is None
    assert listener.is_closed
    detections.leave(listener)


def test_who_does_not_listen_keeps_the_newest(
    segment_name: str, detections: Detections, broadcaster: Broadcaster
) -> None:
    with Detector(segment_name) as detector, listening(detections) as listener:
        wait_until_attached(detections)
        for number in range(40):
            publish(broadcaster, number)
            detector.write(number)
            wait_until_read(detections, number + 1)
        wait_until(lambda: len(listener) == 32)
        assert take(listener).record.frame_number == 8


# ---- for recordings


def test_a_pause_forgets_what_was_seen(segment_name: str) -> None:
    pause = Pause()
    broadcaster = Broadcaster(pause=pause)
    detections = Detections(segment_name, broadcaster, "pet-stream", remember_s=30)
    try:
        with Detector(segment_name) as detector:
            detections.look()
            wait_until_attached(detections)
            publish(broadcaster, 1)
            see(detector, detections, 1)
            wait_until(lambda: len(remembered(detections, 0)) == 1)
            pause.begin()
            wait_until(lambda: not remembered(detections, 0))
    finally:
        detections.stop()


@pytest.fixture
def remembering(segment_name: str, broadcaster: Broadcaster) -> Iterator[Detections]:
    detections = Detections(segment_name, broadcaster, "pet-stream", remember_s=30)
    detections.limits = ListeningLimits(patience_s=0.01)
    yield detections
    detections.stop()


def see(detector: Detector, detections: Detections, frame_number: int) -> None:
    """Until the detector's record about this picture has been read."""
    count = detections.counts.records
    detector.write(frame_number)
    wait_until_read(detections, count + 1)


def remembered(detections: Detections, since_ns: int) -> list[Sighting]:
    follower = detections.follow(since_ns)
    follower.leave()
    return follower.take_all()


def test_without_a_detector_neither_the_memory_nor_a_recording_has_a_thread(
    segment_name: str, remembering: Detections
) -> None:
    follower = remembering.follow(0)
    remembering.look()
    assert remembering.run is None
    with Detector(segment_name):
        remembering.look()
        run = remembering.run
        assert run is not None
        with listening(remembering):
            assert remembering.run is run
        follower.leave()
        assert remembering.run is run, "it is remembered all the time"
    remembering.look()
    assert remembering.run is None
    assert run.join(TIMEOUT_S)


def test_who_remembers_nothing_reads_only_for_recordings(
    segment_name: str, detections: Detections
) -> None:
    with Detector(segment_name):
        detections.look()
        assert detections.run is None
        follower = detections.follow(0)
        assert detections.run is not None
        follower.leave()
        assert detections.run is None


def test_a_recording_gets_what_is_remembered_and_what_is_seen_then_each_once(
    segment_name: str, remembering: Detections, broadcaster: Broadcaster
) -> None:
    step_ns = 200_000_000
    now_ns = time.monotonic_ns()
    with Detector(segment_name) as detector:
        remembering.look()
        wait_until_attached(remembering)
        times_ns = [publish(broadcaster, n, now_ns - (9 - n) * step_ns) for n in range(10)]
        for number in range(5):
            see(detector, remembering, number)
        seen: list[Sighting] = []
        wait_until(lambda: len(remembered(remembering, times_ns[0])) == 5)
        follower = remembering.follow(times_ns[2])
        for number in range(5, 8):
            see(detector, remembering, number)
        while len(seen) < 6:
            wait_until(lambda: len(follower) > 0)
            seen += follower.take_all()
        follower.leave()
        see(detector, remembering, 8)
        assert follower.take_all() == []
    assert [sighting.capture_ns for sighting in seen] == times_ns[2:8]
