from __future__ import annotations

import asyncio
import time

import pytest

from pet_stream.process.standstill import LATE_S, LOOK_S, Looks, wait_for_any
from tests.waiting import TIMEOUT_S


def test_a_look_long_after_it_was_due_is_late() -> None:
    looks = Looks(0.5)
    on_time_s, late_s = (1000.5, 1001.2, 1007.5), (1000.0, 1007.0, 1009.1)
    for time_s in sorted(on_time_s + late_s):
        assert looks.is_late(time_s) is (time_s in late_s)


@pytest.mark.parametrize(("limit_s", "least_s"), [(0.01, 0.0), (2 * LOOK_S, LOOK_S)])
def test_a_wait_has_its_limit(limit_s: float, least_s: float) -> None:
    async def wait() -> float:
        never = asyncio.get_running_loop().create_future()
        begun_s = time.monotonic()
        await asyncio.wait_for(wait_for_any({never}, limit_s), TIMEOUT_S)
        return time.monotonic() - begun_s

    assert asyncio.run(wait()) >= least_s


def test_a_wait_ends_with_what_it_waits_for() -> None:
    async def wait() -> None:
        loop = asyncio.get_running_loop()
        never, soon = loop.create_future(), loop.create_future()
        loop.call_later(0.01, soon.set_result, None)
        await asyncio.wait_for(wait_for_any({never, soon}, 10 * TIMEOUT_S), TIMEOUT_S)

    asyncio.run(wait())


def test_a_standstill_is_no_part_of_a_wait() -> None:
    async def wait() -> bool:
        loop = asyncio.get_running_loop()
        awaited = loop.create_future()
        limit_s = LOOK_S + LATE_S / 2
        waiting = asyncio.ensure_future(wait_for_any({awaited}, limit_s))
        await asyncio.sleep(0)
        time.sleep(LOOK_S + LATE_S + 0.1)  # the whole loop stands still
        loop.call_later(limit_s / 2, awaited.set_result, None)
        await asyncio.wait_for(waiting, TIMEOUT_S)
        return awaited.done()

    assert asyncio.run(wait())
