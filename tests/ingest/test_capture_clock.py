import time
from collections.abc import Callable

import pytest

from pet_stream.ingest.capture_clock import CaptureClock

AGE_NS = 20_000_000


@pytest.mark.parametrize(
    ("name", "now_ns"), [("monotonic", time.monotonic_ns), ("realtime", time.time_ns)]
)
def test_the_clock_is_found_and_ages_are_true(name: str, now_ns: Callable[[], int]) -> None:
    clock = CaptureClock()
    capture_ns = clock.to_monotonic_ns(now_ns() - AGE_NS)
    assert clock.name == name
    assert time.monotonic_ns() - capture_ns == pytest.approx(AGE_NS, abs=5e6)


def test_a_clock_of_its_own_counts_the_first_picture_as_fresh() -> None:
    clock = CaptureClock()
    first_ns = clock.to_monotonic_ns(50)
    assert clock.name == "unknown"
    assert time.monotonic_ns() - first_ns < 5e6
    assert first_ns - clock.to_monotonic_ns(30) == 20


def test_a_picture_from_before_a_stall_does_not_decide() -> None:
    clock = CaptureClock()
    clock.to_monotonic_ns(time.time_ns() - 3600 * 10**9)
    assert clock.name == "unknown"
    clock.to_monotonic_ns(time.time_ns())
    assert clock.name == "realtime"


def test_once_found_the_clock_stays_the_same_for_an_old_picture() -> None:
    clock = CaptureClock()
    clock.to_monotonic_ns(time.monotonic_ns())
    old_ns = time.monotonic_ns() - 3600 * 10**9
    assert clock.to_monotonic_ns(old_ns) == old_ns
    assert clock.name == "monotonic"


@pytest.mark.parametrize("ahead_s", [10, 1_000_000])
def test_a_header_from_the_future_is_taken_for_now_and_forgotten(ahead_s: int) -> None:
    clock = CaptureClock()
    clock.to_monotonic_ns(time.monotonic_ns())
    assert clock.to_monotonic_ns(time.monotonic_ns() + ahead_s * 10**9) <= time.monotonic_ns()
    capture_ns = time.monotonic_ns() - AGE_NS
    assert clock.to_monotonic_ns(capture_ns) == capture_ns


@pytest.mark.parametrize("step_s", [-3600, -30, 30, 3600])
def test_a_realtime_clock_that_is_set_is_followed(
    monkeypatch: pytest.MonkeyPatch, step_s: int
) -> None:
    clock = CaptureClock()
    clock.to_monotonic_ns(time.time_ns())
    original = time.time_ns
    monkeypatch.setattr(time, "time_ns", lambda: original() + step_s * 10**9)
    capture_ns = clock.to_monotonic_ns(time.time_ns() - AGE_NS)
    assert time.monotonic_ns() - capture_ns == pytest.approx(AGE_NS, abs=5e6)


def test_a_realtime_clock_that_is_slewed_moves_pictures_smoothly(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    clock = CaptureClock()
    clock.to_monotonic_ns(time.time_ns())
    original = time.time_ns
    for slewed_us in range(0, 10_000, 10):
        monkeypatch.setattr(time, "time_ns", lambda us=slewed_us: original() + us * 1000)
        capture_ns = clock.to_monotonic_ns(time.time_ns() - AGE_NS)
    assert time.monotonic_ns() - capture_ns == pytest.approx(AGE_NS, abs=5e6)
