from __future__ import annotations

from uuid import UUID, uuid4

import pytest

from pet_stream.media.nal_unit import NalUnitType, nal_unit_type, split_annex_b
from pet_stream.media.recording_id import find_id, id_box, id_sei, is_clip, new_id, with_id
from tests.footage import encode

IDS = [UUID(int=0), UUID(int=1), UUID(int=2**128 - 1), uuid4()]


@pytest.mark.parametrize("recording_id", IDS)
def test_the_id_is_found_again_in_a_box_and_in_an_sei(recording_id: UUID) -> None:
    assert find_id(b"ftyp" + id_box(recording_id) + b"moov") == recording_id
    assert find_id(b"\0\0\0\1" + id_sei(recording_id) + b"\0\0\0\1") == recording_id


@pytest.mark.parametrize("recording_id", IDS)
def test_the_sei_needs_no_emulation_prevention(recording_id: UUID) -> None:
    sei = id_sei(recording_id)
    assert split_annex_b(b"\0\0\0\1" + sei) == (sei,)
    assert not any(sei[i : i + 2] == b"\0\0" and sei[i + 2] <= 3 for i in range(len(sei) - 2))
    assert sei[2] == len(sei) - 4  # payloadSize


def test_the_sei_stands_between_the_parameter_sets_and_the_first_slice() -> None:
    nal_units = split_annex_b(encode(pictures=1)[0])
    marked = with_id(nal_units, IDS[-1])
    assert tuple(n for n in marked if n != id_sei(IDS[-1])) == nal_units
    kinds = [nal_unit_type(n) for n in marked]
    at = marked.index(id_sei(IDS[-1]))
    assert kinds[at + 1] == NalUnitType.IDR_SLICE
    assert {NalUnitType.SPS, NalUnitType.PPS} <= {*kinds[:at]}


def test_the_id_of_a_clip_says_so() -> None:
    clips, recordings = ([new_id(is_clip=c) for _ in range(100)] for c in (True, False))
    assert all(map(is_clip, clips))
    assert not any(map(is_clip, [*recordings, *IDS]))
    assert len({*clips, *recordings}) == 200


@pytest.mark.parametrize(
    "data", [b"", b"ftyp", id_box(IDS[0])[:-1], id_box(IDS[0])[:-32] + b"x" * 32]
)
def test_other_files_have_none(data: bytes) -> None:
    assert find_id(data) is None
