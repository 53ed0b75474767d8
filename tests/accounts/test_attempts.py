from __future__ import annotations

import pytest

from pet_stream.accounts.attempts import FREE_TRIES, MAX_CLIENTS, MAX_WAIT_S, Attempts
from pet_stream.errors import TooMany


class Clock:
    now_s = 0.0

    def __call__(self) -> float:
        return self.now_s


def test_wrong_tries_cost_more_and_more_time() -> None:
    clock = Clock()
    attempts, waits = Attempts(clock), []
    for _ in range(FREE_TRIES + 8):
        attempts.check("a")
        attempts.note_wrong("a")
        began_s = clock.now_s
        while True:
            try:
                attempts.check("a")
                break
            except TooMany as exc:
                clock.now_s += exc.retry_after_s
        waits.append(clock.now_s - began_s)
    assert waits[: FREE_TRIES - 1] == [0] * (FREE_TRIES - 1)
    assert waits[FREE_TRIES - 1 :] == sorted(waits[FREE_TRIES - 1 :])
    assert MAX_WAIT_S <= waits[-1] <= MAX_WAIT_S + 2


def test_others_do_not_wait() -> None:
    attempts = Attempts(Clock())
    for _ in range(100):
        attempts.note_wrong("a")
    attempts.check("b")
    with pytest.raises(TooMany):
        attempts.check("a")


def test_a_right_try_ends_it() -> None:
    attempts = Attempts(Clock())
    for _ in range(100):
        attempts.note_wrong("a")
    attempts.note_right("a")
    attempts.check("a")


def test_it_is_forgotten_after_an_hour() -> None:
    clock = Clock()
    attempts = Attempts(clock)
    for _ in range(FREE_TRIES + 100):
        attempts.note_wrong("a")
    clock.now_s = 3601
    attempts.check("a")
    attempts.note_wrong("a")
    attempts.check("a")


def test_the_clients_that_are_remembered_have_a_bound() -> None:
    attempts = Attempts(Clock())
    for number in range(3 * MAX_CLIENTS):
        attempts.note_wrong(str(number))
    assert len(attempts._wrong) == MAX_CLIENTS
