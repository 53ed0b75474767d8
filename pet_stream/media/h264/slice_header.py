"""Parses the start of a slice header (H.264 7.3.3): which picture a slice belongs to."""

from __future__ import annotations

from typing import NamedTuple

from ...errors import BitstreamError, ParameterSetUnknown
from .bits import BitReader, unescape
from .nal_unit import SLICE_TYPES, NalUnitType, nal_unit_type
from .parameter_set_cache import ParameterSets
from .parameter_sets import MAX_PPS_ID

_MAX_FIRST_MB = 139_263  # MaxFS - 1 of level 6.2 (A.3.1)
_MAX_START_BYTES = 32  # the elements below take 15 bytes at most, 22 with emulation prevention
_INTRA_SLICE_TYPES = (2, 4)


class SliceHeader(NamedTuple):
    first_mb_in_slice: int
    slice_type: int
    """0 P, 1 B, 2 I, 3 SP, 4 SI (table 7-6, modulo 5)."""
    pic_parameter_set_id: int
    frame_num: int
    is_field: bool
    is_bottom_field: bool
    idr_pic_id: int | None
    """None unless `is_idr`."""
    nal_ref_idc: int
    is_idr: bool
    pic_order_cnt_lsb: int | None = None
    """None where the SPS says that pictures are shown as they are decoded."""

    @property
    def is_reference(self) -> bool:
        """Whether other pictures may be predicted from this one."""
        return self.nal_ref_idc != 0


def is_intra_slice(nal_unit: bytes) -> bool:
    """Whether this NAL unit refers to no other picture: anything but a P, B or SP slice."""
    if nal_unit_type(nal_unit) not in SLICE_TYPES:
        return True
    reader = BitReader(unescape(nal_unit[1:_MAX_START_BYTES]))
    reader.ue()  # first_mb_in_slice
    return reader.ue() % 5 in _INTRA_SLICE_TYPES


def parse_slice_header(nal_unit: bytes, parameter_sets: ParameterSets) -> SliceHeader:
    """Parse the slice header up to pic_order_cnt_lsb.

    Raises ParameterSetUnknown if the slice refers to a PPS or SPS not in `parameter_sets`,
    BitstreamError if `nal_unit` is not a slice or its header is malformed.
    """
    kind = nal_unit_type(nal_unit)
    if kind not in SLICE_TYPES:
        raise BitstreamError(f"NAL unit type {kind} does not begin with a slice header")
    is_idr = kind == NalUnitType.IDR_SLICE
    reader = BitReader(unescape(nal_unit[1:_MAX_START_BYTES]))
    first_mb_in_slice = reader.ue_up_to(_MAX_FIRST_MB, "first_mb_in_slice")
    slice_type = reader.ue_up_to(9, "slice_type") % 5
    pic_parameter_set_id = reader.ue_up_to(MAX_PPS_ID, "pic_parameter_set_id")
    if is_idr and slice_type not in _INTRA_SLICE_TYPES:
        raise BitstreamError("A slice of an IDR picture is not intra coded")
    sps = parameter_sets.sps_by_pps.get(pic_parameter_set_id)
    if sps is None:
        raise ParameterSetUnknown(parameter_sets.why_unknown(pic_parameter_set_id))
    if sps.separate_colour_plane:
        reader.u(2)  # colour_plane_id
    frame_num = reader.u(sps.log2_max_frame_num)
    if is_idr and frame_num:
        raise BitstreamError(f"frame_num of an IDR picture is {frame_num}, not 0")
    is_field = not sps.frame_mbs_only and reader.flag()
    is_bottom_field = is_field and reader.flag()
    idr_pic_id = reader.ue_up_to(65535, "idr_pic_id") if is_idr else None
    return SliceHeader(
        first_mb_in_slice=first_mb_in_slice,
        slice_type=slice_type,
        pic_parameter_set_id=pic_parameter_set_id,
        frame_num=frame_num,
        is_field=is_field,
        is_bottom_field=is_bottom_field,
        idr_pic_id=idr_pic_id,
        nal_ref_idc=nal_unit[0] >> 5 & 3,
        is_idr=is_idr,
        pic_order_cnt_lsb=reader.u(sps.log2_max_pic_order_cnt_lsb) if sps.may_reorder else None,
    )
