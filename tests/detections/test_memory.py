from __future__ import annotations

from pet_stream.detections.memory import STEP_S, SightingMemory
from pet_stream.media.detections import DetectionRecord, Sighting

STEP_NS = round(STEP_S * 1e9)


def sighting(capture_ns: int) -> Sighting:
    return Sighting(DetectionRecord(1, 1, 0, (), 0), capture_ns, is_matched=True)


def times(memory: SightingMemory, since_ns: int = 0) -> list[int]:
    return [found.capture_ns for found in memory.since(since_ns)]


def test_what_comes_thicker_than_needed_is_left_out() -> None:
    memory = SightingMemory(10)
    for n in range(9):
        memory.add(sighting(n * STEP_NS // 4))
    assert times(memory) == [0, STEP_NS, 2 * STEP_NS]
    assert times(memory, 1) == [STEP_NS, 2 * STEP_NS]


def test_it_is_bounded_whatever_comes() -> None:
    memory = SightingMemory(3)
    for n in range(1000):
        memory.add(sighting(n * STEP_NS))
    assert len(times(memory)) == 3 / STEP_S
    memory.set_limit(1.5)
    assert times(memory) == [n * STEP_NS for n in range(990, 1000)]
    memory.clear()
    assert times(memory) == []


def test_without_seconds_nothing_is_remembered() -> None:
    memory = SightingMemory(0)
    memory.add(sighting(1))
    assert not memory.is_on
    assert times(memory) == []
