from __future__ import annotations

import pytest

from benchmarks.bounds.cost import (
    PAYLOAD_BYTES,
    Line,
    Memory,
    Processor,
    packets_per_s,
    replay_mb,
    wire_megabits,
)

from .figures import FURTHER_PERCENT, HIGH, LOW, MACHINE


def test_a_stream_has_a_packet_for_each_payload_and_a_half_full_one_for_each_picture() -> None:
    assert PAYLOAD_BYTES == 1186
    assert packets_per_s(8 * 1186 * 100, fps=30) == pytest.approx(115)


def test_the_network_carries_the_stream_and_84_to_96_bytes_more_for_each_packet() -> None:
    packets = packets_per_s(LOW)
    headers = wire_megabits(LOW) * 1e6 - LOW
    assert headers / 8 / packets == pytest.approx(12 + 2 + 16 + 8 + 20 + 18 + 20)
    assert wire_megabits(LOW, 10) == pytest.approx(10 * wire_megabits(LOW))


@pytest.mark.parametrize(
    ("first", "second", "base", "per_packet"),
    [
        ((100, 1.0), (300, 2.0), 0.5, 0.005),
        ((100, 1.0), (300, 1.0), 1.0, 0.0),
        ((100, 1.2), (300, 1.0), 1.2, 0.0),  # noise: it does not fall
        ((100, 1.0), (200, 3.0), 0.0, 0.015),  # noise: nothing costs less than nothing
    ],
)
def test_a_cost_goes_in_a_line_that_neither_falls_nor_begins_below_zero(
    first: tuple[float, float], second: tuple[float, float], base: float, per_packet: float
) -> None:
    line = Line.through(first, second)
    assert line.base == pytest.approx(base)
    assert line.per_packet == pytest.approx(per_packet)


def test_what_was_measured_comes_out_again() -> None:
    processor, memory = Processor.of(MACHINE), Memory.of(MACHINE)
    for load in MACHINE.loads:
        assert processor.percent(load.bits_per_second, load.viewers) == pytest.approx(
            load.cpu_percent
        )
        assert memory.mb(load.viewers, 0) == pytest.approx(load.rss_mb)


def test_between_and_beyond_it_goes_straight_on() -> None:
    processor = Processor.of(MACHINE)
    bits = (LOW + HIGH) // 2
    assert processor.percent(bits, 3) == pytest.approx(
        2.5 + 2 * FURTHER_PERCENT * packets_per_s(bits)
    )
    assert Memory.of(MACHINE).mb(21, 7.5) == pytest.approx(40 + 50 + 10 + 7.5)


def test_as_many_viewers_as_a_share_of_a_core_lets_in() -> None:
    processor = Processor.of(MACHINE)
    most = processor.viewers(LOW, 20)
    assert processor.percent(LOW, most) <= 20 < processor.percent(LOW, most + 1)
    assert processor.viewers(LOW, 1) == 0, "not even the first one"


@pytest.mark.parametrize(
    ("bits", "seconds", "most_mb", "mb"),
    [(LOW, 30, 32, 7.5), (HIGH, 30, 32, 30), (HIGH, 60, 32, 32), (HIGH, 60, 64, 60)],
)
def test_what_is_kept_for_clips_is_seconds_times_bytes_up_to_its_limit(
    bits: int, seconds: float, most_mb: float, mb: float
) -> None:
    assert replay_mb(bits, seconds, most_mb) == mb
