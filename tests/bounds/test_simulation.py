from __future__ import annotations

import math
from itertools import pairwise

import pytest

from benchmarks.bounds.cost import FPS, Line, Processor, wire_megabits
from benchmarks.bounds.simulation import (
    GOP,
    IDR_FACTOR,
    LATE_S,
    Board,
    lateness_s,
    most_viewers,
    picture_bytes,
)

from .figures import LOW, MACHINE

NOTHING = Line(0, 0)
FREE = Processor(NOTHING, NOTHING, NOTHING)
ENDLESS = 1e12
"""Mbit/s of a network that takes no time."""


def costing(per_viewer_percent: float) -> Board:
    """A board where each viewer after the first costs so much of a core, whatever is sent."""
    further = Line(per_viewer_percent, 0)
    return Board(Processor(NOTHING, NOTHING, further), slower=1, link_megabits=ENDLESS)


def test_a_gop_has_the_bytes_of_the_stream_and_one_large_picture() -> None:
    sizes = picture_bytes(LOW)
    assert len(sizes) == GOP
    assert sum(sizes) == pytest.approx(LOW / 8 * GOP / FPS)
    assert sizes[0] == pytest.approx(IDR_FACTOR * sizes[1])


def test_a_picture_is_as_late_as_all_viewers_before_the_last_take() -> None:
    # 20 viewers of 2 %: 40 % of a picture's time
    assert lateness_s(costing(2), LOW, 21) == pytest.approx(0.4 / FPS, rel=1e-3)


def test_what_does_not_fit_piles_up_without_an_end() -> None:
    assert lateness_s(costing(2), LOW, 50) < 1 / FPS
    assert lateness_s(costing(2), LOW, 53) == math.inf


def test_a_large_picture_waits_for_the_network() -> None:
    """It has more than its share of a second; the others make up for it."""
    board = Board(FREE, slower=1, link_megabits=2 * wire_megabits(LOW))
    gop_s = wire_megabits(LOW) * GOP / FPS / board.link_megabits
    large = lateness_s(board, LOW, 1)
    assert 1 / FPS < large < gop_s
    assert large == pytest.approx(gop_s * IDR_FACTOR / (IDR_FACTOR + GOP - 1), rel=0.1)


def test_a_slower_core_and_a_narrower_network_are_never_quicker() -> None:
    processor = Processor.of(MACHINE)
    late = [
        lateness_s(Board(processor, slower, megabits), LOW, 10)
        for slower, megabits in ((1, 1000), (5, 1000), (5, 100), (7, 50))
    ]
    assert all(quicker < slower for quicker, slower in pairwise(late))


def test_one_more_than_the_most_viewers_is_too_late() -> None:
    board = Board(Processor.of(MACHINE), slower=5, link_megabits=100)
    most = most_viewers(board, LOW)
    assert most > 0
    assert lateness_s(board, LOW, most) <= LATE_S < lateness_s(board, LOW, most + 1)


def test_a_network_that_does_not_carry_one_has_none() -> None:
    assert most_viewers(Board(FREE, 1, 0.5 * wire_megabits(LOW)), LOW) == 0
