"""The parts of H.264 that passing it through needs. Pure.

    bits                 Exp-Golomb codes, emulation prevention
    nal_unit             Annex B, NAL unit types
    parameter_sets       SPS and PPS as values
    parameter_set_cache  the sets seen so far, put in front of an entry point
    slice_header         which picture a slice belongs to
    recovery_point       where decoding can begin without an IDR

The names of these six are imported from here. Built on them, and imported by their module:

    coded_picture        one picture: NAL units, slice header, parameter sets, parsed once
    display_order        in which order pictures are shown (pic_order_cnt)
    continuity           whether a picture follows the last one (frame_num)
    avcc                 length-prefixed NAL units and `avcC`, for MP4 and WebCodecs
    playable             what browsers play over WebRTC

Malformed bytes raise BitstreamError, nothing else.
"""

from __future__ import annotations

from .nal_unit import (
    SLICE_TYPES,
    NalUnitType,
    is_idr,
    nal_unit_type,
    split_annex_b,
)
from .parameter_set_cache import ParameterSets
from .parameter_sets import PictureParameterSet, SequenceParameterSet, parse_pps, parse_sps
from .recovery_point import RecoveryPoint, find_recovery_point
from .slice_header import SliceHeader, parse_slice_header

__all__ = [
    "SLICE_TYPES",
    "NalUnitType",
    "ParameterSets",
    "PictureParameterSet",
    "RecoveryPoint",
    "SequenceParameterSet",
    "SliceHeader",
    "find_recovery_point",
    "is_idr",
    "nal_unit_type",
    "parse_pps",
    "parse_slice_header",
    "parse_sps",
    "split_annex_b",
]
