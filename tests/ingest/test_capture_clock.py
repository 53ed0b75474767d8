"""Capture times of a minute of pictures, whatever the camera's clock says."""

import random
from collections.abc import Callable
from itertools import pairwise

import pytest

from pet_stream.ingest.capture_clock import CameraClock, CaptureClock, Now
from pet_stream.ingest.counts import CameraCounts

from .bad_clocks import (
    BAD_CLOCKS,
    BOOTED_NS,
    HOUR,
    MS,
    SECOND,
    Stamp,
    Timed,
    drifting,
    monotonic,
    own,
    realtime_ns,
    run,
    spacings_ns,
    stepping,
    with_outliers,
)

ON_REALTIME: Stamp = lambda _number, passed_ns: realtime_ns(passed_ns)  # noqa: E731


def new_clock() -> CaptureClock:
    return CaptureClock(CameraCounts())


class EachWorkedOut(CaptureClock):
    """Works out what each picture says of the clock, not once a second."""

    class _Clock(CameraClock):
        def _time_at_once_ns(self, _stamp_ns: int, _now_ns: int) -> int | None:
            return None

    def __init__(self, counts: CameraCounts) -> None:
        super().__init__(counts)
        self._clock = self._Clock(counts)

    def _clock_of(self, _camera_id: int) -> CameraClock:
        return self._clock


def after(timed: list[Timed], seconds: float) -> list[Timed]:
    return [picture for picture in timed if picture.true_ns >= BOOTED_NS + seconds * SECOND]


@pytest.mark.parametrize("fps", [2, 30])
@pytest.mark.parametrize("name", BAD_CLOCKS)
def test_times_are_plausible_monotonic_and_even(name: str, fps: int) -> None:
    timed = run(new_clock(), BAD_CLOCKS[name], fps=fps)
    assert len(timed) == 60 * fps
    interval_ns = SECOND / fps
    spacings = spacings_ns(timed)
    assert min(spacings) > 0
    assert min(spacings) > 2 * MS
    assert max(spacings) < 1.7 * interval_ns
    assert all(0 <= picture.age_ns < 350 * MS + interval_ns for picture in timed)
    settled = spacings_ns(after(timed, 30))
    assert 0.7 * interval_ns < min(settled)
    assert max(settled) < 1.3 * interval_ns
    assert sum(spacings) == pytest.approx(60 * SECOND - interval_ns, abs=400 * MS)


@pytest.mark.parametrize("name", BAD_CLOCKS)
def test_several_pictures_of_one_look_are_as_far_apart(name: str) -> None:
    """As when only a recording is made: a look finds a dozen."""
    timed = run(new_clock(), BAD_CLOCKS[name], look_s=0.4)
    assert len(timed) == 1800
    interval_ns = SECOND / 30
    spacings = spacings_ns(timed)
    assert min(spacings) > 0
    assert all(0 <= picture.age_ns < 1.2 * SECOND for picture in timed)
    settled = spacings_ns(after(timed, 40))
    assert 0.1 * interval_ns < min(settled)
    assert max(settled) < 4.5 * interval_ns
    assert sum(spacings) == pytest.approx(60 * SECOND - interval_ns, abs=0.5 * SECOND)


@pytest.mark.parametrize("look_s", [None, 0.4])
@pytest.mark.parametrize("fps", [2, 30])
@pytest.mark.parametrize(("name", "stamp"), [("monotonic", monotonic), ("realtime", ON_REALTIME)])
def test_a_clock_of_this_machine_is_taken_at_its_word(
    name: str, stamp: Stamp, fps: int, look_s: float | None
) -> None:
    counts = CameraCounts()
    clock = CaptureClock(counts)
    timed = run(clock, stamp, fps=fps, look_s=look_s, jitter_ns=30 * MS)
    assert clock.name == name
    assert [picture.said_ns for picture in timed] == [picture.true_ns for picture in timed]
    assert counts.timed_by_arrival == 0


@pytest.mark.parametrize("jitter_ms", [0, 5, 30])
@pytest.mark.parametrize("percent", [0, 0.01, -0.01])
def test_even_stamps_of_a_clock_of_its_own_stay_even(jitter_ms: int, percent: float) -> None:
    clock = new_clock()
    timed = run(clock, drifting(own, percent), jitter_ns=jitter_ms * MS)
    assert clock.name == "unknown"
    for spacing_ns in spacings_ns(after(timed, 10)):
        assert abs(spacing_ns - SECOND / 30) < SECOND / 30 * 1e-3 + 1000


