"""The reader against the C writer. The long forms: `python -m tests.ingest.acceptance`."""

import sys
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import pairwise
from types import FrameType
from typing import Any

import pytest

from pet_stream.ingest.camera_stream import Cameras
from pet_stream.ingest.counts import CameraCounts, Discontinuity
from pet_stream.ingest.picture_order import PictureOrder
from pet_stream.ingest.relay_copies import spread
from pet_stream.ingest.ring_reader import Picture, RingReader
from pet_stream.ingest.segment import open_segment
from pet_stream.media import ring
from pet_stream.media.h264 import parse_slice_header, split_annex_b
from tests.camera.camera import Camera, parse_payload
from tests.waiting import wait_until

from .acceptance import Verdict, run


class Reading:
    """A reader that is polled by hand."""

    def __init__(self, segment: str) -> None:
        self.segment = open_segment(segment, ring.RING_LAYOUTS)
        self.counts = CameraCounts()
        self.reader = RingReader(self.segment, PictureOrder(), Cameras(), self.counts)
        self.pictures: list[Picture] = []

    def poll(self, *, is_urgent: bool = False) -> list[Picture]:
        """The pictures of this poll. Also kept in `pictures`."""
        new = self.reader.poll(is_urgent=is_urgent)
        self.pictures += new
        return new

    def poll_until_there_are(self, count: int, camera_id: int) -> None:
        def are_there() -> bool:
            self.poll()
            return [p.header.camera_id for p in self.pictures].count(camera_id) >= count

        wait_until(are_there)

    @property
    def numbers(self) -> list[int]:
        """The numbers that the pictures carry; every one must be whole."""
        stamps = [parse_payload(picture.nal_units) for picture in self.pictures]
        assert all(stamp is not None and stamp.crc_ok for stamp in stamps)
        return [stamp.number for stamp in stamps if stamp is not None]


@contextmanager
def reading(segment: str) -> Iterator[Reading]:
    reading = Reading(segment)
    try:
        yield reading
    finally:
        reading.segment.close()


ATTEMPTS = 5
"""A busy machine may keep reader or camera waiting for turns of the ring, but not every time."""


def assert_most_arrive(segment: str, *, count: int, fps: int, **options: Any) -> None:
    for _ in range(ATTEMPTS):
        verdict, collection, _ = run(segment, count=count, fps=fps, **options)
        missed = collection.reader.counts.frames_missed
        assert_only_what_was_missed_is_lost(verdict, missed)
        if missed < verdict.written // 4 and verdict.written >= count - 10:
            return
    pytest.fail(f"{verdict}")


def assert_only_what_was_missed_is_lost(verdict: Verdict, missed: int) -> None:
    assert len(verdict.lost) == missed, verdict
    assert verdict.discontinuities == 1 or missed
    verdict.lost.clear()
    assert verdict.is_perfect, verdict


COPIES = [
    {"copy": "memcpy"},
    {"copy": "forward"},
    {"copy": "backward"},
    {"copy": "forward", "pause_ms": 15, "pause_every": 3},
    {"copy": "backward", "pause_ms": 15, "pause_every": 3},
    {"copy": "forward", "pause_ms": 15, "pause_every": 3, "pause_at": "header"},
    {"copy": "forward", "chunk": 64, "pause_ms": 15, "pause_every": 3, "pause_at": 60},
]


@pytest.mark.slow
@pytest.mark.parametrize("copying", COPIES, ids=str)
def test_every_picture_arrives_once_in_order_and_whole(
    segment_name: str, copying: dict[str, Any]
) -> None:
    assert_most_arrive(segment_name, count=120, fps=60, **copying)


LAYOUTS = [
    {"layout": "semaphore", "clock": "realtime"},
    {"layout": "brightness", "index_last": True},
    {"layout": "aligned", "picture_only": True},
    {"layout": "six-slots", "picture_only": True, "index_last": True},
]
PAUSE = {"copy": "forward", "pause_ms": 12, "pause_every": 3}
ORDERS = [
    {"index_last": True, **PAUSE},
    {"header_last": True, **PAUSE},
    {"header_last": True, **PAUSE, "pause_at": 40},
    {"header_last": True, "index_last": True, **PAUSE, "pause_at": 40},
    {"picture_only": True, **PAUSE},
    {"picture_only": True, **PAUSE, "copy": "backward"},
]


