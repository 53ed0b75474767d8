from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator

import pytest

from pet_stream.event_loop import EventLoopThread
from pet_stream.recording.home_loop import HomeLoop
from tests.waiting import TIMEOUT_S


@pytest.fixture
def loops() -> Iterator[tuple[EventLoopThread, EventLoopThread]]:
    loops = EventLoopThread("old"), EventLoopThread("new")
    for loop in loops:
        loop.start()
    yield loops
    for loop in loops:
        loop.stop()


def test_what_a_loop_that_was_left_is_still_to_call_is_not_called(
    loops: tuple[EventLoopThread, EventLoopThread],
) -> None:
    old, new = loops
    is_over = threading.Event()
    called: list[str] = []

    async def settle() -> HomeLoop:
        return HomeLoop()

    async def wait_until_it_is_over() -> None:
        home.call_later(0, called.append, "later")
        home.post(lambda: called.append("posted"))
        kept.append(home.guarded(called.append))
        is_blocked.set()
        is_over.wait(TIMEOUT_S)

    async def move() -> None:
        assert not home.is_here
        home.move_here()
        assert home.is_here
        home.call_later(0, called.append, "on the new one")

    async def nothing() -> None:
        await asyncio.sleep(0.01)

    kept: list[object] = []
    is_blocked = threading.Event()
    home = old.call(settle(), TIMEOUT_S)
    blocker = threading.Thread(target=old.call, args=(wait_until_it_is_over(), TIMEOUT_S))
    blocker.start()
    assert is_blocked.wait(TIMEOUT_S)
    new.call(move(), TIMEOUT_S)
    is_over.set()
    blocker.join(TIMEOUT_S)
    for loop in loops:
        loop.call(nothing(), TIMEOUT_S)
    guarded = kept[0]
    assert callable(guarded)
    guarded("kept")
    assert called == ["on the new one"]


def test_a_loop_that_has_ended_takes_nothing(
    loops: tuple[EventLoopThread, EventLoopThread],
) -> None:
    async def settle() -> HomeLoop:
        return HomeLoop()

    home = loops[0].call(settle(), TIMEOUT_S)
    loops[0].stop()
    assert home.is_closed
    assert not home.post(lambda: None)


def test_a_timer_that_is_due_but_has_not_called_yet_can_be_cancelled(
    loops: tuple[EventLoopThread, EventLoopThread],
) -> None:
    """The loop is late, so two are due at once, and the first one ends it all."""
    called: list[str] = []

    async def both_due() -> None:
        home = HomeLoop()

        def end() -> None:
            called.append("first")
            home.call_later(0, called.append, "third")
            home.cancel_timers()

        home.call_later(0, end)
        home.call_later(0, called.append, "second")
        await asyncio.sleep(0.01)

    loops[0].call(both_due(), TIMEOUT_S)
    assert called == ["first"]
