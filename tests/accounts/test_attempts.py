from __future__ import annotations

import pytest

from pet_stream.accounts.attempts import FREE_TRIES, MAX_CLIENTS, MAX_WAIT_S, Attempts
from pet_stream.errors import TooMany


class Clock:
    now_s = 0.0

    def __call__(self) -> float:
        return self.now_s


def use_up(attempts: Attempts, client: str) -> None:
    for _ in range(FREE_TRIES):
        attempts.begin(client)


def test_wrong_tries_cost_more_and_more_time() -> None:
    clock = Clock()
    attempts, waits = Attempts(clock), []
    for _ in range(FREE_TRIES + 8):
        began_s = clock.now_s
        while True:
            try:
                attempts.begin("a")
                break
            except TooMany as exc:
                clock.now_s += exc.retry_after_s
        waits.append(clock.now_s - began_s)
    assert waits[:FREE_TRIES] == [0] * FREE_TRIES
    assert waits[FREE_TRIES:] == sorted(waits[FREE_TRIES:])
    assert waits[FREE_TRIES] >= 1
    assert MAX_WAIT_S <= waits[-1] <= MAX_WAIT_S + 2


def test_many_at_once_are_not_free() -> None:
    """None of them is known to be wrong yet."""
    attempts = Attempts(Clock())
    use_up(attempts, "a")
    with pytest.raises(TooMany):
        attempts.begin("a")


def test_who_is_told_to_wait_does_not_wait_longer_for_asking() -> None:
    clock = Clock()
    attempts = Attempts(clock)
    use_up(attempts, "a")
    for _ in range(100):
        with pytest.raises(TooMany) as error:
            attempts.begin("a")
    clock.now_s += error.value.retry_after_s
    attempts.begin("a")


def test_others_do_not_wait() -> None:
    attempts = Attempts(Clock())
    use_up(attempts, "a")
    attempts.begin("b")


def test_right_tries_cost_nothing() -> None:
    attempts = Attempts(Clock())
    for _ in range(10 * FREE_TRIES):
        attempts.begin("a")
        attempts.note_right("a")
    assert not attempts._wrong


def test_right_tries_make_no_wrong_ones_free() -> None:
    """Of a guest who guesses at the owner's password, and knows one."""
    attempts = Attempts(Clock())
    for _ in range(FREE_TRIES - 1):
        attempts.begin("a")  # a guess
        attempts.begin("a")
        attempts.note_right("a")
    attempts.begin("a")
    with pytest.raises(TooMany):
        attempts.begin("a")


def test_it_is_forgotten_after_an_hour() -> None:
    clock = Clock()
    attempts = Attempts(clock)
    use_up(attempts, "a")
    clock.now_s = 3601
    use_up(attempts, "a")


def test_the_clients_that_are_remembered_have_a_bound() -> None:
    attempts = Attempts(Clock())
    for number in range(3 * MAX_CLIENTS):
        attempts.begin(str(number))
    assert len(attempts._wrong) == MAX_CLIENTS
