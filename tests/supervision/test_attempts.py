from __future__ import annotations

from pet_stream.supervision.attempts import Attempts, BackOff
from pet_stream.supervision.care import WatchLimits


def test_the_first_try_comes_at_once_and_the_others_later_and_later() -> None:
    attempts = Attempts(BackOff(first_s=0.5, longest_s=2.0))
    due_s = []
    now_s = 100.0
    for _ in range(5):
        attempts.note_failure(now_s)
        due_s.append(next(s / 10 for s in range(100) if attempts.is_due(now_s + s / 10)))
    assert due_s == [0.0, 0.5, 1.0, 2.0, 2.0]


def test_a_part_is_tried_within_three_seconds_of_the_cause_going_away() -> None:
    limits = WatchLimits()
    assert limits.back_off.delay_s(10**6) + limits.look_s < 3
    assert limits.silence_s + limits.look_s < 3


def test_failures_are_in_a_row_unless_it_has_lived_for_a_while_in_between() -> None:
    attempts = Attempts(BackOff(max_failures=3, recovered_s=5.0))
    for now_s in (0.0, 1.0, 2.0):
        assert not attempts.are_spent
        attempts.note_failure(now_s)
        attempts.note_well(now_s + 0.9)
    assert attempts.are_spent
    attempts.note_well(7.5)
    assert not attempts.are_spent
    assert attempts.failure_count == 0