@pytest.mark.parametrize("percent", [-5, -0.5, 0.5, 5])
def test_a_drift_is_learnt(percent: float) -> None:
    timed = run(new_clock(), drifting(own, percent))
    assert sum(spacings_ns(after(timed, 20))) == pytest.approx(40 * SECOND, rel=2e-3)
    for spacing_ns in spacings_ns(after(timed, 30)):
        assert spacing_ns == pytest.approx(SECOND / 30, rel=5e-3)


@pytest.mark.parametrize("start", [monotonic, own])
@pytest.mark.parametrize("by_ns", [-5 * HOUR, -3 * SECOND, 3 * SECOND, 5 * HOUR])
def test_only_the_wrong_stamp_is_refused(start: Stamp, by_ns: int) -> None:
    counts = CameraCounts()
    clock = CaptureClock(counts)
    run(clock, start, seconds=20)
    learning = counts.timed_by_arrival
    timed = run(clock_ := CaptureClock(counts), with_outliers(start, 100, by_ns), seconds=20)
    assert clock_.name == clock.name
    assert counts.timed_by_arrival == 2 * learning + 6
    wrong = [n for n in range(len(timed)) if n % 100 == 99]
    for number in wrong[2:]:
        before, picture = timed[number - 1 : number + 1]
        assert picture.said_ns - before.said_ns == pytest.approx(SECOND / 30, rel=0.02)


@pytest.mark.parametrize("step_s", [-7200, -0.3, 0.3, 7200])
@pytest.mark.parametrize("look_s", [None, 0.4])
def test_a_realtime_clock_that_is_set_is_followed(step_s: float, look_s: float | None) -> None:
    def realtime(passed_ns: int) -> int:
        return realtime_ns(passed_ns) + (int(step_s * SECOND) if passed_ns > 20 * SECOND else 0)

    clock = new_clock()
    timed = run(clock, lambda _number, ns: realtime(ns), look_s=look_s, realtime=realtime)
    assert clock.name == "realtime"
    for picture in after(timed, 21):
        assert picture.said_ns == picture.true_ns
    assert max(spacings_ns(timed)) < 70 * MS


def test_a_realtime_clock_that_is_slewed_moves_pictures_smoothly() -> None:
    def realtime(passed_ns: int) -> int:
        return realtime_ns(passed_ns) + passed_ns // 2000

    timed = run(new_clock(), lambda _number, ns: realtime(ns), realtime=realtime)
    for picture in timed:
        assert picture.said_ns == pytest.approx(picture.true_ns, abs=2 * MS)
    for spacing_ns in spacings_ns(timed):
        assert spacing_ns == pytest.approx(SECOND / 30, rel=1e-3)


@pytest.mark.parametrize(
    ("name", "fault"),
    [
        ("always 0", "they are always 0"),
        ("always the same", "they are always the same"),
        ("always when it started", "they are always the same"),
        ("monotonic, then 0", "they are always 0"),
        ("a counter of seconds", "they do not go with the time"),
        ("a counter of nanoseconds", "they do not go with the time"),
        ("milliseconds as seconds", "they do not go with the time"),
        ("scattered", "they do not go with the time"),
        ("backwards", "they do not go with the time"),
        ("twice as fast", "they do not go with the time"),
    ],
)
def test_what_is_no_clock_is_named(name: str, fault: str) -> None:
    clock = new_clock()
    run(clock, BAD_CLOCKS[name])
    assert (clock.name, clock.fault) == ("arrival", fault)


def test_a_clock_that_comes_to_its_senses_is_believed_again() -> None:
    clock = new_clock()
    timed = run(clock, BAD_CLOCKS["0, then monotonic"])
    assert (clock.name, clock.fault) == ("monotonic", "")
    for picture in after(timed, 40):
        assert picture.said_ns == picture.true_ns


