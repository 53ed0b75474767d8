"""The parameter sets that a stream has sent so far, for the pictures that come without them."""

from __future__ import annotations

from collections.abc import Iterable

from ...errors import ParameterSetUnknown
from .bits import BitReader, unescape
from .nal_unit import NalUnitType, nal_unit_type
from .parameter_sets import (
    MAX_PPS_ID,
    PictureParameterSet,
    SequenceParameterSet,
    parse_pps,
    parse_sps,
)

PARAMETER_SET_TYPES = frozenset({NalUnitType.SPS, NalUnitType.PPS})


class ParameterSets:
    """Every SPS and PPS by its id; a later one replaces an earlier one. Immutable."""

    __slots__ = ("_pps", "_seen", "_sps")

    def __init__(self) -> None:
        self._sps: dict[int, tuple[bytes, SequenceParameterSet]] = {}
        self._pps: dict[int, tuple[bytes, PictureParameterSet]] = {}
        self._seen: frozenset[bytes] = frozenset()  # the NAL units in both, to know them again

    def including(self, nal_units: Iterable[bytes]) -> ParameterSets:
        """Returns these and the parameter sets among `nal_units`; `self` if none of them is new.

        Raises BitstreamError for a malformed one.
        """
        carried = [n for n in nal_units if nal_unit_type(n) in PARAMETER_SET_TYPES]
        if self._seen.issuperset(carried):
            return self
        sets = ParameterSets()
        sets._sps = self._sps.copy()
        sets._pps = self._pps.copy()
        for nal_unit in carried:
            if nal_unit_type(nal_unit) == NalUnitType.SPS:
                sps = parse_sps(nal_unit)
                sets._sps[sps.seq_parameter_set_id] = nal_unit, sps
            else:
                pps = parse_pps(nal_unit)
                sets._pps[pps.pic_parameter_set_id] = nal_unit, pps
        sets._seen = frozenset(n for n, _ in (*sets._sps.values(), *sets._pps.values()))
        return self if sets == self else sets

    def __eq__(self, other: object) -> bool:
        return self is other or (isinstance(other, ParameterSets) and self._seen == other._seen)

    def __hash__(self) -> int:
        return hash(self._seen)

    def sps_for(self, pic_parameter_set_id: int) -> SequenceParameterSet | None:
        """Returns the SPS that this PPS refers to; None if either is unknown."""
        known_pps = self._pps.get(pic_parameter_set_id)
        if known_pps is None:
            return None
        known_sps = self._sps.get(known_pps[1].seq_parameter_set_id)
        return None if known_sps is None else known_sps[1]

    @property
    def is_complete(self) -> bool:
        """Whether there is a PPS whose SPS is known too."""
        return any(pps.seq_parameter_set_id in self._sps for _, pps in self._pps.values())

    def insert(self, nal_units: tuple[bytes, ...]) -> tuple[bytes, ...]:
        """Returns an IDR access unit with every SPS and PPS that its slices refer to; any other
        access unit unchanged.

        Sets that `nal_units` holds already are neither moved nor doubled. Missing ones come from
        the cache and stand in front of everything but the access unit delimiter (7.4.1.2.3), a PPS
        behind the SPS it refers to. Raises ParameterSetUnknown for one that is not cached either,
        BitstreamError if a parameter set or slice header is malformed.
        """
        slices = [n for n in nal_units if nal_unit_type(n) == NalUnitType.IDR_SLICE]
        if not slices:
            return nal_units
        sets = self.including(nal_units)
        missing_sps: dict[int, bytes] = {}
        missing_pps: dict[int, bytes] = {}
        for pps_id in sorted({_pic_parameter_set_id(nal_unit) for nal_unit in slices}):
            known_pps = sets._pps.get(pps_id)
            if known_pps is None:
                raise ParameterSetUnknown(f"Picture parameter set {pps_id} is unknown")
            known_sps = sets._sps.get(known_pps[1].seq_parameter_set_id)
            if known_sps is None:
                sps_id = known_pps[1].seq_parameter_set_id
                raise ParameterSetUnknown(f"Sequence parameter set {sps_id} is unknown")
            if known_pps[0] not in nal_units:
                missing_pps[pps_id] = known_pps[0]
            if known_sps[0] not in nal_units:
                missing_sps[known_pps[1].seq_parameter_set_id] = known_sps[0]
        if not missing_sps and not missing_pps:
            return nal_units
        front = 1 if nal_unit_type(nal_units[0]) == NalUnitType.AUD else 0
        # A PPS that is missing goes behind the SPS that is there.
        behind = max(
            (i + 1 for i, n in enumerate(nal_units) if nal_unit_type(n) == NalUnitType.SPS),
            default=front,
        )
        return (
            *nal_units[:front],
            *missing_sps.values(),
            *nal_units[front:behind],
            *missing_pps.values(),
            *nal_units[behind:],
        )


def _pic_parameter_set_id(slice_nal_unit: bytes) -> int:
    """Returns the id of the PPS that a slice refers to (7.3.3)."""
    reader = BitReader(unescape(slice_nal_unit[1:20]))
    reader.ue()  # first_mb_in_slice
    reader.ue()  # slice_type
    return reader.ue_up_to(MAX_PPS_ID, "pic_parameter_set_id")
