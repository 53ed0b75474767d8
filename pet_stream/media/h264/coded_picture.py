"""One coded picture, parsed once: its NAL units, slice header and parameter sets."""

from __future__ import annotations

from typing import NamedTuple

from ...errors import ParameterSetUnknown
from . import (
    SLICE_TYPES,
    NalUnitType,
    ParameterSets,
    SequenceParameterSet,
    SliceHeader,
    nal_unit_type,
    parse_slice_header,
)
from .parameter_set_cache import PARAMETER_SET_TYPES


class CodedPicture(NamedTuple):
    """An access unit as the camera made it. Only its first slice is parsed (H.264 7.4.1)."""

    nal_units: tuple[bytes, ...]
    """Without start codes, in decoding order."""
    is_idr: bool
    has_slice: bool
    """False for parameter sets or SEI alone."""
    slice_header: SliceHeader | None
    """None without a slice, or while its parameter sets are unknown."""
    sps: SequenceParameterSet | None
    """The SPS that the slice refers to; None where `slice_header` is None."""
    earlier_parameter_sets: ParameterSets
    """The parameter sets that the stream had sent before this picture."""
    parameter_sets: ParameterSets
    """The same, including those in this picture."""

    @classmethod
    def parse(cls, nal_units: tuple[bytes, ...], earlier: ParameterSets) -> CodedPicture:
        """Parse a picture of a stream that has sent `earlier`; its own parameter sets count too.

        Raises BitstreamError for a malformed parameter set or slice header.
        """
        types = [nal_unit_type(nal_unit) for nal_unit in nal_units]
        parameter_sets = earlier
        if not PARAMETER_SET_TYPES.isdisjoint(types):
            parameter_sets = earlier.including(nal_units)
        position = next((i for i, kind in enumerate(types) if kind in SLICE_TYPES), None)
        header = sps = None
        if position is not None:
            try:
                header = parse_slice_header(nal_units[position], parameter_sets)
                sps = parameter_sets.sps_for(header.pic_parameter_set_id)
            except ParameterSetUnknown:
                pass
        return cls(
            nal_units=nal_units,
            is_idr=position is not None and types[position] == NalUnitType.IDR_SLICE,
            has_slice=position is not None,
            slice_header=header,
            sps=sps,
            earlier_parameter_sets=earlier,
            parameter_sets=parameter_sets,
        )
