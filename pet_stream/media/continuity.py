"""Whether a picture is the next one of its stream, told from frame_num alone (H.264 7.4.3)."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from enum import Enum, auto
from typing import NamedTuple

from ..errors import ParameterSetUnknown
from .h264 import (
    SLICE_TYPES,
    NalUnitType,
    ParameterSets,
    SequenceParameterSet,
    SliceHeader,
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


class _Start(NamedTuple):
    """What the first slice of a picture says."""

    is_idr: bool
    coded: tuple[SliceHeader, SequenceParameterSet] | None
    """None when its parameter sets are unknown."""


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
        return self._continuity(self._start_of(tuple(nal_units)))

    def advance(self, nal_units: Iterable[bytes]) -> Continuity:
        """This picture was delivered, whatever `check` says of it, and is returned here: the next
        one has to follow it.

        Takes its parameter sets; without a slice in it nothing else. Raises BitstreamError for a
        malformed parameter set or slice header and then changes nothing.
        """
        nal_units = tuple(nal_units)
        start = self._start_of(nal_units)
        continuity = self._continuity(start)
        if start is not None:
            self._follow(start)
        self.parameter_sets.update(nal_units)
        return continuity

    def reset(self) -> None:
        """Forget the last picture, as after a gap. The parameter sets stay: they may never come
        again. For another camera's stream make another chain."""
        self._reference_frame_num = None
        self._open_field = None

    def _continuity(self, start: _Start | None) -> Continuity:
        if start is None:
            return Continuity.UNKNOWN
        if start.is_idr:
            return Continuity.NEXT
        if start.coded is None:
            return Continuity.UNKNOWN
        if self._reference_frame_num is None:
            return Continuity.FIRST
        header, sps = start.coded
        if header.frame_num == (self._reference_frame_num + 1) % (1 << sps.log2_max_frame_num):
            return Continuity.NEXT
        if header.frame_num == self._reference_frame_num:
            return Continuity.NEXT if self._is_second_field(header) else Continuity.GAP
        return Continuity.NEXT if sps.gaps_in_frame_num_allowed else Continuity.GAP

    def _follow(self, start: _Start) -> None:
        if start.coded is None:
            self._reference_frame_num = 0 if start.is_idr else None
            self._open_field = None
            return
        header, sps = start.coded
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

    def _start_of(self, nal_units: tuple[bytes, ...]) -> _Start | None:
        """Of a picture, with the parameter sets that it brings; None without a slice in it."""
        first_slice = next((n for n in nal_units if nal_unit_type(n) in SLICE_TYPES), None)
        if first_slice is None:
            return None
        coded = None
        parameter_sets = self._parameter_sets_with(nal_units)
        with suppress(ParameterSetUnknown):
            header = parse_slice_header(first_slice, parameter_sets)
            sps = parameter_sets.sps_for(header.pic_parameter_set_id)
            assert sps is not None  # parse_slice_header has just used it
            coded = header, sps
        return _Start(nal_unit_type(first_slice) == NalUnitType.IDR_SLICE, coded)

    def _parameter_sets_with(self, nal_units: tuple[bytes, ...]) -> ParameterSets:
        if not any(nal_unit_type(nal_unit) in _PARAMETER_SETS for nal_unit in nal_units):
            return self.parameter_sets
        parameter_sets = self.parameter_sets.copy()
        parameter_sets.update(nal_units)
        return parameter_sets


_PARAMETER_SETS = (NalUnitType.SPS, NalUnitType.PPS)
