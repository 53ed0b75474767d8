"""What a viewer's link is taken to bear, by what the viewer has missed."""

from __future__ import annotations

import math

from pet_stream.webrtc.sending.congestion import (
    BURST_LOSS_PACKETS,
    CONGESTED_PACING_FACTOR,
    CONGESTED_S,
    CONGESTED_SHARE,
    MAX_PER_REQUEST,
    MAX_PER_ROUND_TRIP,
    MAX_PER_S,
    MAX_REPEATED,
    MIN_ROUND_TRIP_S,
    NARROW_PER_ROUND_TRIP,
    NARROW_ROUND_TRIP_S,
    PACING_FACTOR,
    Congestion,
)

NUMBERS = [65_000 + index & 0xFFFF for index in range(800)]
ROUND_TRIP_S = 0.1


class Link:
    """A viewer's, and the time of day."""

    def __init__(self) -> None:
        self.now_s = 0.0
        self.congestion = Congestion(lambda: self.now_s)

    def missed(
        self,
        numbers: list[int],
        round_trip_s: float = ROUND_TRIP_S,
        packets_per_s: float = math.inf,
    ) -> list[int]:
        return self.congestion.missed(numbers, round_trip_s, packets_per_s)


def test_a_request_is_answered_up_to_a_limit() -> None:
    assert Link().missed(NUMBERS) == NUMBERS[:MAX_PER_REQUEST]


def test_a_round_trip_has_a_limit_too() -> None:
    link = Link()
    chosen = [link.missed(NUMBERS[at : at + 100]) for at in range(0, 800, 100)]
    assert sum(map(len, chosen)) == MAX_PER_ROUND_TRIP
    link.now_s = ROUND_TRIP_S
    assert len(link.missed(NUMBERS[:5])) == 5


def test_a_second_has_a_limit_however_short_the_viewer_makes_a_round_trip() -> None:
    link, sent = Link(), 0
    for step in range(100):
        link.now_s = step * 0.03
        sent += len(link.missed(NUMBERS[:MAX_PER_REQUEST], 0.0))
        assert sent <= MAX_PER_S * (1 + link.now_s)
    assert sent > 3 * MAX_PER_S


def test_who_asks_twice_at_once_gets_one_answer_and_who_asks_again_another() -> None:
    link = Link()
    assert link.missed([65_001, 65_001]) == [65_001]
    link.now_s = ROUND_TRIP_S * 0.4
    assert link.missed([65_001]) == []
    link.now_s = ROUND_TRIP_S * 0.6
    assert link.missed([65_001]) == [65_001]


def test_a_round_trip_of_nothing_is_no_licence() -> None:
    link = Link()
    assert link.missed([65_001], 0.0) == [65_001]
    link.now_s = MIN_ROUND_TRIP_S * 0.4
    assert link.missed([65_001], 0.0) == []


def test_who_has_lost_a_part_of_a_burst_gets_little_for_a_while() -> None:
    link = Link()
    packets_per_s = 400.0
    share = int(packets_per_s * ROUND_TRIP_S * CONGESTED_SHARE)
    few = NUMBERS[: BURST_LOSS_PACKETS - 1]
    assert link.missed(few, ROUND_TRIP_S, packets_per_s) == few
    assert not link.congestion.is_congested
    assert link.congestion.pacing_factor == PACING_FACTOR
    link.now_s = 1.0
    assert len(link.missed(NUMBERS, ROUND_TRIP_S, packets_per_s)) == share
    link.now_s = CONGESTED_S
    assert link.congestion.is_congested
    assert link.congestion.pacing_factor == CONGESTED_PACING_FACTOR
    link.now_s = 1.0 + CONGESTED_S
    assert not link.congestion.is_congested
    assert link.congestion.pacing_factor == PACING_FACTOR


def test_who_has_lost_a_part_of_a_burst_gets_no_second_copies() -> None:
    link = Link()
    few = NUMBERS[:MAX_REPEATED]
    assert link.congestion.worth_a_copy(few) == few
    assert link.congestion.worth_a_copy(NUMBERS[: MAX_REPEATED + 1]) == []
    link.missed(NUMBERS[:BURST_LOSS_PACKETS])
    assert link.congestion.worth_a_copy(few) == []


def test_second_copies_count_for_the_limit_of_a_second() -> None:
    link, sent = Link(), 0
    for start in range(0, len(NUMBERS), MAX_REPEATED):
        link.now_s += 0.001
        chosen = link.missed(NUMBERS[start : start + MAX_REPEATED], 0.0)
        sent += len(chosen) + len(link.congestion.worth_a_copy(chosen))
    assert MAX_PER_S <= sent <= MAX_PER_S * (1 + link.now_s)


def test_over_a_link_that_is_too_narrow_little_comes_again_and_nothing_twice_in_its_queue() -> None:
    link = Link()
    link.congestion.is_narrow = True
    first = link.missed(NUMBERS, 0.03)
    assert len(first) == NARROW_PER_ROUND_TRIP
    link.now_s = NARROW_ROUND_TRIP_S * 0.45
    assert len(link.missed(NUMBERS, 0.03, packets_per_s=160.0)) == 20 - len(first)
    link.now_s = NARROW_ROUND_TRIP_S * 0.49
    assert link.missed(first, 0.03, packets_per_s=160.0) == []
    assert link.congestion.worth_a_copy(NUMBERS[:1]) == []
