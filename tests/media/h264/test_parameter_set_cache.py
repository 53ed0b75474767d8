from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pet_stream.errors import BitstreamError, ParameterSetUnknown
from pet_stream.media.h264.avcc import DecoderConfiguration
from pet_stream.media.h264.nal_unit import split_annex_b
from pet_stream.media.h264.parameter_set_cache import (
    MAX_INSERTED_BYTES,
    MAX_INSERTED_PPS,
    ParameterSets,
)
from tests.footage import decode, encode
from tests.media.syntax import Sps, pps, slice_nal_unit

AUD = b"\x09\x10"
SEI = b"\x06\x01\x01\x12\x80"
SPS, PPS = Sps().nal_unit(), pps()
OTHER_SPS, OTHER_PPS = Sps(sps_id=1, width_mbs=40).nal_unit(), pps(1, sps_id=1)
SHARED_PPS = pps(2, sps_id=0)
CHANGED_PPS = pps(init_qp=3)
IDR, OTHER_IDR, SHARED_IDR = (slice_nal_unit(idr=True, pps_id=n) for n in range(3))
LATE_SLICE = slice_nal_unit(idr=True, pps_id=1, first_mb=2**17 - 1)
P = slice_nal_unit(1)


def knowing(*nal_units: bytes) -> ParameterSets:
    return ParameterSets().including(nal_units)


ALL = (SPS, PPS, OTHER_SPS, OTHER_PPS, SHARED_PPS)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ((IDR,), (SPS, PPS, SHARED_PPS, IDR)),
        ((SPS, PPS, SHARED_PPS, IDR), (SPS, PPS, SHARED_PPS, IDR)),
        ((SPS, PPS, IDR), (SPS, PPS, SHARED_PPS, IDR)),
        ((AUD, IDR), (AUD, SPS, PPS, SHARED_PPS, IDR)),
        ((AUD, SEI, IDR, IDR), (AUD, SPS, PPS, SHARED_PPS, SEI, IDR, IDR)),
        ((AUD, SPS, SEI, IDR), (AUD, SPS, PPS, SHARED_PPS, SEI, IDR)),
        ((AUD, PPS, SEI, IDR), (AUD, SPS, PPS, SHARED_PPS, SEI, IDR)),
        ((SHARED_PPS, PPS, SPS, IDR), (SPS, PPS, SHARED_PPS, IDR)),
        ((SEI, SPS, PPS, IDR), (SPS, PPS, SHARED_PPS, SEI, IDR)),
        ((SPS, SPS, PPS, PPS, IDR), (SPS, PPS, SHARED_PPS, IDR)),
        # only what pictures of its SPS may use, whatever else is there
        ((OTHER_IDR,), (OTHER_SPS, OTHER_PPS, OTHER_IDR)),
        ((SPS, PPS, OTHER_IDR), (OTHER_SPS, OTHER_PPS, OTHER_IDR)),
        ((*ALL, IDR), (SPS, PPS, SHARED_PPS, IDR)),
        ((SHARED_IDR,), (SPS, PPS, SHARED_PPS, SHARED_IDR)),
        ((IDR, SHARED_IDR), (SPS, PPS, SHARED_PPS, IDR, SHARED_IDR)),
        # illegal (7.4.1.2.1), and for the decoder to judge
        ((IDR, OTHER_IDR), (SPS, OTHER_SPS, PPS, OTHER_PPS, SHARED_PPS, IDR, OTHER_IDR)),
        ((OTHER_IDR, IDR), (OTHER_SPS, SPS, PPS, OTHER_PPS, SHARED_PPS, OTHER_IDR, IDR)),
        ((IDR, LATE_SLICE), (SPS, OTHER_SPS, PPS, OTHER_PPS, SHARED_PPS, IDR, LATE_SLICE)),
        # not an IDR, but decoding is to begin there
        ((AUD, SEI, P), (AUD, SPS, PPS, SHARED_PPS, SEI, P)),
        # no picture
        ((SPS, PPS), (SPS, PPS)),
        ((AUD, SEI), (AUD, SEI)),
        ((), ()),
    ],
)
def test_an_entry_point_has_what_it_and_the_pictures_after_it_need(
    before: tuple[bytes, ...], after: tuple[bytes, ...]
) -> None:
    parameter_sets = knowing(*ALL)
    assert parameter_sets.insert(before) == after
    assert parameter_sets.insert(after) is after, "and never twice"


