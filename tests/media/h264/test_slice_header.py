from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pet_stream.errors import BitstreamError, ParameterSetUnknown
from pet_stream.media.h264.parameter_set_cache import ParameterSets
from pet_stream.media.h264.slice_header import parse_slice_header
from tests.media.syntax import Sps, pps, slice_nal_unit


def knowing(*nal_units: bytes) -> ParameterSets:
    return ParameterSets().including(nal_units)


PLANES = {"profile_idc": 244, "chroma_format_idc": 3, "separate_colour_plane": True}


@given(
    idr=st.booleans(),
    ref_idc=st.integers(0, 3),
    pps_id=st.integers(0, 255),
    sps_id=st.integers(0, 31),
    first_mb=st.integers(0, 139_263),
    kind=st.integers(0, 9),
    field=st.sampled_from(["", "top", "bottom"]),
    idr_pic_id=st.integers(0, 65535),
    planes=st.booleans(),
    log2_max_frame_num=st.integers(4, 16),
    data=st.data(),
)
def test_reads_any_legal_start(
    idr: bool,
    ref_idc: int,
    pps_id: int,
    sps_id: int,
    first_mb: int,
    kind: int,
    field: str,
    idr_pic_id: int,
    planes: bool,
    log2_max_frame_num: int,
    data: st.DataObject,
) -> None:
    sps = Sps(
        sps_id=sps_id,
        log2_max_frame_num=log2_max_frame_num,
        frame_mbs_only=not field,
        **PLANES if planes else {},  # type: ignore[arg-type]
    )
    if idr:
        kind = kind // 5 * 5 + (2 if kind % 2 else 4)
    frame_num = 0 if idr else data.draw(st.integers(0, (1 << log2_max_frame_num) - 1))
    header = parse_slice_header(
        slice_nal_unit(
            frame_num,
            idr=idr,
            ref_idc=ref_idc,
            pps_id=pps_id,
            first_mb=first_mb,
            slice_type=kind,
            field=field,
            idr_pic_id=idr_pic_id,
            sps=sps,
        ),
        knowing(sps.nal_unit(), pps(pps_id, sps_id)),
    )
    assert header.first_mb_in_slice == first_mb
    assert header.slice_type == kind % 5
    assert header.pic_parameter_set_id == pps_id
    assert header.frame_num == frame_num
    assert (header.is_field, header.is_bottom_field) == (bool(field), field == "bottom")
    assert header.idr_pic_id == (idr_pic_id if idr else None)
    assert header.nal_ref_idc == ref_idc
    assert header.is_reference == (ref_idc > 0)
    assert header.is_idr == idr


def test_reads_the_longest_legal_start_to_its_end() -> None:
    sps = Sps(log2_max_frame_num=16, frame_mbs_only=False, **PLANES)  # type: ignore[arg-type]
    nal_unit = slice_nal_unit(
        idr=True,
        first_mb=2**17 - 1,
        slice_type=9,
        pps_id=255,
        field="bottom",
        idr_pic_id=65535,
        sps=sps,
    )
    header = parse_slice_header(nal_unit, knowing(sps.nal_unit(), pps(255)))
    assert header.idr_pic_id == 65535


KNOWN = knowing(Sps().nal_unit(), pps(0), pps(1, sps_id=7))


@pytest.mark.parametrize(
    ("nal_unit", "reason"),
    [
        (b"", "empty"),
        (b"\x67\x42\xc0\x1f", "type 7"),
        (b"\x43\x88", "type 3"),
        (b"\x41", "ends"),
        (b"\x41\x9a", "ends"),
        (b"\x41" + bytes(40), "Exp-Golomb"),
        (slice_nal_unit(first_mb=139_264), "first_mb_in_slice"),
        (slice_nal_unit(slice_type=10), "slice_type is 10"),
        (slice_nal_unit(pps_id=256), "pic_parameter_set_id is 256"),
        (slice_nal_unit(idr=True, slice_type=5), "not intra"),
        (slice_nal_unit(3, idr=True), "frame_num of an IDR"),
        (slice_nal_unit(idr=True, idr_pic_id=65536), "idr_pic_id"),
    ],
)
def test_refuses_malformed_starts(nal_unit: bytes, reason: str) -> None:
    with pytest.raises(BitstreamError, match=reason):
        parse_slice_header(nal_unit, KNOWN)


@pytest.mark.parametrize(
    ("pps_id", "missing"), [(1, "sequence parameter set 7"), (2, "picture parameter set 2")]
)
def test_names_a_parameter_set_that_is_not_there(pps_id: int, missing: str) -> None:
    with pytest.raises(ParameterSetUnknown, match=missing):
        parse_slice_header(slice_nal_unit(pps_id=pps_id), KNOWN)