@pytest.mark.slow
@pytest.mark.parametrize("is_urgent", [True, False])
@pytest.mark.parametrize("layout", LAYOUTS, ids=str)
def test_pictures_arrive_whole_in_every_layout(
    segment_name: str, layout: dict[str, Any], is_urgent: bool
) -> None:
    assert_most_arrive(segment_name, count=30, fps=30, is_urgent=is_urgent, **layout)


@pytest.mark.slow
@pytest.mark.parametrize("layout", ["first", "six-slots"])
@pytest.mark.parametrize("order", ORDERS, ids=str)
def test_pictures_arrive_whole_in_whatever_order_they_are_written(
    segment_name: str, order: dict[str, Any], layout: str
) -> None:
    assert_most_arrive(segment_name, count=40, fps=40, layout=layout, **order)


@pytest.mark.slow
def test_three_hundred_pictures_a_second_arrive(segment_name: str) -> None:
    assert_most_arrive(segment_name, count=600, fps=300)


@pytest.mark.slow
@pytest.mark.parametrize("rate", [0, 606, 200, 100])
def test_behind_a_relay_every_whole_picture_arrives(segment_name: str, rate: int) -> None:
    for _ in range(ATTEMPTS):
        verdict, _, _ = run(segment_name, count=90, is_relay=True, relay_rate=rate)
        if verdict.was_held_up:
            continue
        assert not verdict.torn
        assert not verdict.stale
        assert not verdict.out_of_order
        assert not verdict.unreported
        # Running free it may turn the ring while a busy machine lets nobody else run.
        if not rate or len(verdict.lost) <= verdict.written // 20:
            return
    pytest.fail(f"{verdict}")


HOUR_MS = 3_600_000


@pytest.mark.parametrize("is_relay", [False, True])
@pytest.mark.parametrize(
    "clock",
    [
        {"clock": "zero"},
        {"clock_wrong_every": 7, "clock_wrong_by_ms": 5 * HOUR_MS},
        {"clock_wrong_every": 7, "clock_wrong_by_ms": -5 * HOUR_MS},
        {"clock_wrong_every": 2, "clock_wrong_by_ms": -(10**9)},
    ],
    ids=str,
)
def test_wrong_stamps_cost_no_picture(
    segment_name: str, clock: dict[str, Any], is_relay: bool
) -> None:
    options: dict[str, Any] = {"relay_rate": 400} if is_relay else {}
    for _ in range(ATTEMPTS):
        verdict, collection, _ = run(segment_name, count=45, is_relay=is_relay, **options, **clock)
        if verdict.was_held_up:
            continue
        assert not verdict.torn
        # In a new ring, where all stamps are 0, half a header in an unused slot is picture 0's.
        assert verdict.stale in ([], [0] if is_relay and "clock" in clock else [])
        arrivals = collection.collector.arrivals[len(verdict.stale) :]
        stamps = [parse_payload(arrival.picture.nal_units) for arrival in arrivals]
        numbers = [stamp.number for stamp in stamps if stamp is not None]
        assert numbers == sorted(set(numbers))
        if len(numbers) >= 42:
            return
    pytest.fail(f"{verdict}: {numbers}")


@pytest.mark.slow
@pytest.mark.parametrize("copy", ["forward", "backward"])
def test_behind_a_relay_older_bytes_never_pass_for_a_picture(segment_name: str, copy: str) -> None:
    options: dict[str, Any] = {"layout": "aligned", "picture_only": True, "copy": copy}
    options |= {"pause_ms": 4, "pause_every": 3}
    for _ in range(ATTEMPTS):
        verdict, _, _ = run(segment_name, count=60, is_relay=True, relay_rate=300, **options)
        if not verdict.was_held_up:
            assert [verdict.torn, verdict.stale, verdict.out_of_order] == [[], [], []], verdict
            return
    pytest.fail(f"{verdict}")


@pytest.mark.parametrize("gops", [1, 2])
def test_behind_a_relay_the_loss_of_whole_gops_is_a_discontinuity(
    segment_name: str, gops: int
) -> None:
    """frame_num goes on as if nothing were missing: the camera's own numbers tell."""
    with (
        Camera(segment_name, relay=True, relay_rate=606, gop=14, fps=60) as camera,
        reading(segment_name) as reading_,
    ):
        reading_.poll_until_there_are(20, 0)
        camera.command(f"gap {14 * gops}")
        reading_.poll_until_there_are(60, 0)
    jumps = [
        picture
        for before, picture in pairwise(reading_.pictures)
        if picture.header.frame_number - before.header.frame_number >= 14 * gops
    ]
    assert jumps
    assert all(picture.is_discontinuity for picture in jumps)


