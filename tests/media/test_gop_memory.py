from __future__ import annotations

from collections.abc import Iterable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pet_stream.media.access_unit import AccessUnit
from pet_stream.media.gop_memory import GOP_BYTES, GOP_UNITS, GopMemory
from pet_stream.media.h264 import RecoveryPoint

SECOND_NS = 1_000_000_000
GOP = 10
FPS = 10


def picture(
    number: int,
    *,
    is_idr: bool,
    size: int = 10,
    fps: int = FPS,
    point: RecoveryPoint | None = None,
    is_discontinuity: bool = False,
) -> AccessUnit:
    return AccessUnit(
        nal_units=(bytes(size),),
        sequence=number,
        capture_ns=number * SECOND_NS // fps,
        is_idr=is_idr,
        is_discontinuity=is_discontinuity,
        width=320,
        height=240,
        camera_id=0,
        frame_number=number,
        recovery_point=point,
    )


def filled(
    memory: GopMemory, numbers: Iterable[int], *, gop: int = GOP, fps: int = FPS, size: int = 10
) -> GopMemory:
    for number in numbers:
        memory.append(picture(number, is_idr=number % gop == 0, size=size, fps=fps))
    return memory


def numbers(units: Iterable[AccessUnit]) -> list[int]:
    return [unit.sequence for unit in units]


def kept(memory: GopMemory) -> list[int]:
    return numbers(memory.since(0))


def joinable(memory: GopMemory) -> list[int]:
    units = numbers(memory.gop)
    assert memory.has_gop == bool(units)
    return units


# What is kept: pictures of 10 bytes, 10 a second, a GOP of 10


@pytest.mark.parametrize(
    ("memory", "published", "files_get", "joiners_get"),
    [
        # (seconds, bytes), gop_bytes, gop_units
        pytest.param((0, 0, 1000, 100), range(25), range(20, 25), range(20, 25), id="no past"),
        pytest.param((0, 9999, 1000, 100), range(25), range(20, 25), range(20, 25), id="0 seconds"),
        pytest.param((9, 0, 1000, 100), range(25), range(20, 25), range(20, 25), id="0 bytes"),
        pytest.param((3, 9999, 1000, 100), range(95), range(60, 95), range(90, 95), id="seconds"),
        pytest.param((99, 300, 1000, 100), range(95), range(70, 95), range(90, 95), id="bytes"),
        pytest.param((99, 300, 1000, 100), range(100), range(70, 100), range(90, 100), id="filled"),
        pytest.param((99, 50, 1000, 100), range(18), range(10, 18), range(10, 18), id="one is all"),
        pytest.param((9, 9999, 1000, 100), range(3, 9), (), (), id="before the first IDR"),
        pytest.param((9, 9999, 1000, 100), range(3, 11), (10,), (10,), id="the first IDR"),
        pytest.param((0, 0, 80, 100), range(8), range(8), range(8), id="as many bytes as it may"),
        pytest.param((0, 0, 1000, 8), range(8), range(8), range(8), id="as many pictures"),
        pytest.param((0, 0, 79, 100), range(8), (), (), id="one byte too many"),
        pytest.param((0, 0, 1000, 7), range(8), (), (), id="one picture too many"),
        pytest.param((0, 0, 1000, 7), range(12), range(10, 12), range(10, 12), id="the next GOP"),
        pytest.param((9, 80, 1000, 7), range(8), range(8), (), id="too long, but within the past"),
        pytest.param((9, 79, 1000, 7), range(8), (), (), id="too long for the past, too"),
        pytest.param((9, 150, 1000, 7), range(18), range(10, 18), (), id="the one before goes"),
        pytest.param((9, 9999, 5, 100), range(1), range(1), (), id="an IDR too large by itself"),
    ],
)
def test_the_newest_gop_and_what_the_settings_allow_are_kept(
    memory: tuple[float, int, int, int],
    published: Iterable[int],
    files_get: Iterable[int],
    joiners_get: Iterable[int],
) -> None:
    max_seconds, max_bytes, gop_bytes, gop_units = memory
    made = GopMemory(max_seconds, max_bytes, gop_bytes=gop_bytes, gop_units=gop_units)
    filled(made, published)
    assert kept(made) == list(files_get)
    assert joinable(made) == list(joiners_get)
    assert made.size_bytes == 10 * len(list(files_get))


def test_at_a_low_rate_it_reaches_back_to_the_idr_before() -> None:
    memory = filled(GopMemory(5, 10**6), range(40), gop=14, fps=2)  # a GOP lasts 7 s
    assert kept(memory) == [*range(28, 40)]  # 5 s before 19.5 s: in the GOP from 14 s on
    filled(memory, range(40, 50), gop=14, fps=2)
    assert kept(memory)[0] == 28  # 19.5 s: still in it


