"""What a viewer is sent by how its link is judged, second by second."""

from __future__ import annotations

from pet_stream.thinning import (
    BAD_S,
    EVERY,
    FIRST_WAIT_S,
    HOPELESS_LOOKS,
    LONGEST_WAIT_S,
    MAX_STEP_S,
    TRIAL_S,
    PictureRate,
    Thinning,
)

LEAST, WHOLE = EVERY[-1], 0


class Link:
    """One viewer's, judged once a second."""

    def __init__(self) -> None:
        self.now_s = 100.0
        self.thinning = Thinning(self.now_s)

    def judge(self, is_bad: bool | None, has_room: bool | None = None, step_s: float = 1.0) -> int:
        self.now_s += step_s
        self.thinning.judge(self.now_s, is_bad, has_room)
        return self.thinning.every

    def is_bad_until(self, every: int) -> float:
        """Returns the seconds that it took."""
        begun_s = self.now_s
        while self.judge(is_bad=True) != every:
            assert self.now_s - begun_s < 60
        return self.now_s - begun_s

    def try_more(self) -> float:
        """Be good, and have room, until more is sent. Returns the seconds that it took."""
        begun_s, before = self.now_s, self.thinning.every
        while self.judge(is_bad=False, has_room=True) == before:
            assert self.now_s - begun_s < 2 * LONGEST_WAIT_S
        return self.now_s - begun_s


def test_a_good_link_gets_everything_for_ever() -> None:
    link = Link()
    assert {link.judge(is_bad=False, has_room=room) for room in (None, True, False) * 50} == {WHOLE}


def test_a_link_that_is_bad_for_some_seconds_gets_less_and_less() -> None:
    link = Link()
    assert link.is_bad_until(1) == BAD_S
    assert link.is_bad_until(2) <= 4
    assert link.is_bad_until(LEAST) <= 4
    assert {link.judge(is_bad=True) for _ in range(20)} == {LEAST}


def test_a_bad_second_now_and_then_costs_nothing() -> None:
    link = Link()
    assert {link.judge(is_bad=second % 3 == 0) for second in range(100)} == {WHOLE}


def test_a_report_after_a_long_silence_counts_for_no_more_than_any_other() -> None:
    link = Link()
    assert MAX_STEP_S < BAD_S
    assert link.judge(is_bad=True, step_s=60.0) == WHOLE


def test_seconds_of_which_nothing_is_known_count_for_nothing() -> None:
    link = Link()
    for _ in range(20):
        assert link.judge(is_bad=None) == WHOLE
    link.judge(is_bad=True)
    for _ in range(20):
        assert link.judge(is_bad=None) == WHOLE
    assert link.is_bad_until(1) == BAD_S - 1


def test_a_link_that_has_room_again_has_everything_within_seconds() -> None:
    link = Link()
    link.is_bad_until(1)
    assert link.try_more() <= 3
    assert link.thinning.every == WHOLE


def test_trials_that_fail_become_rare_and_one_that_does_not_makes_them_frequent_again() -> None:
    link = Link()
    link.is_bad_until(1)
    waits = []
    for _ in range(8):
        waits.append(link.try_more())
        assert link.is_bad_until(1) <= 3, "a trial ends soon"
    assert waits[1:6] == sorted(waits[1:6])
    assert waits[1] <= FIRST_WAIT_S + 1
    assert LONGEST_WAIT_S <= waits[7] <= LONGEST_WAIT_S + 1
    link.try_more()
    for _ in range(int(TRIAL_S) + 1):
        link.judge(is_bad=False)
    link.is_bad_until(1)
    assert link.try_more() <= 3


def test_a_link_that_was_without_room_for_a_while_has_got_better_when_it_has_some() -> None:
    link = Link()
    link.is_bad_until(1)
    for _ in range(8):
        link.try_more()
        link.is_bad_until(1)
    for _ in range(HOPELESS_LOOKS + 2):
        link.judge(is_bad=False, has_room=False)
    assert link.try_more() <= 3


def test_a_trial_that_fails_leads_back_to_where_it_began() -> None:
    link = Link()
    link.is_bad_until(LEAST)
    link.try_more()
    assert link.thinning.every == 2
    link.is_bad_until(LEAST)
    for _ in range(int(TRIAL_S)):
        assert link.judge(is_bad=False) == LEAST


def test_without_a_sign_of_room_it_is_tried_after_a_minute_and_against_the_signs_never() -> None:
    link = Link()
    link.is_bad_until(1)
    good_s = 0
    while link.judge(is_bad=False) == 1:
        good_s += 1
    assert LONGEST_WAIT_S - 1 <= good_s <= LONGEST_WAIT_S + 2
    hopeless = Link()
    hopeless.is_bad_until(1)
    hopeless.judge(is_bad=False)
    for _ in range(300):
        assert hopeless.judge(is_bad=False, has_room=False) == 1


def test_the_rate_is_that_of_what_is_sent_and_one_late_picture_does_not_change_it_much() -> None:
    rate, now_s = PictureRate(), 100.0
    told = []
    for step_s in (0.5, 0.5, 0.5, 1.0, 0.5):
        told.append(rate.add(now_s, every=1))
        now_s += step_s
    assert told == [0.0, 2.0, 2.0, 2.0, 1.6]
    assert rate.add(now_s, every=4) == 1.6, "until it is known"
    assert rate.add(now_s + 2.0, every=4) == 0.5