@pytest.mark.parametrize(
    ("told", "new", "before", "after"),
    [
        (ALL, (), (P,), (P,)),
        (ALL, (), (SPS, PPS, P), (P,)),
        ((SPS, PPS), (SHARED_PPS,), (P,), (SHARED_PPS, P)),
        ((SPS, PPS), (SHARED_PPS,), (AUD, SEI, P), (AUD, SHARED_PPS, SEI, P)),
        ((SPS, PPS), (SHARED_PPS,), (AUD, SHARED_PPS, P), (AUD, SHARED_PPS, P)),
        ((SPS, PPS), (CHANGED_PPS,), (P,), (CHANGED_PPS, P)),
        ((SPS, PPS), (CHANGED_PPS, PPS), (P,), (P,)),
        ((SPS, PPS), (OTHER_SPS, OTHER_PPS), (P,), (P,)),
    ],
)
def test_a_picture_in_mid_stream_has_what_is_new(
    told: tuple[bytes, ...],
    new: tuple[bytes, ...],
    before: tuple[bytes, ...],
    after: tuple[bytes, ...],
) -> None:
    known = knowing(*told)
    assert known.including(new).insert(before, told=known) == after


@pytest.mark.parametrize("order", [(PPS, SPS), (SPS, PPS)])
def test_a_pps_may_come_before_its_sps(order: tuple[bytes, ...]) -> None:
    assert knowing(*order).insert((IDR,)) == (SPS, PPS, IDR)
    assert knowing(order[0]).including(order[1:]).insert((IDR,)) == (SPS, PPS, IDR)


def test_of_all_the_pps_that_there_can_be_as_many_come_along_as_a_record_has_room_for() -> None:
    every = [pps(n) for n in range(256)]
    first, *inserted, last = knowing(SPS, *every).insert((IDR,))
    assert (first, last) == (SPS, IDR)
    assert len(inserted) == MAX_INSERTED_PPS
    assert set(every) - set(inserted) == {every[1]}, "the oldest that the picture does not need"
    DecoderConfiguration.of((first, *inserted)).serialize()


def test_what_is_put_in_front_is_bounded_in_bytes() -> None:
    long = [pps(n) + n.to_bytes(1, "big") * 1000 for n in range(1, 200)]
    inserted = knowing(SPS, PPS, *long).insert((IDR,))
    assert inserted[:2] == (SPS, PPS)
    assert inserted[2:-1] == tuple(long[-(len(inserted) - 3) :]), "the newest"
    size = sum(map(len, inserted[:-1]))
    assert MAX_INSERTED_BYTES - 2000 < size <= MAX_INSERTED_BYTES


@pytest.mark.parametrize(
    ("known", "unit", "missing"),
    [
        ((), (IDR,), "picture parameter set 0"),
        ((SPS,), (IDR,), "picture parameter set 0"),
        ((PPS,), (IDR,), "sequence parameter set 0"),
        ((SPS, PPS), (IDR, OTHER_IDR), "picture parameter set 1"),
        ((OTHER_PPS,), (P, OTHER_IDR), "picture parameter set 0"),
    ],
)
def test_what_never_came_is_named(
    known: tuple[bytes, ...], unit: tuple[bytes, ...], missing: str
) -> None:
    expected = f"The camera has not sent the {missing} that its pictures need$"
    with pytest.raises(ParameterSetUnknown, match=expected):
        knowing(*known).insert(unit)


MALFORMED = {
    "SPS without a body": b"\x67\x42",
    "SPS that is cut off": SPS[:5],
    "SPS with a number too large": b"\x67\x42\xc0\x1f" + bytes(8),
    "SPS without end": SPS + b"\xff" * 9000,
    "PPS without a body": b"\x68\x80",
    "PPS that is cut off": PPS[:2],
    "PPS of an SPS that can't be": pps(0, sps_id=32),
    "PPS without end": PPS + b"\xff" * 9000,
}


@pytest.mark.parametrize("malformed", MALFORMED.values(), ids=MALFORMED)
def test_a_malformed_parameter_set_leaves_the_good_one(malformed: bytes) -> None:
    known = knowing(SPS, PPS)
    for unit in ((malformed, IDR), (SPS, malformed, PPS, IDR), (malformed, SPS, PPS, IDR)):
        sets = known.including(unit)
        assert sets.insert(unit) == (SPS, PPS, IDR)
        assert malformed not in sets
    assert known.including((malformed, SHARED_PPS)).insert((IDR,)) == (SPS, PPS, SHARED_PPS, IDR)


