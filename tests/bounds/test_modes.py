from __future__ import annotations

from dataclasses import replace

import pytest

from benchmarks.bounds.cost import wire_megabits
from benchmarks.bounds.measured import DETECTIONS_PERCENT
from benchmarks.bounds.modes import MODES, Mode, Use, use_of
from benchmarks.bounds.storage import Day

from .figures import LOW, MACHINE

IDLE = Mode("idle")


def test_nobody_takes_only_what_is_kept_for_clips() -> None:
    use = use_of(IDLE, LOW, MACHINE)
    assert use.cpu_percent == pytest.approx(0.5)
    assert use.wire_megabits == 0
    assert use.memory_mb == pytest.approx(40 + 7.5)
    assert use.day == Day(0, 0)


def test_parts_of_a_mode_add_up() -> None:
    watched = use_of(replace(IDLE, viewers=10), LOW, MACHINE)
    recorded = use_of(replace(IDLE, is_recording=True, has_boxes=True), LOW, MACHINE)
    both = use_of(replace(IDLE, viewers=10, is_recording=True, has_boxes=True), LOW, MACHINE)
    assert recorded.cpu_percent == pytest.approx(0.5 + 0.2 + DETECTIONS_PERCENT.value)
    assert both.cpu_percent == pytest.approx(watched.cpu_percent + recorded.cpu_percent - 0.5)
    assert both.wire_megabits == watched.wire_megabits == pytest.approx(wire_megabits(LOW, 10))
    assert both.day == recorded.day


def test_hls_costs_requests_bytes_and_the_parts_that_are_kept() -> None:
    use = use_of(replace(IDLE, hls_viewers=10), LOW, MACHINE)
    parts = use_of(replace(IDLE, hls_viewers=10, has_hls_parts=True), LOW, MACHINE)
    assert use.cpu_percent == pytest.approx(0.5 + 1.9)
    assert parts.cpu_percent == pytest.approx(0.5 + 8)
    assert 10 * 2 < use.wire_megabits < 10 * 2.2
    assert use.memory_mb == pytest.approx(40 + 7.5 + 16)


def test_the_nearest_limit_is_the_one_of_which_most_is_taken() -> None:
    use = Use(cpu_percent=10, wire_megabits=11, memory_mb=128, day=Day(0, 0))
    assert use.shares(slower=5, link_megabits=20) == pytest.approx(
        {"processor": 0.5, "network": 0.55, "memory": 0.25, "card": 0}
    )
    busy = replace(use, day=Day(written_bytes=86_400 * 9e6, flushes=0))
    for each, slower, link_megabits, name in (
        (use, 5, 20, "network"),
        (use, 7, 20, "processor"),
        (use, 1, 100, "memory"),
        (busy, 7, 20, "card"),
    ):
        shares = each.shares(slower, link_megabits)
        assert each.reached_first(slower, link_megabits) == (name, shares[name])
        assert shares[name] == max(shares.values())


def test_each_mode_has_a_name_of_its_own() -> None:
    assert len({mode.name for mode in MODES}) == len(MODES)
