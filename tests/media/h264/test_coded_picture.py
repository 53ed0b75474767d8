from __future__ import annotations

from typing import Literal

import pytest

from pet_stream.errors import BitstreamError
from pet_stream.media.h264 import ParameterSets, split_annex_b
from pet_stream.media.h264.coded_picture import CodedPicture
from tests.footage import encode
from tests.media.syntax import Sps, pps, slice_nal_unit

NONE = ParameterSets()
SPS, PPS = Sps().nal_unit(), pps()
WIDER, WIDER_PPS = Sps(sps_id=1, width_mbs=40).nal_unit(), pps(1, sps_id=1)
IDR = slice_nal_unit(idr=True)
P = slice_nal_unit(3)


@pytest.mark.parametrize("slices", [1, 3])
@pytest.mark.parametrize("headers", ["first", "each"])
def test_every_picture_of_a_stream_is_known_from_one_look(
    headers: Literal["first", "each"], slices: int
) -> None:
    parameter_sets = NONE
    for number, data in enumerate(encode(gop=7, pictures=21, headers=headers, slices=slices)):
        picture = CodedPicture.parse(split_annex_b(data), parameter_sets)
        assert picture.earlier_parameter_sets is parameter_sets
        assert (picture.parameter_sets is parameter_sets) == (number > 0), "nothing new after all"
        assert picture.is_idr == (number % 7 == 0)
        assert picture.slice_header is not None
        assert picture.slice_header.frame_num == number % 7
        assert picture.sps is not None
        parameter_sets = picture.parameter_sets


def test_parameter_sets_of_the_picture_itself_count() -> None:
    known = NONE.including((SPS, PPS))
    slice_ = slice_nal_unit(idr=True, pps_id=1)
    picture = CodedPicture.parse((WIDER, WIDER_PPS, slice_), known)
    assert picture.sps is not None
    assert picture.sps.width == 640
    assert 0 in picture.parameter_sets.sps_by_pps
    assert CodedPicture.parse((slice_,), known).sps is None


@pytest.mark.parametrize(
    ("nal_units", "has_slice", "is_idr"),
    [
        ((), False, False),
        ((SPS, PPS), False, False),
        ((P,), True, False),
        ((b"\x09\x10", IDR), True, True),
        ((P, IDR), True, False),
    ],
)
def test_says_what_it_can_without_parameter_sets(
    nal_units: tuple[bytes, ...], has_slice: bool, is_idr: bool
) -> None:
    picture = CodedPicture.parse(nal_units, NONE)
    assert (picture.has_slice, picture.is_idr) == (has_slice, is_idr)
    assert picture.slice_header is None
    assert picture.sps is None


def test_the_first_slice_speaks_for_its_picture() -> None:
    known = NONE.including((SPS, PPS))
    assert not CodedPicture.parse((P, IDR), known).is_idr
    assert CodedPicture.parse((IDR, P), known).is_idr


@pytest.mark.parametrize(
    "nal_units",
    [(b"",), (b"\x41",), (b"\x65\x88", IDR), (SPS, PPS, slice_nal_unit(3, idr=True))],
)
def test_a_malformed_picture_raises_bitstream_error(nal_units: tuple[bytes, ...]) -> None:
    with pytest.raises(BitstreamError):
        CodedPicture.parse(nal_units, NONE.including((SPS, PPS)))


AUD, SEI = b"\x09\x10", b"\x06\x01\x01\x12\x80"
CHANGED_PPS = pps(init_qp=3)
WIDE_SPS = Sps(width_mbs=80).nal_unit()


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ((AUD, SPS, PPS, SEI, IDR), (AUD, SPS, PPS, SEI, IDR)),
        ((SPS, PPS, AUD, IDR), (SPS, PPS, IDR)),
        ((AUD, SEI, AUD, IDR, AUD), (AUD, SEI, IDR)),
        ((IDR, AUD, IDR), (IDR, IDR)),
        # malformed, so that a decoder may fail at it
        ((b"\x67\x42", SPS, PPS, b"\x68\x80", IDR), (SPS, PPS, IDR)),
        ((b"\x67\x42", IDR), (IDR,)),
        # replaced before it is used
        ((WIDE_SPS, SPS, PPS, IDR), (SPS, PPS, IDR)),
        # behind a slice they are the next picture's
        ((IDR, WIDE_SPS, CHANGED_PPS), (IDR,)),
        ((SPS, PPS, IDR, SPS, PPS, AUD), (SPS, PPS, IDR)),
    ],
)
def test_what_is_of_no_use_is_left_out(before: tuple[bytes, ...], after: tuple[bytes, ...]) -> None:
    picture = CodedPicture.parse(before, NONE.including((SPS, PPS)))
    assert picture.nal_units == after
    assert picture.is_idr
    assert picture.sps is not None
    assert picture.sps.width == 320


def test_parameter_sets_behind_the_slices_count_from_the_next_picture_on() -> None:
    picture = CodedPicture.parse((IDR, WIDE_SPS, CHANGED_PPS), NONE.including((SPS, PPS)))
    assert picture.parameter_sets.insert((IDR,)) == (SPS, PPS, IDR)
    following = CodedPicture.parse((IDR,), picture.later_parameter_sets)
    assert following.parameter_sets.insert((IDR,)) == (WIDE_SPS, CHANGED_PPS, IDR)
