"""The parameter sets that a stream has sent so far, for the pictures that come without them."""

from __future__ import annotations

from collections.abc import Iterable

from ...errors import BitstreamError, ParameterSetUnknown
from .bits import BitReader, unescape
from .nal_unit import SLICE_TYPES, NalUnitType, nal_unit_type
from .parameter_sets import (
    MAX_PPS_ID,
    PictureParameterSet,
    SequenceParameterSet,
    parse_pps,
    parse_sps,
)

PARAMETER_SET_TYPES = frozenset({NalUnitType.SPS, NalUnitType.PPS})
MAX_INSERTED_PPS = 255
"""What a decoder configuration record has room for (ISO/IEC 14496-15, 5.3.3.1)."""
MAX_INSERTED_BYTES = 32 * 1024


def parameter_sets_in(nal_units: Iterable[bytes]) -> tuple[bytes, ...]:
    return tuple(n for n in nal_units if nal_unit_type(n) in PARAMETER_SET_TYPES)


class ParameterSets:
    """Every SPS and PPS by its id; a later one replaces an earlier one. Immutable."""

    __slots__ = ("_pps", "_refusal", "_seen", "_sps", "sps_by_pps")

    def __init__(self) -> None:
        # The one that came last stands last.
        self._sps: dict[int, tuple[bytes, SequenceParameterSet]] = {}
        self._pps: dict[int, tuple[bytes, PictureParameterSet]] = {}
        self._seen: frozenset[bytes] = frozenset()  # the NAL units in both, to know them again
        self._refusal = ""
        self.sps_by_pps: dict[int, SequenceParameterSet] = {}
        """The SPS that each PPS refers to, by the PPS's id, where both are known. Every slice asks:
        do not change it."""

    def including(self, nal_units: Iterable[bytes]) -> ParameterSets:
        """Returns these and the parameter sets among `nal_units`; `self` if none of them is new.

        A malformed one counts for nothing, as in every decoder: what was known before stays.
        """
        carried = parameter_sets_in(nal_units)
        if self._seen.issuperset(carried):
            return self
        sets = ParameterSets()
        sets._sps = self._sps.copy()
        sets._pps = self._pps.copy()
        sets._refusal = self._refusal
        for nal_unit in carried:
            sets._take(nal_unit)
        sets._seen = frozenset(n for n, _ in (*sets._sps.values(), *sets._pps.values()))
        sets.sps_by_pps = {
            pps_id: sets._sps[pps.seq_parameter_set_id][1]
            for pps_id, (_, pps) in sets._pps.items()
            if pps.seq_parameter_set_id in sets._sps
        }
        return self if sets == self else sets

    def __contains__(self, nal_unit: bytes) -> bool:
        """Whether this SPS or PPS is one of these, and not malformed or replaced."""
        return nal_unit in self._seen

    def __eq__(self, other: object) -> bool:
        return self is other or (
            isinstance(other, ParameterSets)
            and self._seen == other._seen
            and self._refusal == other._refusal
        )

    def __hash__(self) -> int:
        return hash(self._seen)

    def why_unknown(self, pic_parameter_set_id: int) -> str:
        """Returns a sentence for a PPS that is not in `sps_by_pps`."""
        known_pps = self._pps.get(pic_parameter_set_id)
        if known_pps is None:
            missing = f"picture parameter set {pic_parameter_set_id}"
        else:
            missing = f"sequence parameter set {known_pps[1].seq_parameter_set_id}"
        because = f"; {self._refusal}" if self._refusal else ""
        return f"The camera has not sent the {missing} that its pictures need{because}"

    @property
    def refusal(self) -> str:
        """Why the last malformed one is malformed; empty if none came."""
        return self._refusal

    @property
    def is_complete(self) -> bool:
        """Whether there is a PPS whose SPS is known too."""
        return bool(self.sps_by_pps)

    def insert(
        self, nal_units: tuple[bytes, ...], told: ParameterSets | None = None
    ) -> tuple[bytes, ...]:
        """Returns an access unit with the parameter sets that decoding needs from here on: the SPS
        that its slices refer to, and every PPS of this SPS, because later pictures may use it.

        They stand in front of everything but the access unit delimiter (7.4.1.2.3), the SPS first,
        each once; those that `nal_units` holds for other pictures are left out. Without a slice,
        or if nothing is to be changed, it is `nal_units` itself.

        `told`: what a decoder in mid-stream knows already, so that it needs the others only.

        Raises ParameterSetUnknown for one that never came, BitstreamError if a slice header is
        malformed.
        """
        slices = [n for n in nal_units if nal_unit_type(n) in SLICE_TYPES]
        if not slices:
            return nal_units
        needed = self.including(nal_units)._needed_for(slices)
        if told is not None:
            needed = [n for n in needed if n not in told]
        front = 1 if nal_unit_type(nal_units[0]) == NalUnitType.AUD else 0
        others = (n for n in nal_units[front:] if nal_unit_type(n) not in PARAMETER_SET_TYPES)
        inserted = (*nal_units[:front], *needed, *others)
        return nal_units if inserted == nal_units else inserted

    def _take(self, nal_unit: bytes) -> None:
        kind = NalUnitType(nal_unit_type(nal_unit))
        try:
            if kind is NalUnitType.SPS:
                sps = parse_sps(nal_unit)
                self._sps.pop(sps.seq_parameter_set_id, None)
                self._sps[sps.seq_parameter_set_id] = nal_unit, sps
            else:
                pps = parse_pps(nal_unit)
                self._pps.pop(pps.pic_parameter_set_id, None)
                self._pps[pps.pic_parameter_set_id] = nal_unit, pps
        except BitstreamError as exc:
            self._refusal = f"the {kind.name} that came is malformed: {exc}"

    def _needed_for(self, slices: Iterable[bytes]) -> list[bytes]:
        """Returns each SPS that `slices` refer to (there is one in a legal picture), then the PPS
        of them in the order of their ids. Of too many, those that came last."""
        used_ids = dict.fromkeys(map(_pic_parameter_set_id, slices))
        for pps_id in used_ids:
            if pps_id not in self.sps_by_pps:
                raise ParameterSetUnknown(self.why_unknown(pps_id))
        sps_ids = dict.fromkeys(self._pps[pps_id][1].seq_parameter_set_id for pps_id in used_ids)
        sps = [self._sps[sps_id][0] for sps_id in sps_ids]
        room = MAX_INSERTED_BYTES - sum(map(len, sps))
        pps: dict[int, bytes] = {}
        for pps_id in (*used_ids, *reversed(self._pps)):
            nal_unit, parsed = self._pps[pps_id]
            if pps_id in pps or parsed.seq_parameter_set_id not in sps_ids:
                continue
            room -= len(nal_unit)
            if room < 0 or len(pps) == MAX_INSERTED_PPS:
                break
            pps[pps_id] = nal_unit
        return [*sps, *(pps[pps_id] for pps_id in sorted(pps))]


def _pic_parameter_set_id(slice_nal_unit: bytes) -> int:
    """Returns the id of the PPS that a slice refers to (7.3.3)."""
    reader = BitReader(unescape(slice_nal_unit[1:20]))
    reader.ue()  # first_mb_in_slice
    reader.ue()  # slice_type
    return reader.ue_up_to(MAX_PPS_ID, "pic_parameter_set_id")
