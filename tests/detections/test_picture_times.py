"""Which picture a detection is about, whatever clock the camera has."""

from __future__ import annotations

import time

import pytest

from pet_stream.detections.picture_times import KEPT_NS, MAX_PICTURES, PictureTimes
from pet_stream.media.access_unit import AccessUnit

NOW_NS = 10**15
FRAME_NS = 33_000_000


def unit(number: int, stamp_ns: int | None = None) -> AccessUnit:
    capture_ns = NOW_NS + number * FRAME_NS
    return AccessUnit(
        (b"\x65",), number, capture_ns, True, False, 320, 240, 0, number, stamp_ns=stamp_ns
    )


def times_of(*units: AccessUnit) -> PictureTimes:
    times = PictureTimes()
    times.add(units)
    return times


@pytest.mark.parametrize("start_ns", [0, -(10**12), NOW_NS, 1_796_000_000 * 10**9, 5 * 10**18])
def test_a_stamp_that_is_passed_on_finds_its_picture(start_ns: int) -> None:
    times = times_of(*(unit(n, start_ns + n * FRAME_NS) for n in range(20)))
    for number in range(20):
        for error_ns in (0, 240, -240):  # of a detector that writes seconds as a double
            stamp_ns = start_ns + number * FRAME_NS + error_ns
            assert times.of_time(stamp_ns) == NOW_NS + number * FRAME_NS
    assert times.of_time(start_ns + 3600 * 10**9) is None


def test_a_stamp_that_many_pictures_have_finds_none() -> None:
    times = times_of(*(unit(n, 0) for n in range(20)))
    assert times.of_time(0) is None
    assert times.of_number(7) == NOW_NS + 7 * FRAME_NS


def test_without_a_stamp_the_capture_time_counts() -> None:
    assert times_of(unit(7)).of_time(NOW_NS + 7 * FRAME_NS) == NOW_NS + 7 * FRAME_NS


@pytest.mark.parametrize("now_ns", [time.monotonic_ns, time.time_ns])
def test_a_time_of_either_clock_of_this_machine_is_a_guess(now_ns: object) -> None:
    assert callable(now_ns)
    guess_ns = PictureTimes().guess(now_ns() - 20_000_000)
    assert time.monotonic_ns() - guess_ns == pytest.approx(20_000_000, abs=15_000_000)


@pytest.mark.parametrize("time_ns", [0, -5, 2**63 - 1, NOW_NS * 10**6])
def test_any_other_time_is_now(time_ns: int) -> None:
    before_ns = time.monotonic_ns()
    guess_ns = PictureTimes().guess(time_ns)
    assert before_ns <= guess_ns <= time.monotonic_ns()


def test_what_is_kept_is_bounded() -> None:
    times = PictureTimes()
    times.add(unit(number, 0) for number in range(2000))
    kept = [n for n in range(2000) if times.of_number(n) is not None]
    assert kept == list(range(kept[0], 2000))
    assert len(kept) <= min(MAX_PICTURES, KEPT_NS // FRAME_NS + 1)
