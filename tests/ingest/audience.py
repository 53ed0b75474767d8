"""Somebody who keeps what a running reader publishes."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import pairwise

from pet_stream.broadcaster import Broadcaster
from pet_stream.ingest.shm_reader import ShmReader
from pet_stream.ingest.source_urls import NO_SOURCES, SourceUrls
from pet_stream.media.access_unit import AccessUnit
from tests.camera.camera import Camera, parse_payload
from tests.waiting import TIMEOUT_S


class Audience:
    """A running camera thread and a subscriber that keeps what it gets."""

    def __init__(
        self, url: str, *, is_urgent: bool = True, sources: SourceUrls = NO_SOURCES
    ) -> None:
        self.broadcaster = Broadcaster()
        self.reader = ShmReader(url, self.broadcaster, "test", sources=sources)
        self.units: list[AccessUnit] = []
        self._changed = threading.Condition()
        self._subscription = self.broadcaster.subscribe(
            "audience", 1000, self._on_ready, is_urgent=is_urgent
        )

    def _on_ready(self) -> None:
        with self._changed:
            self.units += self._subscription.take()
            self._changed.notify_all()

    def wait_until(self, condition: Callable[[], bool]) -> None:
        deadline = time.monotonic() + TIMEOUT_S
        with self._changed:
            while not condition():
                assert time.monotonic() < deadline, (self.reader.status, self.reader.counts)
                self._changed.wait(0.02)

    def wait_for(self, count: int) -> None:
        self.wait_until(lambda: len(self.units) >= count)

    def wait_for_more(self, count: int = 20) -> None:
        self.wait_for(len(self.units) + count)

    def read_along(self, camera: Camera, count: int) -> None:
        """Have `camera` write in pieces that the ring has room for, however late they are read."""
        first = len(self.units)
        for written in range(10, count + 1, 10):
            camera.command("write 10")
            self.wait_for(first + written - 1)

    @property
    def frame_numbers(self) -> list[int]:
        return [unit.frame_number for unit in self.units]


@contextmanager
def audience(
    url: str, *, is_urgent: bool = True, sources: SourceUrls = NO_SOURCES
) -> Iterator[Audience]:
    listener = Audience(url, is_urgent=is_urgent, sources=sources)
    listener.reader.start()
    try:
        yield listener
    finally:
        listener.reader.stop()


def assert_decodable(units: list[AccessUnit]) -> None:
    """Whole, in order, and every break is at an IDR."""
    assert units[0].is_idr
    assert units[0].is_discontinuity
    for before, unit in pairwise(units):
        assert unit.sequence == before.sequence + 1
        assert unit.capture_ns > before.capture_ns
        assert unit.is_idr or not unit.is_discontinuity
    stamps = [parse_payload(unit.nal_units) for unit in units]
    assert all(stamp is not None and stamp.crc_ok for stamp in stamps)
