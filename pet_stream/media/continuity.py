"""Whether a picture is the next one of its stream, told from frame_num alone (H.264 7.4.3)."""

from __future__ import annotations

from collections.abc import Iterable
from enum import Enum, auto

from ..errors import ParameterSetUnknown
from .h264 import (
    SLICE_TYPES,
    NalUnitType,
    ParameterSets,
    SequenceParameterSet,
    SliceHeader,
    is_idr,
    nal_unit_type,
    parse_slice_header,
)


class Continuity(Enum):
    FIRST = auto()
    """No picture was delivered yet, so there is nothing it could follow."""
    NEXT = auto()
    """Follows the last picture delivered."""
    GAP = auto()
    """Does not follow: reference pictures are missing, or this is one from before."""
    UNKNOWN = auto()
    """Can't be told: its parameter sets are unknown, or there is no slice in it."""


class ReferenceChain:
    """Follows frame_num from picture to picture. Owned by one thread, like its parameter sets.

    A picture's frame_num is one more than that of the last *reference* picture, modulo
    MaxFrameNum, and 0 at an IDR. What it can't tell: a lost non-reference picture (nothing else
    depends on it), one of them delivered twice, and the loss of exactly MaxFrameNum reference
    pictures. memory_management_control_operation 5, which sets frame_num back to 0 in mid-GOP,
    is not followed: the picture behind it counts as a gap. The first slice speaks for all.
    """

    def __init__(self) -> None:
        self.parameter_sets = ParameterSets()
        self._reference_frame_num: int | None = None
        self._open_field: SliceHeader | None = None

    def check(self, nal_units: Iterable[bytes]) -> Continuity:
        """How this picture follows the last one given to `advance`; changes nothing.

        An IDR is always NEXT: it refers to nothing. Parameter sets in the picture itself count.
        Raises BitstreamError for a malformed parameter set or slice header.
        """
        nal_units = tuple(nal_units)
        first_slice = _first_slice(nal_units)
        if first_slice is None:
            return Continuity.UNKNOWN
        try:
            header, sps = _parse(first_slice, self._parameter_sets_with(nal_units))
        except ParameterSetUnknown:
            return Continuity.NEXT if is_idr((first_slice,)) else Continuity.UNKNOWN
        if header.is_idr:
            return Continuity.NEXT
        if self._reference_frame_num is None:
            return Continuity.FIRST
        if header.frame_num == (self._reference_frame_num + 1) % (1 << sps.log2_max_frame_num):
            return Continuity.NEXT
        if header.frame_num == self._reference_frame_num:
            return Continuity.NEXT if self._is_second_field(header) else Continuity.GAP
        return Continuity.NEXT if sps.gaps_in_frame_num_allowed else Continuity.GAP

    def advance(self, nal_units: Iterable[bytes]) -> None:
        """This picture was delivered, whatever `check` said of it: the next one has to follow it.

        Takes its parameter sets; without a slice in it nothing else. Raises BitstreamError for a
        malformed parameter set or slice header and then changes nothing.
        """
        nal_units = tuple(nal_units)
        first_slice = _first_slice(nal_units)
        if first_slice is not None:
            try:
                header, sps = _parse(first_slice, self._parameter_sets_with(nal_units))
            except ParameterSetUnknown:
                self._reference_frame_num = 0 if is_idr((first_slice,)) else None
                self._open_field = None
            else:
                self._follow(header, sps)
        self.parameter_sets.update(nal_units)

    def reset(self) -> None:
        """Forget the last picture, as after a gap. The parameter sets stay: they may never come
        again. For another camera's stream make another chain."""
        self._reference_frame_num = None
        self._open_field = None

    def _follow(self, header: SliceHeader, sps: SequenceParameterSet) -> None:
        completes_frame = self._open_field is not None and self._is_second_field(header)
        is_first_field = header.is_field and header.is_reference and not completes_frame
        self._open_field = header if is_first_field else None
        self._reference_frame_num = (
            header.frame_num
            if header.is_reference
            else (header.frame_num - 1) % (1 << sps.log2_max_frame_num)
        )

    def _is_second_field(self, header: SliceHeader) -> bool:
        """Whether the last picture and this one are the two reference fields of one frame."""
        first = self._open_field
        return (
            first is not None
            and header.is_field
            and header.is_reference
            and header.frame_num == first.frame_num
            and header.is_bottom_field != first.is_bottom_field
        )

    def _parameter_sets_with(self, nal_units: tuple[bytes, ...]) -> ParameterSets:
        if not any(nal_unit_type(nal_unit) in _PARAMETER_SETS for nal_unit in nal_units):
            return self.parameter_sets
        parameter_sets = self.parameter_sets.copy()
        parameter_sets.update(nal_units)
        return parameter_sets


_PARAMETER_SETS = (NalUnitType.SPS, NalUnitType.PPS)


def _first_slice(nal_units: tuple[bytes, ...]) -> bytes | None:
    return next((n for n in nal_units if nal_unit_type(n) in SLICE_TYPES), None)


def _parse(
    slice_nal_unit: bytes, parameter_sets: ParameterSets
) -> tuple[SliceHeader, SequenceParameterSet]:
    header = parse_slice_header(slice_nal_unit, parameter_sets)
    sps = parameter_sets.sps_for(header.pic_parameter_set_id)
    if sps is None:  # parse_slice_header has just used it
        raise ParameterSetUnknown
    return header, sps
