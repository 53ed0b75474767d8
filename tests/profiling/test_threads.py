from __future__ import annotations

import asyncio
import json
import threading

from pet_stream.event_loop import EventLoopThread
from pet_stream.profiling.stacks import ShortPaths
from pet_stream.profiling.threads import task_stacks, thread_stacks
from tests.waiting import wait_until

from .workers import waiting


async def outer() -> None:
    await inner()


async def inner() -> None:
    await asyncio.get_running_loop().create_future()


def test_each_thread_is_told_with_its_stack() -> None:
    with waiting("waits for it"):
        wait_until(lambda: "wait_for_it" in json.dumps(thread_stacks(ShortPaths())))
        rows = {row["name"]: row for row in thread_stacks(ShortPaths())}
    row = rows["waits for it"]
    own = next(call for call in row["stack"] if call["function"].endswith("wait_for_it"))
    assert own["file"] == "tests/profiling/workers.py"
    assert own["line"] > 0
    assert row["cpu_s"] < 1
    assert threading.current_thread().name in rows


def test_each_task_is_told_with_all_that_it_awaits_even_if_the_loop_is_stuck() -> None:
    loop, is_over = EventLoopThread("test"), threading.Event()
    loop.start()
    loop.call_soon(lambda: loop.spawn(outer(), "something long"))
    wait_until(lambda: len(loop.tasks()) == 1 and _functions(loop) == ["outer", "inner"])
    loop.call_soon(is_over.wait)
    assert _functions(loop) == ["outer", "inner"]
    is_over.set()
    loop.stop()
    assert loop.tasks() == []


def _functions(loop: EventLoopThread) -> list[str]:
    [task] = task_stacks(loop.tasks(), ShortPaths())
    assert task["name"] == "something long"
    return [call["function"] for call in task["stack"]]
