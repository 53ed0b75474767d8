from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from pet_stream.errors import TooMany
from pet_stream.library.short_queue import ShortQueue

from ..waiting import TIMEOUT_S, wait_until


def test_one_after_the_other_and_a_few_wait() -> None:
    queue = ShortQueue(max_waiting=3, timeout_s=TIMEOUT_S)
    goes_on = threading.Event()
    refused: list[TooMany] = []
    running: list[int] = []
    most = 0

    def one(number: int) -> None:
        nonlocal most
        try:
            with queue.turn("too many"):
                running.append(number)
                most = max(most, len(running))
                assert goes_on.wait(TIMEOUT_S)
                running.remove(number)
        except TooMany as exc:
            refused.append(exc)

    with ThreadPoolExecutor(10) as threads:
        futures = [threads.submit(one, number) for number in range(10)]
        wait_until(lambda: len(refused) == 6)
        goes_on.set()
        for future in futures:
            future.result(TIMEOUT_S)
    assert (most, len(refused)) == (1, 6)
    with queue.turn("too many"):
        pass


def test_nobody_waits_for_ever() -> None:
    queue = ShortQueue(max_waiting=1, timeout_s=0.01)
    with queue.turn(""), ThreadPoolExecutor(1) as threads, pytest.raises(TooMany):
        threads.submit(lambda: queue.turn("").__enter__()).result(TIMEOUT_S)
    with queue.turn(""):
        pass


def test_a_failure_gives_the_turn_back() -> None:
    queue = ShortQueue(max_waiting=0)
    for _ in range(3):
        with pytest.raises(ZeroDivisionError), queue.turn(""):
            raise ZeroDivisionError
