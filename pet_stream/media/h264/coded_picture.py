"""One coded picture, parsed once: its NAL units, slice header and parameter sets."""

from __future__ import annotations

from typing import NamedTuple

from ...errors import BitstreamError, ParameterSetUnknown
from . import (
    SLICE_TYPES,
    NalUnitType,
    ParameterSets,
    RecoveryPoint,
    SequenceParameterSet,
    SliceHeader,
    find_recovery_point,
    nal_unit_type,
    parse_slice_header,
)
from .nal_unit import nal_unit_types
from .parameter_set_cache import PARAMETER_SET_TYPES
from .recovery_point import RECOVERY_POINT
from .slice_header import is_intra_slice

_IN_FRONT = PARAMETER_SET_TYPES | {NalUnitType.AUD}


class CodedPicture(NamedTuple):
    """An access unit as the camera made it. Only its first slice is parsed (H.264 7.4.1)."""

    nal_units: tuple[bytes, ...]
    """What can be used of them, without start codes, in decoding order."""
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
    """The same, including those in front of this picture's slices."""
    later_parameter_sets: ParameterSets
    """The same, including those behind them: they are the next picture's (7.4.1.2.3)."""
    recovery_point: RecoveryPoint | None
    """Where decoding can begin with this picture though it is no IDR."""
    is_entry_point: bool
    """Whether decoding can begin with this picture, given its parameter sets."""

    @classmethod
    def parse(cls, nal_units: tuple[bytes, ...], earlier: ParameterSets) -> CodedPicture:
        """Parse a picture of a stream that has sent `earlier`; its own parameter sets count too.

        Malformed parameter sets are left out, as are those behind a slice and delimiters that are
        not at the beginning. Raises BitstreamError for a malformed slice header.
        """
        types = nal_unit_types(nal_units)
        is_slice = [kind in SLICE_TYPES for kind in types]
        position = is_slice.index(True) if any(is_slice) else None
        in_front, slices = nal_units[:position], () if position is None else nal_units[position:]
        parameter_sets = later = earlier
        if not _IN_FRONT.isdisjoint(types):
            parameter_sets = earlier.including(in_front)
            later = parameter_sets.including(slices)
            nal_units = _tidied(nal_units, parameter_sets)
        header = sps = recovery_point = None
        if slices:
            try:
                header = parse_slice_header(slices[0], parameter_sets)
                sps = parameter_sets.sps_by_pps[header.pic_parameter_set_id]
            except ParameterSetUnknown:
                pass
            except BitstreamError as exc:
                raise BitstreamError(f"A slice header is malformed: {exc}") from exc
        if header is not None and sps is not None and NalUnitType.SEI in types[:position]:
            recovery_point = _usable_recovery_point(in_front, slices, header, sps)
        is_idr = position is not None and types[position] == NalUnitType.IDR_SLICE
        return cls(
            nal_units=nal_units,
            is_idr=is_idr,
            has_slice=position is not None,
            slice_header=header,
            sps=sps,
            earlier_parameter_sets=earlier,
            parameter_sets=parameter_sets,
            later_parameter_sets=later,
            recovery_point=recovery_point,
            is_entry_point=is_idr or recovery_point is not None,
        )


def _usable_recovery_point(
    in_front: tuple[bytes, ...],
    slices: tuple[bytes, ...],
    header: SliceHeader,
    sps: SequenceParameterSet,
) -> RecoveryPoint | None:
    """Returns the recovery point of a picture that is no IDR, if it can be one.

    recovery_frame_cnt is below MaxFrameNum (D.2.8). Where it is 0, this picture itself has to be
    right, so it can't be predicted from others.
    """
    in_question = [nal_unit for nal_unit in in_front if RECOVERY_POINT in nal_unit[1:]]
    if header.is_idr or not in_question:  # some cameras have an SEI in each picture
        return None
    found = find_recovery_point(in_question)
    if found is None or found.frame_count >= 1 << sps.log2_max_frame_num:
        return None
    try:
        is_alone = all(map(is_intra_slice, slices))
    except BitstreamError:
        return None
    return found if found.frame_count or is_alone else None


def _tidied(nal_units: tuple[bytes, ...], parameter_sets: ParameterSets) -> tuple[bytes, ...]:
    """Returns `nal_units` with a delimiter only at the beginning, and with those parameter sets
    only that are in front of the slices and among `parameter_sets`."""
    tidied: list[bytes] = []
    is_in_front = True
    for nal_unit in nal_units:
        kind = nal_unit_type(nal_unit)
        if kind in SLICE_TYPES:
            is_in_front = False
        if kind == NalUnitType.AUD:
            is_kept = not tidied
        elif kind in PARAMETER_SET_TYPES:
            is_kept = is_in_front and nal_unit in parameter_sets
        else:
            is_kept = True
        if is_kept:
            tidied.append(nal_unit)
    return tuple(tidied)
