from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from pet_stream.media.access_unit import AccessUnit
from pet_stream.media.gop import GopCache


def picture(sequence: int, *, idr: bool = False, size: int = 10) -> AccessUnit:
    return AccessUnit(
        nal_units=(bytes([0x65 if idr else 0x41]) + bytes(size - 1),),
        sequence=sequence,
        capture_ns=sequence * 33_000_000,
        is_idr=idr,
        is_discontinuity=False,
        width=320,
        height=240,
        camera_id=0,
        frame_number=sequence,
    )


def sequences(cache: GopCache) -> list[int]:
    return [unit.sequence for unit in cache.units]


def test_holds_everything_since_the_last_idr() -> None:
    cache = GopCache()
    held = []
    for sequence in range(7):
        cache.append(picture(sequence, idr=sequence % 3 == 0))
        held.append(sequences(cache))
    assert held == [[0], [0, 1], [0, 1, 2], [3], [3, 4], [3, 4, 5], [6]]
    assert cache.size_bytes == 10


def test_is_empty_until_the_first_idr() -> None:
    cache = GopCache()
    cache.append(picture(0))
    cache.append(picture(1))
    assert cache.units == ()
    assert cache.size_bytes == 0
    cache.append(picture(2, idr=True))
    assert sequences(cache) == [2]


def test_what_was_taken_out_does_not_grow() -> None:
    cache = GopCache()
    cache.append(picture(0, idr=True))
    taken = cache.units
    cache.append(picture(1))
    assert [unit.sequence for unit in taken] == [0]


def test_holds_as_much_as_its_bounds_say() -> None:
    cache = GopCache(max_bytes=30, max_units=3)
    for sequence in range(3):
        cache.append(picture(sequence, idr=sequence == 0))
    assert sequences(cache) == [0, 1, 2]
    assert cache.size_bytes == 30


def test_a_gop_with_too_many_pictures_is_forgotten_up_to_the_next_idr() -> None:
    cache = GopCache(max_units=2)
    for sequence in range(5):
        cache.append(picture(sequence, idr=sequence == 0))
    assert cache.units == ()
    cache.append(picture(5, idr=True))
    cache.append(picture(6))
    assert sequences(cache) == [5, 6]


def test_a_gop_with_too_many_bytes_is_forgotten_up_to_the_next_idr() -> None:
    cache = GopCache(max_bytes=25)
    for sequence in range(4):
        cache.append(picture(sequence, idr=sequence == 0))
    assert cache.units == ()
    assert cache.size_bytes == 0
    cache.append(picture(4, idr=True, size=26))
    assert cache.units == (), "an IDR that is too large by itself"
    cache.append(picture(5))
    assert cache.units == ()
    cache.append(picture(6, idr=True))
    assert sequences(cache) == [6]


def test_cleared_it_waits_for_an_idr() -> None:
    cache = GopCache()
    cache.append(picture(0, idr=True))
    cache.clear()
    cache.append(picture(1))
    assert cache.units == ()


@given(
    st.lists(st.tuples(st.booleans(), st.integers(1, 40)), max_size=40),
    st.integers(1, 200),
    st.integers(1, 10),
)
def test_is_always_decodable_and_within_its_bounds(
    pictures: list[tuple[bool, int]], max_bytes: int, max_units: int
) -> None:
    cache = GopCache(max_bytes, max_units)
    for sequence, (idr, size) in enumerate(pictures):
        cache.append(picture(sequence, idr=idr, size=size))
        units = cache.units
        assert cache.size_bytes == sum(unit.size_bytes for unit in units) <= max_bytes
        assert len(units) <= max_units
        if units:
            assert [unit.is_idr for unit in units] == [True] + [False] * (len(units) - 1)
            assert sequences(cache) == list(range(units[0].sequence, sequence + 1))