def test_a_relays_camera_change_is_a_discontinuity(segment_name: str) -> None:
    with (
        Camera(segment_name, relay=True, relay_rate=606, night_fps=30) as camera,
        reading(segment_name) as reading_,
    ):
        for camera_id in (0, 1):
            camera.command(f"camera {camera_id}")
            reading_.poll_until_there_are(20, camera_id)
    changes = [
        picture
        for before, picture in pairwise(reading_.pictures)
        if picture.header.camera_id != before.header.camera_id
    ]
    # In order of capture: the last picture of one camera may lie between two of the other.
    assert len(changes) in (1, 3)
    assert reading_.counts.discontinuities[Discontinuity.CAMERA_CHANGED] == len(changes)
    assert all(picture.is_discontinuity for picture in changes)


@contextmanager
def counted_calls(*functions: Callable[..., object]) -> Iterator[Counter[str]]:
    """How often this thread calls each of them, by name."""
    names = {(function.__module__, function.__name__) for function in functions}
    counts: Counter[str] = Counter()

    def on_event(frame: FrameType, event: str, _: object) -> None:
        name = frame.f_code.co_name
        if event == "call" and (frame.f_globals.get("__name__"), name) in names:
            counts[name] += 1

    before = sys.getprofile()
    sys.setprofile(on_event)
    try:
        yield counts
    finally:
        sys.setprofile(before)


def test_each_picture_is_split_and_parsed_once(segment_name: str) -> None:
    with Camera(segment_name, hold=True) as camera, reading(segment_name) as reading_:
        with counted_calls(split_annex_b, parse_slice_header) as calls:
            for _ in range(4):
                camera.command("write 10")
                reading_.poll(is_urgent=True)
        assert len(reading_.pictures) >= 38
    once_each = len(reading_.pictures)
    assert calls == {"split_annex_b": once_each, "parse_slice_header": once_each}


def test_behind_a_relay_too_each_picture_is_split_and_parsed_once(segment_name: str) -> None:
    with (
        Camera(segment_name, relay=True, relay_rate=606),
        reading(segment_name) as reading_,
        counted_calls(split_annex_b, parse_slice_header) as calls,
    ):
        reading_.poll_until_there_are(40, camera_id=0)
    # Copies that were not whole are looked at in vain.
    assert len(calls) == 2
    assert max(calls.values()) <= 1.5 * len(reading_.pictures)


@pytest.mark.parametrize("held_back", [31, 40, 60, 1000])
def test_a_lap_is_reported_with_the_number_of_missed_pictures(
    segment_name: str, held_back: int
) -> None:
    with Camera(segment_name, hold=True) as camera, reading(segment_name) as reading_:
        camera.command("write 20")
        reading_.poll()
        assert reading_.numbers == list(range(19))
        camera.command(f"write {held_back}")
        after = reading_.poll()
        numbers = reading_.numbers
    missing = sorted(set(range(numbers[-1] + 1)) - set(numbers))
    assert numbers == sorted(set(numbers))
    assert numbers[-1] == 20 + held_back - 2
    assert reading_.counts.frames_missed == len(missing) > 0
    assert reading_.counts.discontinuities[Discontinuity.MISSED] == 1
    assert after[0].is_discontinuity
    assert not any(picture.is_discontinuity for picture in after[1:])


WRAPS = [("first", 8, 2**32 - n) for n in (1, 16, 17, 31, 40)]
WRAPS += [("six-slots", 2, 2**32 - n) for n in (1, 4, 5, 7, 10)]


@pytest.mark.parametrize(("layout", "at_once", "start"), WRAPS)
def test_the_wrap_of_the_index_loses_nothing(
    segment_name: str, layout: str, at_once: int, start: int
) -> None:
    with (
        Camera(segment_name, layout=layout, hold=True, start_index=start) as camera,
        reading(segment_name) as reading_,
    ):
        for _ in range(10):
            camera.command(f"write {at_once}")
            reading_.poll()
    assert reading_.numbers == list(range(10 * at_once - 1))
    assert reading_.counts.frames_missed == 0
    assert reading_.counts.discontinuities.total() == 1


