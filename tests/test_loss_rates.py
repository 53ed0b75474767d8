from __future__ import annotations

import logging

import pytest

from pet_stream.loss_rates import LOOK_INTERVAL_S, LossRates, Rate
from pet_stream.reason import Reason

REASON = Reason("pictures_lost", "pictures are lost")


class Machine:
    """What is counted, and a clock."""

    def __init__(self, *, least: int = 10, share: float | None = 0.1) -> None:
        self.now_s = 0.0
        self.lost = self.done = 0
        self.counts = True
        rate = Rate(
            REASON,
            lost=lambda: self.lost,
            least=least,
            done=None if share is None else lambda: self.done,
            share=share or 0.0,
            counts=lambda: self.counts,
        )
        self.rates = LossRates([rate], lambda: self.now_s)

    def run(self, seconds: float, *, lost: int = 0, done: int = 0) -> list[str]:
        """Count so many in each interval of looks. Returns the codes of what is too much."""
        for _ in range(int(seconds / LOOK_INTERVAL_S)):
            self.now_s += LOOK_INTERVAL_S
            self.lost += lost
            self.done += done
            self.rates.look()
        return [reason.code for reason in self.rates.reasons]


def test_a_share_above_its_bound_is_told_until_it_is_half_of_that(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.INFO)
    machine = Machine()
    assert machine.run(60, lost=1, done=149) == []
    assert machine.run(60, lost=20, done=130) == ["pictures_lost"]
    assert caplog.messages == [m for m in caplog.messages if m.startswith("pictures are lost (")]
    assert len(caplog.messages) == 1
    assert machine.run(120, lost=10, done=140) == ["pictures_lost"]  # not below the half
    assert machine.run(120, lost=5, done=145) == []
    assert caplog.messages[1:] == ["over: pictures are lost"]


def test_a_few_are_nothing_to_speak_of() -> None:
    assert Machine(least=10).run(60, lost=0, done=0) == []
    machine = Machine(least=10)
    machine.run(5)
    assert machine.run(5, lost=9, done=1) == []
    assert machine.run(5, lost=1, done=0) == ["pictures_lost"]


def test_what_was_lost_before_the_first_look_does_not_count() -> None:
    machine = Machine(least=1, share=None)
    machine.lost = 1000
    assert machine.run(120) == []


def test_a_number_alone_may_be_too_much_and_is_over_after_a_minute() -> None:
    machine = Machine(least=1, share=None)
    machine.run(5)
    assert machine.run(5, lost=1) == ["pictures_lost"]
    assert machine.run(50) == ["pictures_lost"]
    assert machine.run(15) == []


def test_where_something_else_explains_it_it_begins_anew() -> None:
    machine = Machine(least=5, share=None)
    machine.counts = False
    assert machine.run(120, lost=100) == []
    machine.counts = True
    assert machine.run(60) == []
    assert machine.run(10, lost=100) == ["pictures_lost"]


def test_a_look_that_comes_at_once_costs_nothing() -> None:
    machine = Machine(least=1, share=None)
    machine.run(5)
    machine.lost += 1
    machine.now_s += LOOK_INTERVAL_S / 2
    machine.rates.look()
    assert machine.rates.reasons == ()


def test_counts_that_begin_at_nought_again_are_no_loss() -> None:
    machine = Machine(least=1, share=None)
    machine.run(30, lost=10)
    machine.lost = 0
    machine.run(60)
    assert machine.rates.reasons == ()


def test_a_part_that_was_replaced_has_lost_what_it_counts_and_no_more() -> None:
    """It may have lost more by now than the one before, but has done less."""
    machine = Machine(least=10, share=0.1)
    machine.run(30, done=1000)
    machine.lost, machine.done = 20, 150
    assert machine.run(5) == []
    assert machine.run(30, lost=1, done=100) == []
    assert machine.run(5, lost=200, done=100) == ["pictures_lost"]