@pytest.mark.parametrize("malformed", MALFORMED.values(), ids=MALFORMED)
def test_a_malformed_parameter_set_is_named_where_there_is_no_other(malformed: bytes) -> None:
    kind = "SPS" if malformed[0] == 0x67 else "PPS"
    rest = PPS if kind == "SPS" else SPS
    reason = f"that its pictures need; the {kind} that came is malformed: "
    with pytest.raises(ParameterSetUnknown, match=reason):
        knowing(malformed, rest).insert((IDR,))


@pytest.mark.parametrize("aud", [False, True])
@pytest.mark.parametrize("slices", [1, 3])
def test_each_gop_of_a_stream_with_headers_only_at_its_start_decodes_alone(
    aud: bool, slices: int
) -> None:
    units = encode(gop=5, pictures=15, headers="first", aud=aud, slices=slices)
    parameter_sets = ParameterSets()
    whole = []
    for unit in units:
        nal_units = split_annex_b(unit)
        parameter_sets = parameter_sets.including(nal_units)
        whole.append(b"".join(b"\0\0\0\1" + n for n in parameter_sets.insert(nal_units)))
    for start in range(0, 15, 5):
        assert len(decode(whole[start : start + 5])) == 5
    if aud:
        assert all(unit[4] & 0x1F == 9 for unit in whole)


def test_they_are_other_parameter_sets_only_if_something_changed() -> None:
    none = ParameterSets()
    assert not none.is_complete
    sps_alone = none.including((SPS,))
    assert not sps_alone.is_complete
    both = sps_alone.including((AUD, SPS, PPS, IDR))
    assert both.is_complete
    assert both.including((SPS, PPS, IDR)) is both
    assert both.including((P,)) is both
    bigger = Sps(width_mbs=80).nal_unit()
    changed = both.including((bigger,))
    assert changed != both
    assert changed.including((SPS,)) == both, "back again is a change too"
    assert len({none, sps_alone, both, changed, changed.including((SPS,))}) == 4
    assert not none.is_complete
    assert none.sps_by_pps == {}


def test_the_last_of_several_with_one_id_counts() -> None:
    bigger = Sps(width_mbs=80).nal_unit()
    parameter_sets = knowing(bigger, PPS)
    assert parameter_sets.including((SPS, bigger)) is parameter_sets
    sps = parameter_sets.sps_by_pps.get(0)
    assert sps is not None
    assert sps.width == 1280


def test_finds_the_sps_of_each_pps_after_a_change_in_mid_stream() -> None:
    parameter_sets = knowing(*ALL)

    def widths() -> list[int | None]:
        found = [parameter_sets.sps_by_pps.get(n) for n in range(4)]
        return [None if sps is None else sps.width for sps in found]

    assert widths() == [320, 640, 320, None]
    parameter_sets = parameter_sets.including((Sps(width_mbs=80).nal_unit(),))
    assert widths() == [1280, 640, 1280, None]
    parameter_sets = parameter_sets.including((pps(2, sps_id=1),))
    assert widths() == [1280, 640, 640, None]
    parameter_sets = parameter_sets.including((pps(1, sps_id=9),))
    assert widths() == [1280, None, 640, None]


def test_what_was_known_before_stays_as_it_was() -> None:
    parameter_sets = knowing(SPS, PPS)
    assert 1 in parameter_sets.including((OTHER_SPS, OTHER_PPS)).sps_by_pps
    assert 1 not in parameter_sets.sps_by_pps


NAL_UNITS = st.sampled_from([*ALL, AUD, SEI, IDR, OTHER_IDR, SHARED_IDR, P]) | st.binary(
    max_size=12
)


@given(st.lists(st.lists(NAL_UNITS, max_size=6).map(tuple), max_size=5))
def test_any_nal_units_are_taken_or_raise_bitstream_error(units: list[tuple[bytes, ...]]) -> None:
    """And whatever comes out has every other NAL unit in its order, and no parameter set twice."""
    parameter_sets = ParameterSets()
    for unit in units:
        try:
            parameter_sets = parameter_sets.including(unit)
            inserted = parameter_sets.insert(unit)
        except BitstreamError:
            continue
        if inserted is not unit:
            sets = [n for n in inserted if n[0] & 31 in (7, 8)]
            assert len(set(sets)) == len(sets)
            assert all(n in parameter_sets for n in sets)
        assert [n for n in inserted if n[0] & 31 not in (7, 8)] == [
            n for n in unit if n[0] & 31 not in (7, 8)
        ]
        assert parameter_sets.insert(inserted) is inserted
