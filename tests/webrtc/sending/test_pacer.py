from __future__ import annotations

import math

import pytest

from pet_stream.webrtc.sending.pacer import MAX_S, Pacer

RATE = 250_000.0


def seconds(pacer: Pacer, sizes: list[int]) -> float:
    """How long these take if each is sent when it is due."""
    now_s = 0.0
    for size in sizes:
        now_s += pacer.wait_s(now_s)
        pacer.sent(size, now_s)
    return now_s + pacer.wait_s(now_s)


def test_the_first_bytes_go_at_once() -> None:
    assert Pacer(RATE, 100_000, 5.0).wait_s(5.0) == 0.0


def test_bytes_go_at_the_rate() -> None:
    sizes = [40_000, 7_000, 7_000, 500]
    assert seconds(Pacer(RATE, sum(sizes), 0.0), sizes) == pytest.approx(sum(sizes) / RATE)


def test_what_waits_at_the_beginning_has_a_time_limit() -> None:
    sizes = [10_000] * 1_000
    assert seconds(Pacer(RATE, sum(sizes), 0.0), sizes) == pytest.approx(MAX_S)


def test_a_rate_that_is_not_known_holds_nothing_up() -> None:
    assert seconds(Pacer(math.inf, 40_000, 0.0), [40_000]) == 0.0


def test_who_comes_late_does_not_make_up_for_it_in_one_burst() -> None:
    pacer = Pacer(RATE, 100_000, 0.0)
    pacer.sent(10_000, 0.0)
    pacer.sent(10_000, 9.0)
    assert pacer.wait_s(9.0) > 0.0
