"""H.264 as far as passing it through needs it: one import for what lies in the modules below.

    bits                 Exp-Golomb codes, emulation prevention
    nal_unit             Annex B, NAL unit types, recovery points
    parameter_sets       SPS and PPS as values
    parameter_set_cache  those seen so far, put in front of an IDR
    slice_header         which picture a slice belongs to

Whatever bytes they are given, these raise BitstreamError and nothing else.
"""

from __future__ import annotations

from .nal_unit import NalUnitType, is_idr, is_recovery_point, nal_unit_type, split_annex_b
from .parameter_set_cache import ParameterSets
from .parameter_sets import PictureParameterSet, SequenceParameterSet, parse_pps, parse_sps
from .slice_header import SLICE_TYPES, SliceHeader, parse_slice_header

__all__ = [
    "SLICE_TYPES",
    "NalUnitType",
    "ParameterSets",
    "PictureParameterSet",
    "SequenceParameterSet",
    "SliceHeader",
    "is_idr",
    "is_recovery_point",
    "nal_unit_type",
    "parse_pps",
    "parse_slice_header",
    "parse_sps",
    "split_annex_b",
]
