from __future__ import annotations

import asyncio
import time

from pet_stream.webrtc.watch import Watch
from tests.waiting import TIMEOUT_S


class CountingViewer:
    def __init__(self, watch: Watch, most: int) -> None:
        self.looks: list[float] = []
        self.anew: list[float] = []
        self.done = asyncio.Event()
        self._watch = watch
        self._most = most

    def look(self, now_s: float) -> None:
        self.looks.append(now_s)
        if len(self.looks) == self._most:
            self._watch.remove(self)
            self.done.set()

    def end(self, reason: str) -> None:
        raise AssertionError(reason)

    def begin_anew(self, now_s: float) -> None:
        self.anew.append(now_s)


def test_all_viewers_are_looked_at_together_until_they_go() -> None:
    async def run() -> tuple[CountingViewer, CountingViewer]:
        watch = Watch(0.01)
        first, second = CountingViewer(watch, 2), CountingViewer(watch, 4)
        watch.add(first)
        watch.add(second)
        await asyncio.wait_for(second.done.wait(), TIMEOUT_S)
        assert watch._timer is None
        watch.remove(second)
        return first, second

    first, second = asyncio.run(run())
    assert first.looks == second.looks[:2]
    assert len(second.looks) == 4


def test_it_starts_again_with_the_next_viewer() -> None:
    async def run() -> int:
        watch = Watch(0.01)
        for _ in range(2):
            viewer = CountingViewer(watch, 1)
            watch.add(viewer)
            await asyncio.wait_for(viewer.done.wait(), TIMEOUT_S)
        return len(viewer.looks)

    assert asyncio.run(run()) == 1


def test_silence_begins_anew_after_a_standstill() -> None:
    async def run() -> CountingViewer:
        watch = Watch(0.01)
        viewer = CountingViewer(watch, 3)
        watch.add(viewer)
        while not viewer.looks:
            await asyncio.sleep(0.001)
        time.sleep(1.1)  # the whole loop stands still
        await asyncio.wait_for(viewer.done.wait(), TIMEOUT_S)
        return viewer

    viewer = asyncio.run(run())
    assert viewer.anew == viewer.looks[:2]
