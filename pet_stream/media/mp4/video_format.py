"""What all pictures of a file share: parameter sets and size."""

from __future__ import annotations

from dataclasses import dataclass, replace

from ..access_unit import AccessUnit
from ..h264.avcc import DecoderConfiguration
from ..h264.nal_unit import NalUnitType, nal_unit_type
from ..h264.parameter_sets import parse_sps


@dataclass(frozen=True, slots=True)
class VideoFormat:
    """What a decoder needs before the first picture."""

    sps: tuple[bytes, ...]
    pps: tuple[bytes, ...]
    width: int
    """Pixels, cropped."""
    height: int

    @classmethod
    def of(cls, idr: AccessUnit) -> VideoFormat:
        """Returns the format of `idr` and the pictures after it, from its parameter sets."""
        return cls(
            sps=_of_type(idr, NalUnitType.SPS),
            pps=_of_type(idr, NalUnitType.PPS),
            width=idr.width,
            height=idr.height,
        )

    def goes_on_in(self, later: VideoFormat) -> bool:
        """Whether a file of this format may hold pictures of `later`: its SPS is the same, or the
        same but for its id, as of a camera that changes between two."""
        if later.sps == self.sps:
            return True
        ours, theirs = parse_sps(self.sps[0]), parse_sps(later.sps[0])
        id_of_theirs = theirs.seq_parameter_set_id
        return (
            id_of_theirs != ours.seq_parameter_set_id
            and replace(ours, seq_parameter_set_id=id_of_theirs) == theirs
        )

    @property
    def parameter_sets(self) -> tuple[bytes, ...]:
        return *self.sps, *self.pps

    @property
    def decoder_configuration(self) -> DecoderConfiguration:
        return DecoderConfiguration(self.sps, self.pps)

    @property
    def codec(self) -> str:
        """Such as "avc1.42c01f" (RFC 6381 section 3.3)."""
        return self.decoder_configuration.codec


def _of_type(unit: AccessUnit, kind: NalUnitType) -> tuple[bytes, ...]:
    found = (nal_unit for nal_unit in unit.nal_units if nal_unit_type(nal_unit) == kind)
    return tuple(dict.fromkeys(found))