def test_the_limits_of_the_newest_gop() -> None:
    memory = filled(GopMemory(), range(GOP_UNITS), gop=GOP_UNITS, size=GOP_BYTES // GOP_UNITS)
    assert len(joinable(memory)) == GOP_UNITS
    memory.append(picture(GOP_UNITS, is_idr=False))
    assert joinable(memory) == []


# The past


@pytest.mark.parametrize(
    ("start_s", "first"), [(0, 60), (6.0, 60), (6.95, 60), (7.0, 70), (9.3, 90), (9.4, 90)]
)
def test_the_past_is_given_from_the_idr_before(start_s: float, first: int) -> None:
    memory = filled(GopMemory(3, 10**6), range(95))
    assert numbers(memory.since(round(start_s * 1e9))) == [*range(first, 95)]


def test_what_is_older_than_asked_for_is_not_given() -> None:
    memory = filled(GopMemory(3, 10**6), range(95))
    assert memory.since(round(9.5e9)) == ()


# Who joins


def test_what_was_taken_out_does_not_grow() -> None:
    memory = filled(GopMemory(), range(1))
    taken = memory.gop
    filled(memory, range(1, 2))
    assert numbers(taken) == [0]


@pytest.mark.parametrize("max_seconds", [0, 9])
def test_a_hidden_gop_is_for_files_only_and_up_to_the_next_idr(max_seconds: float) -> None:
    memory = filled(GopMemory(max_seconds, 9999), range(8))
    memory.hide_gop()
    assert joinable(memory) == []
    assert kept(memory) == [*range(8)]
    filled(memory, range(8, 10))
    assert joinable(memory) == []
    assert kept(memory) == [*range(10)]
    filled(memory, range(10, 12))
    assert joinable(memory) == [10, 11]


def test_where_there_is_nothing_nothing_is_hidden() -> None:
    memory = GopMemory()
    memory.hide_gop()
    assert joinable(filled(memory, range(2))) == [0, 1]


# Recovery points

AT_ONCE = RecoveryPoint(0, is_exact=True)
NEARLY = RecoveryPoint(0, is_exact=False)
GRADUAL = RecoveryPoint(6, is_exact=True)
LATER = RecoveryPoint(15, is_exact=True)
IDR = None
Points = dict[int, RecoveryPoint | None]


def with_points(
    memory: GopMemory, count: int, points: Points, discontinuities: Iterable[int] = ()
) -> GopMemory:
    for number in range(count):
        point = points.get(number)
        is_idr = number in points and point is IDR
        is_break = number in discontinuities
        memory.append(picture(number, is_idr=is_idr, point=point, is_discontinuity=is_break))
    return memory


@pytest.mark.parametrize(
    ("points", "count", "joiners_begin_at"),
    [
        pytest.param({0: AT_ONCE}, 5, 0, id="there is nothing else"),
        pytest.param({0: AT_ONCE, 10: AT_ONCE}, 11, 10, id="the newest"),
        pytest.param({0: IDR, 10: AT_ONCE}, 15, 0, id="an IDR before it"),
        pytest.param({0: IDR, 10: AT_ONCE, 20: IDR, 30: GRADUAL}, 45, 20, id="the newest IDR"),
        pytest.param({0: AT_ONCE, 10: NEARLY}, 15, 0, id="an exact one before it"),
        pytest.param({0: NEARLY, 10: AT_ONCE}, 15, 10, id="an exact one"),
        pytest.param({0: AT_ONCE, 10: GRADUAL}, 20, 0, id="one that is right at once"),
        pytest.param({0: GRADUAL}, 3, 0, id="a refresh that has begun"),
        pytest.param({0: GRADUAL, 10: GRADUAL}, 16, 0, id="a refresh that is over"),
        pytest.param({0: GRADUAL, 10: GRADUAL}, 17, 10, id="once it is over"),
        pytest.param({0: LATER, 10: GRADUAL}, 13, 0, id="the one that is over first: not yet"),
        pytest.param({0: LATER, 10: LATER, 20: LATER}, 25, 0, id="refreshes that overlap"),
        pytest.param({0: LATER, 10: LATER, 20: LATER}, 26, 10, id="refreshes that overlap, later"),
        pytest.param({0: IDR, 10: AT_ONCE}, 31, 10, id="too far from the IDR"),
        pytest.param({0: IDR, 10: AT_ONCE, 20: AT_ONCE}, 31, 20, id="the newest one then"),
        pytest.param({0: IDR, 10: GRADUAL, 28: GRADUAL}, 31, 10, id="one that is right by then"),
        pytest.param({0: IDR, 28: GRADUAL}, 31, 28, id="one that will be right"),
        pytest.param({0: GRADUAL}, 31, None, id="nothing within the limits"),
    ],
)
def test_where_new_viewers_begin(points: Points, count: int, joiners_begin_at: int | None) -> None:
    memory = with_points(GopMemory(gop_units=30), count, points)
    expected = [] if joiners_begin_at is None else [*range(joiners_begin_at, count)]
    assert joinable(memory) == expected
    entry_point = memory.entry_point
    assert (None if entry_point is None else entry_point.sequence) == joiners_begin_at
    assert kept(memory) == expected


def test_nothing_from_before_a_discontinuity_leads_behind_it() -> None:
    points = {0: IDR, 10: GRADUAL, 20: AT_ONCE}
    assert joinable(with_points(GopMemory(), 12, points, [10])) == [10, 11]
    assert joinable(with_points(GopMemory(9, 9999), 22, points, [10])) == [20, 21]


def test_files_begin_where_the_picture_is_right_in_time() -> None:
    memory = with_points(GopMemory(99, 9999), 45, {0: IDR, 10: GRADUAL, 20: GRADUAL, 30: AT_ONCE})
    firsts = [memory.since(number * SECOND_NS // FPS)[0].sequence for number in range(45)]
    assert firsts == [0] * 16 + [10] * 10 + [20] * 4 + [30] * 15


def test_no_refresh_is_cut_off_by_the_limit_of_time() -> None:
    memory = with_points(GopMemory(1, 9999), 43, {number: GRADUAL for number in range(0, 43, 10)})
    assert kept(memory)[0] == 20, "3.2 s: in the refresh from 3 s on"


def test_a_refresh_that_never_ends_is_not_kept_for_ever() -> None:
    point = RecoveryPoint(500, is_exact=True)
    points: Points = dict.fromkeys(range(0, 300, 10), point)
    memory = with_points(GopMemory(2, 9999, gop_units=50), 300, points)
    assert kept(memory)[0] == 170, "12 s: 10 s more than the setting"


def test_it_knows_since_when_browsers_have_nothing_to_begin_with() -> None:
    memory = GopMemory()
    assert memory.clean_start_ns is None
    filled(memory, range(1, 5))
    assert memory.clean_start_ns is None, "nothing has begun"
    with_points(memory, 15, {3: GRADUAL})
    assert memory.clean_start_ns == 3 * SECOND_NS // FPS
    with_points(memory, 15, {5: AT_ONCE, 9: GRADUAL})
    assert memory.clean_start_ns == 5 * SECOND_NS // FPS


KINDS = st.sampled_from(["idr", AT_ONCE, NEARLY, GRADUAL, LATER, None, None, None])


@given(
    st.lists(st.tuples(KINDS, st.integers(1, 40), st.booleans()), max_size=60),
    st.sampled_from([(0, 0), (1, 100), (2, 10**6)]),
    st.integers(1, 300),
    st.integers(1, 30),
)
def test_every_kind_of_stream_is_kept_within_bounds(
    pictures: list[tuple[RecoveryPoint | str | None, int, bool]],
    past: tuple[float, int],
    gop_bytes: int,
    gop_units: int,
) -> None:
    max_seconds, max_bytes = past
    memory = GopMemory(max_seconds, max_bytes, gop_bytes=gop_bytes, gop_units=gop_units)
    for number, (kind, size, is_hidden) in enumerate(pictures):
        point = kind if isinstance(kind, RecoveryPoint) else None
        memory.append(picture(number, is_idr=kind == "idr", size=size, point=point))
        if is_hidden and number % 5 == 0:
            memory.hide_gop()
        gop, past_units = memory.gop, memory.since(0)
        assert memory.size_bytes == sum(unit.size_bytes for unit in past_units)
        assert memory.size_bytes <= max(max_bytes, gop_bytes)
        assert sum(unit.size_bytes for unit in gop) <= gop_bytes
        assert len(gop) <= gop_units
        for units in (gop, past_units):
            if units:
                assert units[0].is_entry_point
                assert numbers(units) == [*range(units[0].sequence, number + 1)]
        assert not any(unit.is_idr for unit in gop[1:])
        assert past_units[len(past_units) - len(gop) :] == gop


@given(
    st.lists(st.tuples(st.booleans(), st.integers(1, 40)), max_size=40),
    st.sampled_from([(0, 0), (1, 100), (2, 10**6)]),
    st.integers(1, 200),
    st.integers(1, 10),
)
def test_is_always_decodable_and_within_its_bounds(
    pictures: list[tuple[bool, int]], past: tuple[float, int], gop_bytes: int, gop_units: int
) -> None:
    max_seconds, max_bytes = past
    memory = GopMemory(max_seconds, max_bytes, gop_bytes=gop_bytes, gop_units=gop_units)
    for number, (is_idr, size) in enumerate(pictures):
        memory.append(picture(number, is_idr=is_idr, size=size))
        gop, past_units = memory.gop, memory.since(0)
        assert memory.size_bytes == sum(unit.size_bytes for unit in past_units)
        assert memory.size_bytes <= max(max_bytes, gop_bytes)
        assert sum(unit.size_bytes for unit in gop) <= gop_bytes
        assert len(gop) <= gop_units
        for units in (gop, past_units):
            if units:
                assert units[0].is_idr
                assert numbers(units) == [*range(units[0].sequence, number + 1)]
        assert not any(unit.is_idr for unit in gop[1:])
        assert past_units[len(past_units) - len(gop) :] == gop
