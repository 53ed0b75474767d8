from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pet_stream.errors import BitstreamError, ParameterSetUnknown
from pet_stream.media.h264.nal_unit import split_annex_b
from pet_stream.media.h264.parameter_set_cache import ParameterSets
from tests.footage import decode, encode
from tests.media.syntax import Sps, pps, slice_nal_unit

AUD = b"\x09\x10"
SEI = b"\x06\x01\x01\x12\x80"
SPS, PPS = Sps().nal_unit(), pps()
OTHER_SPS, OTHER_PPS = Sps(sps_id=1, width_mbs=40).nal_unit(), pps(1, sps_id=1)
SHARED_PPS = pps(2, sps_id=0)
IDR, OTHER_IDR, SHARED_IDR = (slice_nal_unit(idr=True, pps_id=n) for n in range(3))
LATE_SLICE = slice_nal_unit(idr=True, pps_id=1, first_mb=2**17 - 1)
P = slice_nal_unit(1)


def knowing(*nal_units: bytes) -> ParameterSets:
    return ParameterSets().including(nal_units)


ALL = (SPS, PPS, OTHER_SPS, OTHER_PPS, SHARED_PPS)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ((IDR,), (SPS, PPS, IDR)),
        ((SPS, PPS, IDR), (SPS, PPS, IDR)),
        ((AUD, IDR), (AUD, SPS, PPS, IDR)),
        ((AUD, SEI, IDR, IDR), (AUD, SPS, PPS, SEI, IDR, IDR)),
        ((AUD, SPS, SEI, IDR), (AUD, SPS, PPS, SEI, IDR)),
        ((AUD, PPS, SEI, IDR), (AUD, SPS, PPS, SEI, IDR)),
        ((SEI, SPS, PPS, IDR), (SEI, SPS, PPS, IDR)),
        ((SEI, SPS, IDR), (SEI, SPS, PPS, IDR)),
        ((SPS, SPS, PPS, IDR), (SPS, SPS, PPS, IDR)),
        # only what the slices refer to, whatever else is there
        ((OTHER_IDR,), (OTHER_SPS, OTHER_PPS, OTHER_IDR)),
        ((SPS, PPS, OTHER_IDR), (OTHER_SPS, SPS, OTHER_PPS, PPS, OTHER_IDR)),
        ((IDR, OTHER_IDR), (SPS, OTHER_SPS, PPS, OTHER_PPS, IDR, OTHER_IDR)),
        ((IDR, SHARED_IDR), (SPS, PPS, SHARED_PPS, IDR, SHARED_IDR)),
        ((SPS, PPS, IDR, SHARED_IDR), (SPS, SHARED_PPS, PPS, IDR, SHARED_IDR)),
        ((IDR, LATE_SLICE), (SPS, OTHER_SPS, PPS, OTHER_PPS, IDR, LATE_SLICE)),
        # not an IDR
        ((P,), (P,)),
        ((AUD, SEI, P), (AUD, SEI, P)),
        ((SPS, PPS), (SPS, PPS)),
        ((), ()),
    ],
)
def test_puts_missing_parameter_sets_in_front_of_an_idr(
    before: tuple[bytes, ...], after: tuple[bytes, ...]
) -> None:
    parameter_sets = knowing(*ALL)
    assert parameter_sets.insert(before) == after
    assert parameter_sets.insert(after) == after, "and never twice"


def test_what_the_idr_brings_itself_goes_before_what_is_cached() -> None:
    bigger = Sps(width_mbs=80).nal_unit()
    assert knowing(*ALL).insert((bigger, IDR)) == (bigger, PPS, IDR)
    moved = pps(0, sps_id=1)
    assert knowing(*ALL).insert((moved, IDR)) == (OTHER_SPS, moved, IDR)


@pytest.mark.parametrize(
    ("known", "unit"),
    [((), (IDR,)), ((SPS,), (IDR,)), ((PPS,), (IDR,)), ((SPS, PPS), (IDR, OTHER_IDR))],
)
def test_an_idr_without_parameter_sets_to_be_had_is_refused(
    known: tuple[bytes, ...], unit: tuple[bytes, ...]
) -> None:
    with pytest.raises(ParameterSetUnknown):
        knowing(*known).insert(unit)


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
    assert none.sps_for(0) is None


def test_the_last_of_several_with_one_id_counts() -> None:
    bigger = Sps(width_mbs=80).nal_unit()
    parameter_sets = knowing(bigger, PPS)
    assert parameter_sets.including((SPS, bigger)) is parameter_sets
    sps = parameter_sets.sps_for(0)
    assert sps is not None
    assert sps.width == 1280


def test_finds_the_sps_of_each_pps_after_a_change_in_mid_stream() -> None:
    parameter_sets = knowing(*ALL)

    def widths() -> list[int | None]:
        found = [parameter_sets.sps_for(n) for n in range(4)]
        return [None if sps is None else sps.width for sps in found]

    assert widths() == [320, 640, 320, None]
    parameter_sets = parameter_sets.including((Sps(width_mbs=80).nal_unit(),))
    assert widths() == [1280, 640, 1280, None]
    parameter_sets = parameter_sets.including((pps(2, sps_id=1),))
    assert widths() == [1280, 640, 640, None]
    parameter_sets = parameter_sets.including((pps(1, sps_id=9),))
    assert widths() == [1280, None, 640, None]


def test_a_malformed_parameter_set_changes_nothing() -> None:
    parameter_sets = knowing(SPS, PPS)
    with pytest.raises(BitstreamError):
        parameter_sets.including((OTHER_SPS, OTHER_PPS, b"\x67\x42", Sps(width_mbs=80).nal_unit()))
    assert parameter_sets.insert((IDR,)) == (SPS, PPS, IDR)
    assert parameter_sets.sps_for(1) is None


def test_what_was_known_before_stays_as_it_was() -> None:
    parameter_sets = knowing(SPS, PPS)
    assert parameter_sets.including((OTHER_SPS, OTHER_PPS)).sps_for(1) is not None
    assert parameter_sets.sps_for(1) is None


NAL_UNITS = st.sampled_from([*ALL, AUD, SEI, IDR, OTHER_IDR, SHARED_IDR, P]) | st.binary(
    max_size=12
)


@given(st.lists(st.lists(NAL_UNITS, max_size=6).map(tuple), max_size=5))
def test_any_nal_units_are_taken_or_raise_bitstream_error(units: list[tuple[bytes, ...]]) -> None:
    """And whatever comes out holds what went in, in its order, with nothing in it twice."""
    parameter_sets = ParameterSets()
    for unit in units:
        try:
            parameter_sets = parameter_sets.including(unit)
            inserted = parameter_sets.insert(unit)
        except BitstreamError:
            continue
        added = list(inserted)
        for nal_unit in unit:
            added.remove(nal_unit)
        assert not set(added) & set(unit)
        assert len(set(added)) == len(added)
        rest = iter(inserted)
        assert all(nal_unit in rest for nal_unit in unit)
        assert parameter_sets.insert(inserted) == inserted
