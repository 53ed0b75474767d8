from __future__ import annotations

from collections.abc import Iterable

import pytest

from pet_stream.media.access_unit import AccessUnit
from pet_stream.media.replay import ReplayMemory

SECOND_NS = 1_000_000_000


def unit(number: int, *, gop: int, step_ns: int, size: int = 10) -> AccessUnit:
    return AccessUnit(
        nal_units=(bytes(size),),
        sequence=number,
        capture_ns=number * step_ns,
        is_idr=number % gop == 0,
        is_discontinuity=False,
        width=320,
        height=240,
        camera_id=0,
        frame_number=number,
    )


def filled(
    memory: ReplayMemory, numbers: Iterable[int], *, gop: int = 10, fps: int = 10, size: int = 10
) -> ReplayMemory:
    for number in numbers:
        memory.append(unit(number, gop=gop, step_ns=SECOND_NS // fps, size=size))
    return memory


def sequences(memory: ReplayMemory, start_s: float = 0) -> list[int]:
    return [each.sequence for each in memory.since(round(start_s * 1e9))]


def test_it_reaches_back_as_far_as_was_asked_and_begins_at_an_idr() -> None:
    memory = filled(ReplayMemory(3, 10**6), range(95))  # 10 fps, a GOP lasts 1 s
    kept = sequences(memory)
    assert kept == [*range(60, 95)]  # 3 s before 9.4 is 6.4: in the GOP that begins at 6.0
    assert memory.seconds == pytest.approx(3.4)


@pytest.mark.parametrize(
    ("start_s", "first"), [(0, 60), (6.0, 60), (6.95, 60), (7.0, 70), (9.3, 90), (9.4, 90)]
)
def test_the_past_is_given_from_the_idr_before(start_s: float, first: int) -> None:
    memory = filled(ReplayMemory(3, 10**6), range(95))
    assert sequences(memory, start_s) == [*range(first, 95)]


def test_what_is_older_than_asked_for_is_not_given() -> None:
    memory = filled(ReplayMemory(3, 10**6), range(95))
    assert sequences(memory, 9.5) == []


def test_at_a_low_rate_it_reaches_back_to_the_idr_before() -> None:
    memory = filled(ReplayMemory(5, 10**6), range(40), gop=14, fps=2)  # a GOP lasts 7 s
    assert sequences(memory) == [*range(28, 40)]  # 5 s before 19.5 s: in the GOP from 14 s on
    filled(memory, range(40, 50), gop=14, fps=2)
    assert sequences(memory)[0] == 28  # 19.5 s: still in it


def test_the_bytes_are_bounded_and_whole_gops_go() -> None:
    memory = ReplayMemory(1000, 500)
    for number in range(200):
        filled(memory, [number])
        assert memory.size_bytes <= 500
        kept = sequences(memory)
        assert kept[0] % 10 == 0
        assert kept == [*range(kept[0], number + 1)]
    assert len(sequences(memory)) > 30


def test_a_gop_that_is_too_large_alone_is_forgotten_whole() -> None:
    memory = filled(ReplayMemory(1000, 55), range(8))
    assert sequences(memory) == []
    assert memory.size_bytes == 0
    filled(memory, range(8, 13))
    assert sequences(memory) == [10, 11, 12]


def test_nothing_is_kept_before_the_first_idr_or_when_it_is_off() -> None:
    assert sequences(filled(ReplayMemory(3, 10**6), range(3, 9))) == []
    assert sequences(filled(ReplayMemory(0, 10**6), range(30))) == []
