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
    first_ns = clock.to_monotonic_ns(5)
    assert clock.name == "unknown"
    assert time.monotonic_ns() - first_ns < 5e6
    assert clock.to_monotonic_ns(33_000_005) - first_ns == 33_000_000


def test_a_picture_from_before_a_stall_does_not_decide() -> None:
    clock = CaptureClock()
    clock.to_monotonic_ns(time.time_ns() - 3600 * 10**9)
    assert clock.name == "unknown"
    clock.to_monotonic_ns(time.time_ns())
    assert clock.name == "realtime"


def test_once_found_the_clock_stays_the_same() -> None:
    clock = CaptureClock()
    clock.to_monotonic_ns(time.monotonic_ns())
    old_ns = time.monotonic_ns() - 3600 * 10**9
    assert clock.to_monotonic_ns(old_ns) == old_ns
    assert clock.name == "monotonic"