def test_arrival_times_follow_another_rate() -> None:
    clock = new_clock()
    run(clock, BAD_CLOCKS["always 0"], seconds=10)
    now_ns = BOOTED_NS + 10 * SECOND
    times = []
    for _ in range(10):
        now_ns += SECOND // 2
        times += clock.times_ns([(0, 0)], Now(now_ns, now_ns))
    assert [b - a for a, b in pairwise(times)][4:] == [SECOND // 2] * 5


def test_pictures_after_a_pause_are_not_spread_over_it() -> None:
    clock = new_clock()
    run(clock, BAD_CLOCKS["always 0"], seconds=10)
    now_ns = BOOTED_NS + 20 * SECOND
    times = clock.times_ns([(0, 0)] * 5, Now(now_ns, now_ns))
    assert now_ns - times[0] < SECOND // 5
    assert times[-1] == now_ns


@pytest.mark.parametrize("stamp", [monotonic, BAD_CLOCKS["always 0"]])
def test_what_a_ring_held_before_lies_in_the_past(stamp: Stamp) -> None:
    clock = new_clock()
    now_ns = BOOTED_NS + 14 * SECOND
    stamps = [(0, stamp(number, number * SECOND // 2)) for number in range(28)]
    times = clock.times_ns(stamps, Now(now_ns, now_ns))
    assert times == sorted(set(times))
    assert times[-1] <= now_ns
    if stamp is monotonic:
        assert times == [stamp_ns for _, stamp_ns in stamps]


def test_each_camera_has_a_clock_of_its_own() -> None:
    clock = new_clock()
    stamps: dict[int, Callable[[int], int]] = {
        0: lambda ns: BOOTED_NS + ns,
        1: lambda ns: ns - 7 * HOUR,
    }
    for number in range(600):
        now_ns = number * SECOND // 30
        camera_id = number // 150 % 2
        [time_ns] = clock.times_ns(
            [(camera_id, stamps[camera_id](now_ns))], Now(BOOTED_NS + now_ns, 0)
        )
        assert clock.name == ("monotonic", "unknown")[camera_id]
        assert abs(time_ns - BOOTED_NS - now_ns) < 10 * MS
    [day_ns, night_ns] = clock.times_ns(
        [(0, BOOTED_NS + 20 * SECOND), (1, 20 * SECOND - 7 * HOUR)], Now(BOOTED_NS + 20 * SECOND, 0)
    )
    assert day_ns == BOOTED_NS + 20 * SECOND
    assert night_ns <= BOOTED_NS + 20 * SECOND


@pytest.mark.parametrize("seed", range(8))
def test_whatever_comes_each_picture_is_later_and_none_in_the_future(seed: int) -> None:
    chance = random.Random(seed)
    clock = new_clock()
    now_ns, realtime_offset_ns, last_ns = BOOTED_NS, realtime_ns(0) - BOOTED_NS, 0
    for _ in range(300):
        now_ns += chance.choice([MS // 10, MS, 33 * MS, 33 * MS, 400 * MS, 10 * SECOND])
        if chance.random() < 0.02:
            realtime_offset_ns += chance.choice([-HOUR, -SECOND, MS, HOUR])
        count = chance.choice([1, 1, 1, 2, 12])
        right_ns = [now_ns - 8 * MS - later * 33 * MS for later in reversed(range(count))]
        stamps = [
            chance.choice(
                [
                    *[ns] * 4,
                    ns + realtime_offset_ns,
                    ns + chance.choice([-1, 1]) * 10 ** chance.randrange(14),
                    chance.choice([0, -(2**63) * SECOND, 2**63 * SECOND + 2**63]),
                ]
            )
            for ns in right_ns
        ]
        now = Now(now_ns, now_ns + realtime_offset_ns)
        for time_ns in clock.times_ns([(0, stamp_ns) for stamp_ns in stamps], now):
            assert last_ns < time_ns <= now_ns
            last_ns = time_ns


def test_cameras_without_end_are_forgotten() -> None:
    clock = new_clock()
    for camera_id in range(100):
        clock.times_ns([(camera_id, BOOTED_NS)], Now(BOOTED_NS + camera_id * MS, 0))
    assert len(clock._cameras) <= 8


def test_a_camera_that_becomes_slower_has_no_other_clock() -> None:
    clock = new_clock()
    for number in range(900):
        captured_ns = BOOTED_NS + number * SECOND // 30
        delay_ns = (200 if number > 300 else 8) * MS
        times = clock.times_ns([(0, captured_ns)], Now(captured_ns + delay_ns, 0))
        assert times == [captured_ns]
    assert clock.name == "monotonic"


@pytest.mark.parametrize("fps", [2, 30])
@pytest.mark.parametrize(
    "stamp",
    [
        monotonic,
        ON_REALTIME,
        with_outliers(monotonic, 100, HOUR),
        with_outliers(ON_REALTIME, 90, -SECOND),
        stepping(monotonic, 2 * SECOND),
        stepping(ON_REALTIME, -HOUR),
        drifting(monotonic, 3),
        drifting(monotonic, -3),
        *BAD_CLOCKS.values(),
    ],
)
def test_what_is_worked_out_once_a_second_says_the_same(stamp: Stamp, fps: int) -> None:
    counts = CameraCounts()
    clock, slow_clock = CaptureClock(counts), EachWorkedOut(slow_counts := CameraCounts())
    jitter_ns = 30 * MS
    assert run(clock, stamp, fps=fps, jitter_ns=jitter_ns) == run(
        slow_clock, stamp, fps=fps, jitter_ns=jitter_ns
    )
    assert (clock.name, clock.fault) == (slow_clock.name, slow_clock.fault)
    assert counts.timed_by_arrival == slow_counts.timed_by_arrival
