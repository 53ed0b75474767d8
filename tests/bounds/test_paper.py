from __future__ import annotations

import pytest

from benchmarks.bounds.cost import Processor, packets_per_s, wire_megabits
from benchmarks.bounds.limit_tables import limits_of, reached_first, slowed_table
from benchmarks.bounds.paper import (
    GIGABIT,
    WIFI,
    by_calls,
    by_encryption,
    by_link,
    by_lock,
    encryption_percent,
    newcomers_per_s,
)

from .figures import LOW, MACHINE


def test_encryption_is_cycles_for_each_byte_over_the_clock() -> None:
    cycles_per_s = packets_per_s(LOW) * 1200 * 10
    assert encryption_percent(LOW, 1e9, 10) == pytest.approx(cycles_per_s / 1e9 * 100)
    assert by_encryption(LOW, 1e9, 10) == int(1e9 / cycles_per_s)
    assert by_encryption(LOW, 2e9, 10) >= 2 * by_encryption(LOW, 1e9, 10)


def test_a_network_carries_whole_viewers() -> None:
    assert by_link(LOW, 9.99 * wire_megabits(LOW)) == 9
    assert by_link(LOW, 0.5 * wire_megabits(LOW)) == 0


def test_a_call_for_each_packet_costs_what_one_was_measured_to_cost() -> None:
    packets = packets_per_s(LOW)
    assert by_calls(LOW, MACHINE.calls, 1, is_segmented=False) == int(1e6 / (packets * 2.0))
    assert by_calls(LOW, MACHINE.calls, 5, is_segmented=False) == int(1e6 / (packets * 10.0))


def test_segmented_calls_carry_a_pictures_packets_eight_at_most() -> None:
    # two µs for the first packet of a call, one for each further one
    few, many = 30 * 1186 * 8 * 3.5, 8_000_000  # 4 packets a picture, and more than 8
    assert by_calls(few, MACHINE.calls, 1, is_segmented=True) == int(1e6 / (30 * (2 + 3)))
    packets = packets_per_s(many)
    assert packets > 30 * 8
    assert by_calls(many, MACHINE.calls, 1, is_segmented=True) == int(1e6 / (packets / 8 * 9))


def test_one_core_is_all_that_is_sent_with_however_many_there_are() -> None:
    processor = Processor.of(MACHINE)
    most = by_lock(processor, LOW, slower=5)
    assert 5 * processor.percent(LOW, most) <= 100 < 5 * processor.percent(LOW, most + 1)


def test_newcomers_take_turns_on_a_core() -> None:
    assert newcomers_per_s(20, slower=5) == pytest.approx(10)


def test_the_server_on_a_slower_core_is_shown_by_what_it_had_of_it() -> None:
    row = slowed_table(MACHINE).splitlines()[-1]
    cells = [cell.strip() for cell in row.strip("|").split("|")]
    assert cells[:2] == ["2 Mbit/s", "40"]
    assert cells[3:] == ["50", "3 of 9 600", "20"]


def test_the_lowest_limit_is_reached_first() -> None:
    limits = limits_of(MACHINE)
    assert reached_first(limits, WIFI, LOW) == "network"
    lowest = min(limits, key=lambda name: limits[name][0](LOW)[0])
    assert lowest.startswith("one core")
    assert reached_first(limits, GIGABIT, LOW) == "one core"
