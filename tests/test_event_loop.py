from __future__ import annotations

import asyncio
import logging
import sys
import threading
import time
from collections.abc import Iterator

import pytest

from pet_stream.errors import LoopUnavailable
from pet_stream.event_loop import EventLoopThread
from tests.waiting import TIMEOUT_S


@pytest.fixture
def event_loop() -> Iterator[EventLoopThread]:
    event_loop = EventLoopThread("pet")
    event_loop.start()
    yield event_loop
    event_loop.stop()


async def never() -> None:
    await asyncio.get_running_loop().create_future()


async def thread_name() -> str:
    return threading.current_thread().name


def test_a_coroutine_runs_on_the_loops_thread_and_its_result_comes_back(
    event_loop: EventLoopThread,
) -> None:
    assert event_loop.call(thread_name(), TIMEOUT_S) == "pet-loop"


def test_what_a_coroutine_raises_is_raised_in_the_calling_thread(
    event_loop: EventLoopThread,
) -> None:
    async def fail() -> None:
        raise KeyError("x")

    with pytest.raises(KeyError):
        event_loop.call(fail(), TIMEOUT_S)


def test_a_coroutines_own_timeout_is_not_taken_for_the_callers(
    event_loop: EventLoopThread,
) -> None:
    async def fail() -> None:
        raise TimeoutError("its own")

    with pytest.raises(TimeoutError, match="its own"):
        event_loop.call(fail(), TIMEOUT_S)


def test_a_call_that_takes_too_long_is_cancelled_and_says_so(event_loop: EventLoopThread) -> None:
    cancelled = threading.Event()

    async def wait() -> None:
        try:
            await never()
        except asyncio.CancelledError:
            cancelled.set()
            raise

    with pytest.raises(LoopUnavailable):
        event_loop.call(wait(), 0.05)
    assert cancelled.wait(TIMEOUT_S)


def test_a_loop_that_does_not_run_refuses_calls_and_ignores_callbacks() -> None:
    event_loop = EventLoopThread("pet")
    event_loop.call_soon(lambda: None)
    with pytest.raises(LoopUnavailable):
        event_loop.call(never(), TIMEOUT_S)


def test_a_call_waiting_when_the_loop_stops_is_told_so(event_loop: EventLoopThread) -> None:
    begun, outcome = threading.Event(), []

    async def wait() -> None:
        begun.set()
        await never()

    def call() -> None:
        try:
            event_loop.call(wait(), TIMEOUT_S)
        except LoopUnavailable as exc:
            outcome.append(str(exc))

    caller = threading.Thread(target=call)
    caller.start()
    assert begun.wait(TIMEOUT_S)
    event_loop.stop()
    caller.join(TIMEOUT_S)
    assert outcome == ["Streaming is shutting down"]


def test_callbacks_of_other_threads_run_in_their_order(event_loop: EventLoopThread) -> None:
    seen: list[int] = []
    done = threading.Event()
    for number in range(100):
        event_loop.call_soon(seen.append, number)
    event_loop.call_soon(done.set)
    assert done.wait(TIMEOUT_S)
    assert seen == list(range(100))


def test_stopping_cancels_tasks_and_lets_them_clean_up(event_loop: EventLoopThread) -> None:
    begun, cleaned = threading.Event(), threading.Event()

    async def work() -> None:
        begun.set()
        try:
            await never()
        finally:
            await asyncio.sleep(0)
            cleaned.set()

    async def spawn() -> None:
        event_loop.spawn(work(), "work")

    event_loop.call(spawn(), TIMEOUT_S)
    assert begun.wait(TIMEOUT_S)
    event_loop.stop()
    assert cleaned.is_set()


def test_a_task_that_comes_while_the_loop_ends_is_cancelled_too(
    event_loop: EventLoopThread,
) -> None:
    cleaned = threading.Event()

    async def late() -> None:
        try:
            await never()
        finally:
            cleaned.set()

    async def work() -> None:
        try:
            await never()
        finally:
            event_loop.spawn(late(), "late")
            await asyncio.sleep(0)  # it has begun

    async def spawn() -> None:
        event_loop.spawn(work(), "work")
        await asyncio.sleep(0)

    event_loop.call(spawn(), TIMEOUT_S)
    event_loop.stop()
    assert cleaned.is_set()


def test_a_loop_asked_again_to_end_still_lets_tasks_clean_up(event_loop: EventLoopThread) -> None:
    cleaned = threading.Event()
    run = event_loop.run
    assert run is not None

    async def work() -> None:
        try:
            await never()
        finally:
            run.request_stop()
            for _ in range(5):
                await asyncio.sleep(0)
            cleaned.set()

    async def spawn() -> None:
        event_loop.spawn(work(), "work")
        await asyncio.sleep(0)

    event_loop.call(spawn(), TIMEOUT_S)
    event_loop.stop()
    assert cleaned.is_set()
    assert run.failure is None


def test_the_failure_of_a_spawned_task_is_logged_by_its_name(
    event_loop: EventLoopThread, caplog: pytest.LogCaptureFixture
) -> None:
    async def fail() -> None:
        raise KeyError("x")

    async def spawn() -> None:
        await asyncio.wait({event_loop.spawn(fail(), "the failing one")})
        await asyncio.sleep(0)  # done callbacks run after the waiter has been woken up

    with caplog.at_level(logging.ERROR, logger="pet_stream"):
        event_loop.call(spawn(), TIMEOUT_S)
    assert "the failing one" in caplog.text


def test_it_can_be_stopped_twice_and_started_again(event_loop: EventLoopThread) -> None:
    event_loop.start()
    event_loop.stop()
    event_loop.stop()
    assert not event_loop.is_running
    event_loop.start()
    assert event_loop.call(thread_name(), TIMEOUT_S) == "pet-loop"


def test_what_belongs_to_the_loop_says_so_when_it_is_used_elsewhere(
    event_loop: EventLoopThread,
) -> None:
    async def use() -> None:
        event_loop.assert_here()

    event_loop.call(use(), TIMEOUT_S)
    with pytest.raises(AssertionError, match="event loop"):
        event_loop.assert_here()


def test_what_is_cancelled_when_the_loop_ends_is_still_there(event_loop: EventLoopThread) -> None:
    outcomes: list[str] = []

    async def work() -> None:
        started.set()
        try:
            await never()
        finally:
            event_loop.assert_here()
            outcomes.append("tidied up")

    async def begin() -> None:
        event_loop.spawn(work(), "work")

    started = threading.Event()
    event_loop.call(begin(), TIMEOUT_S)
    assert started.wait(TIMEOUT_S)
    event_loop.stop()
    assert outcomes == ["tidied up"]


def test_who_waits_for_a_loop_that_dies_is_told_at_once(event_loop: EventLoopThread) -> None:
    """However late the call came: before its end, or in the middle of it."""
    answers: list[str] = []
    is_dying = threading.Event()

    def ask() -> None:
        is_dying.wait(TIMEOUT_S)
        for _ in range(100):
            try:
                event_loop.call(thread_name(), TIMEOUT_S)
            except LoopUnavailable as exc:  # noqa: PERF203 (each for itself)
                answers.append(str(exc))

    askers = [threading.Thread(target=ask) for _ in range(4)]
    for asker in askers:
        asker.start()
    begin_s = time.monotonic()
    event_loop.call_soon(is_dying.set)
    event_loop.call_soon(sys.exit)
    for asker in askers:
        asker.join(TIMEOUT_S)
    assert answers
    assert time.monotonic() - begin_s < TIMEOUT_S / 2
