import pytest

from pet_stream.ingest.capture_clock import CaptureClock, Now
from pet_stream.ingest.counts import CameraCounts
from pet_stream.ingest.pacing import Pacing

SINCE_BOOT_NS = 10**15
INTERVAL_S = 1 / 30
ENCODING_S = 0.011


def watch(
    pacing: Pacing,
    *,
    seconds: float,
    jitter_s: float = 0.0,
    shift_s: float = 0.0,
    shifted_at: int = 0,
    clock: CaptureClock | None = None,
) -> tuple[list[float], int]:
    """Simulate a camera: how late each picture was found, and how many looks there were. With a
    `clock`, the stamps of all pictures are 0."""

    def appears_s(number: int) -> float:
        shifted_s = shift_s if number >= shifted_at else 0.0
        return number * INTERVAL_S + ENCODING_S + (number % 3) * jitter_s + shifted_s

    now_s, found, looks, latencies = 0.0, 0, 0, []
    while now_s < seconds:
        looks += 1
        while appears_s(found) <= now_s:
            pacing.on_writes(1, INTERVAL_S)
            captured_s = found * INTERVAL_S
            if clock is not None:
                now_ns = round(now_s * 1e9) + SINCE_BOOT_NS
                [captured_ns] = clock.times_ns([(0, 0)], Now(now_ns, 2 * now_ns))
                captured_s = (captured_ns - SINCE_BOOT_NS) / 1e9
            pacing.on_picture(captured_s, now_s)
            latencies.append(now_s - appears_s(found))
            found += 1
        now_s += pacing.delay_s(now_s, is_urgent=True)
    return latencies, looks


def test_looks_only_when_a_picture_is_due() -> None:
    latencies, looks = watch(Pacing(30), seconds=30)
    settled = sorted(latencies[60:])
    assert len(latencies) == 900
    assert settled[len(settled) // 2] <= 0.0005
    assert settled[-1] <= 0.001
    assert looks / len(latencies) < 1.5


@pytest.mark.parametrize("jitter_s", [0, 0.002])
def test_a_camera_without_a_clock_is_looked_for_as_closely(jitter_s: float) -> None:
    clock = CaptureClock(CameraCounts())
    latencies, looks = watch(Pacing(30), seconds=30, jitter_s=jitter_s, clock=clock)
    assert clock.name == "arrival"
    settled = sorted(latencies[60:])
    assert settled[len(settled) // 2] <= 0.0005
    assert settled[int(len(settled) * 0.95)] <= 0.0025
    assert looks / len(latencies) < (6 if jitter_s else 1.7)


def test_jitter_costs_some_looks_but_little_latency() -> None:
    latencies, looks = watch(Pacing(30), seconds=30, jitter_s=0.002)
    settled = sorted(latencies[60:])
    assert settled[len(settled) // 2] <= 0.0005
    assert settled[int(len(settled) * 0.95)] <= 0.0025
    assert looks / len(latencies) < 6


@pytest.mark.parametrize("shift_s", [0.02, -0.009])
def test_another_phase_is_learnt_within_a_second(shift_s: float) -> None:
    shifted_at = 300
    latencies, looks = watch(Pacing(30), seconds=30, shift_s=shift_s, shifted_at=shifted_at)
    assert max(latencies[shifted_at + 30 :]) <= 0.001
    assert looks / len(latencies) < 2


def test_without_an_audience_many_pictures_are_taken_at_once() -> None:
    pacing = Pacing(30)
    pacing.on_writes(1, INTERVAL_S)
    delay_s = pacing.delay_s(0.0, is_urgent=False)
    assert 4 * INTERVAL_S < delay_s <= 0.4


@pytest.mark.parametrize("is_urgent", [True, False])
def test_a_ring_that_turns_fast_is_looked_at_often_enough(is_urgent: bool) -> None:
    pacing = Pacing(30)
    pacing.on_writes(600, 1.0)
    pacing.on_picture(0.0, 0.01)
    pacing.on_picture(INTERVAL_S, INTERVAL_S + 0.01)
    lap_s = 30 / 600
    assert pacing.delay_s(INTERVAL_S + 0.011, is_urgent=is_urgent) <= lap_s / 2


def test_a_camera_that_stopped_is_not_waited_for_in_a_hurry() -> None:
    pacing = Pacing(30)
    watch(pacing, seconds=1)
    assert pacing.delay_s(5.0, is_urgent=True) >= 0.01


def test_a_ring_without_pictures_is_not_looked_at_in_a_hurry() -> None:
    assert Pacing(30).delay_s(5.0, is_urgent=True) >= 0.01


def test_a_camera_that_stopped_before_its_phase_was_known_is_not_waited_for_in_a_hurry() -> None:
    pacing = Pacing(30)
    for n in range(3):
        pacing.on_picture(n * INTERVAL_S, 1.0)
    assert pacing.delay_s(1.001, is_urgent=True) <= 0.002
    assert pacing.delay_s(5.0, is_urgent=True) >= 0.01


def test_another_rate_is_learnt() -> None:
    pacing = Pacing(30)
    for n in range(10):
        pacing.on_picture(n * INTERVAL_S, n * INTERVAL_S)
    for n in range(1, 5):
        pacing.on_picture(10 * INTERVAL_S + n * 0.5, 10 * INTERVAL_S + n * 0.5)
    assert pacing.interval_s == pytest.approx(0.5)


def test_a_missing_picture_does_not_change_the_rate() -> None:
    pacing = Pacing(30)
    for n in (0, 1, 2, 3, 5, 6, 7, 9, 10):
        pacing.on_picture(n * INTERVAL_S, n * INTERVAL_S)
    assert pacing.interval_s == pytest.approx(INTERVAL_S)