def test_of_six_slots_four_can_be_read(segment_name: str) -> None:
    with (
        Camera(segment_name, layout="six-slots", hold=True) as camera,
        reading(segment_name) as reading_,
    ):
        for _ in range(5):
            camera.command("write 2")
            reading_.poll()
        assert reading_.numbers == list(range(9))
        # The newest may be in progress, and the oldest, since the next write may have begun.
        for first in (10, 15):
            camera.command("write 5")
            assert [p.header.frame_number for p in reading_.poll()] == list(range(first, first + 4))
        assert reading_.counts.frames_missed == 2


def test_over_the_wrap_a_slot_may_live_for_sixteen_writes_only(segment_name: str) -> None:
    with (
        Camera(segment_name, hold=True, start_index=2**32 - 16) as camera,
        reading(segment_name) as reading_,
    ):
        camera.command("write 10")
        reading_.poll()
        camera.command("write 28")
        reading_.poll()
    numbers = reading_.numbers
    missing = set(range(numbers[-1] + 1)) - set(numbers)
    assert missing
    assert reading_.counts.frames_missed == len(missing)


def test_the_pictures_before_attaching_are_taken_too(segment_name: str) -> None:
    with Camera(segment_name, hold=True) as camera:
        camera.command("write 100")
        with reading(segment_name) as reading_:
            reading_.poll()
    assert reading_.numbers == list(range(72, 99))
    assert reading_.counts.frames_missed == 0


def test_other_formats_are_skipped_and_are_no_gap(segment_name: str) -> None:
    with (
        Camera(segment_name, hold=True, other_formats_every=3) as camera,
        reading(segment_name) as reading_,
    ):
        for _ in range(6):
            camera.command("write 10")
            reading_.poll()
    assert reading_.numbers == list(range(len(reading_.numbers)))
    assert len(reading_.numbers) >= 39
    assert reading_.counts.other_formats_skipped >= 15
    assert reading_.counts.discontinuities.total() == 1


def test_pictures_that_the_encoder_lost_are_a_discontinuity(segment_name: str) -> None:
    with Camera(segment_name, hold=True) as camera, reading(segment_name) as reading_:
        camera.command("write 20")
        reading_.poll()
        camera.command("gap 3")
        camera.command("write 20")
        after = reading_.poll()
    assert [picture.is_discontinuity for picture in after].count(True) == 1
    assert reading_.counts.frames_missed == 0
    assert reading_.counts.discontinuities[Discontinuity.GAP] == 1


def test_a_ring_that_begins_anew_in_place_is_read_from_its_beginning(segment_name: str) -> None:
    with Camera(segment_name, hold=True) as camera, reading(segment_name) as reading_:
        camera.command("write 25")
        reading_.poll()
        camera.command("restart-inplace")
        camera.command("write 20")
        after = reading_.poll()
    assert [p.header.frame_number for p in after] == list(range(19))
    assert after[0].is_discontinuity
    assert reading_.counts.discontinuities[Discontinuity.BEGAN] == 2


def test_the_wait_for_the_newest_slot_is_not_needed_when_it_is_proven(segment_name: str) -> None:
    with Camera(segment_name, hold=True) as camera, reading(segment_name) as reading_:
        camera.command("write 20")
        reading_.poll(is_urgent=True)
        for number in range(20, 40):
            camera.command("write 1")
            reading_.poll(is_urgent=True)
            if number > 20:
                assert reading_.numbers[-1] == number


def test_without_an_audience_the_newest_slot_waits_for_the_next_write(segment_name: str) -> None:
    with Camera(segment_name, hold=True) as camera, reading(segment_name) as reading_:
        camera.command("write 20")
        reading_.poll()
        camera.command("write 1")
        reading_.poll()
        assert reading_.numbers[-1] == 19


@pytest.mark.parametrize("stride", [1, 5, 39])
@pytest.mark.parametrize("count", range(1, 45))
def test_looks_behind_a_relay_are_spread_up_to_the_newest(count: int, stride: int) -> None:
    offsets = spread(count, stride)
    assert offsets == sorted(set(offsets))
    assert offsets[-2:] == [*range(count)][-2:]
    assert all(0 <= offset < count for offset in offsets)
    assert all(later - earlier <= stride for earlier, later in pairwise(offsets))
    assert len(offsets) <= -(-count // stride) + 2
