from __future__ import annotations

import pytest

from pet_stream.media.clip_mark import MARK_BOX, MARK_SEI, has_mark, with_mark
from pet_stream.media.h264.nal_unit import NalUnitType, nal_unit_type, split_annex_b
from tests.footage import encode


def test_the_mark_is_found_in_a_box_and_in_an_sei() -> None:
    assert has_mark(b"ftyp" + MARK_BOX + b"moov")
    assert has_mark(b"\0\0\0\1" + MARK_SEI + b"\0\0\0\1")


def test_the_sei_needs_no_emulation_prevention() -> None:
    assert split_annex_b(b"\0\0\0\1" + MARK_SEI) == (MARK_SEI,)
    assert 0 not in MARK_SEI
    assert MARK_SEI[2] == len(MARK_SEI) - 4  # payloadSize


def test_the_sei_stands_between_the_parameter_sets_and_the_first_slice() -> None:
    nal_units = split_annex_b(encode(pictures=1)[0])
    marked = with_mark(nal_units)
    assert tuple(n for n in marked if n != MARK_SEI) == nal_units
    kinds = [nal_unit_type(n) for n in marked]
    at = marked.index(MARK_SEI)
    assert kinds[at + 1] == NalUnitType.IDR_SLICE
    assert {NalUnitType.SPS, NalUnitType.PPS} <= {*kinds[:at]}


@pytest.mark.parametrize("data", [b"", b"ftyp", MARK_BOX[:-1]])
def test_other_files_have_none(data: bytes) -> None:
    assert not has_mark(data)
