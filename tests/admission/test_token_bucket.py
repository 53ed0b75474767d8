from __future__ import annotations

import pytest

from pet_stream.admission.token_bucket import TokenBucket
from pet_stream.errors import TooMany


class FakeClock:
    def __init__(self) -> None:
        self.now_s = 1_000_000.1

    def __call__(self) -> float:
        return self.now_s


@pytest.mark.parametrize(("size", "every_s"), [(1, 1.0), (1, 0.3), (3, 2.0), (10, 0.7)])
def test_a_few_at_once_then_one_after_the_other(size: int, every_s: float) -> None:
    clock = FakeClock()
    bucket = TokenBucket(size, every_s, clock)
    for _ in range(size):
        bucket.take("too often")
    for _ in range(3):
        with pytest.raises(TooMany, match="too often") as refused:
            bucket.take("too often")
        assert 1 <= refused.value.retry_after_s <= every_s + 1
        clock.now_s += every_s + 1e-6
        bucket.take("too often")
    clock.now_s += 1000 * every_s
    for _ in range(size):
        bucket.take("too often")


def test_who_is_refused_has_lost_nothing() -> None:
    clock = FakeClock()
    bucket = TokenBucket(1, 1.0, clock)
    bucket.take("")
    for _ in range(100):
        with pytest.raises(TooMany):
            bucket.take("")
    clock.now_s += 1.001
    bucket.take("")


def test_whoever_waits_as_long_as_told_gets_in() -> None:
    clock = FakeClock()
    bucket = TokenBucket(2, 2.5, clock)
    bucket.take("")
    bucket.take("")
    with pytest.raises(TooMany) as refused:
        bucket.take("")
    clock.now_s += refused.value.retry_after_s
    bucket.take("")


def test_as_much_as_there_is() -> None:
    clock = FakeClock()
    bucket = TokenBucket(60, 2.0, clock)
    assert [bucket.take_up_to(count) for count in (45, 1000, 5)] == [45, 15, 0]
    clock.now_s += 3
    assert bucket.take_up_to(5) == pytest.approx(1.5)
    clock.now_s += 1000
    assert bucket.take_up_to(1000) == 60


def test_whether_there_was_a_token() -> None:
    clock = FakeClock()
    bucket = TokenBucket(2, 1.0, clock)
    assert [bucket.try_take() for _ in range(3)] == [True, True, False]
    clock.now_s += 1.5
    assert [bucket.try_take() for _ in range(2)] == [True, False]
