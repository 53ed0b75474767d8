"""H.264 in the form of MP4 and WebCodecs: lengths, not start codes (ISO/IEC 14496-15). Pure."""

from __future__ import annotations

import struct
from collections.abc import Iterable
from dataclasses import dataclass

from ...errors import BitstreamError
from .bits import BitReader, unescape
from .nal_unit import NalUnitType, nal_unit_type

_LENGTH = struct.Struct(">I")
_LENGTH_SIZE_MINUS_ONE = _LENGTH.size - 1
_PROFILES_WITHOUT_CHROMA_FORMAT = frozenset({66, 77, 88})
_MAX_SPS, _MAX_PPS = 31, 255


@dataclass(frozen=True, slots=True)
class DecoderConfiguration:
    """What a decoder has to know before the first picture."""

    sps: tuple[bytes, ...]
    """NAL units, at least one; profile and level are those of the first."""
    pps: tuple[bytes, ...]

    @classmethod
    def of(cls, nal_units: Iterable[bytes]) -> DecoderConfiguration:
        """From the parameter sets among `nal_units`. Raises BitstreamError without an SPS and a
        PPS."""
        units = tuple(nal_units)
        # Once each: cameras repeat them within an access unit.
        sps = tuple(dict.fromkeys(n for n in units if nal_unit_type(n) == NalUnitType.SPS))
        pps = tuple(dict.fromkeys(n for n in units if nal_unit_type(n) == NalUnitType.PPS))
        if not 0 < len(sps) <= _MAX_SPS or not 0 < len(pps) <= _MAX_PPS or len(sps[0]) < 4:
            raise BitstreamError("Parameter sets are missing")
        return cls(sps, pps)

    @classmethod
    def parse(cls, record: bytes) -> DecoderConfiguration:
        """Parse an AVCDecoderConfigurationRecord. Raises BitstreamError, also for lengths of NAL
        units that `split_length_prefixed` can't read."""
        try:
            if record[4] & 3 != _LENGTH_SIZE_MINUS_ONE:
                raise BitstreamError("The lengths of NAL units are not 4 bytes long")
            sps, position = _parse_parameter_sets(record, 6, record[5] & 0x1F)
            pps, _ = _parse_parameter_sets(record, position + 1, record[position])
        except (IndexError, struct.error) as exc:
            raise BitstreamError("The avcC box is cut off") from exc
        if not sps or any(nal_unit_type(n) != NalUnitType.SPS for n in sps):
            raise BitstreamError("The avcC box has no sequence parameter set")
        return cls(sps, pps)

    @property
    def parameter_sets(self) -> tuple[bytes, ...]:
        return *self.sps, *self.pps

    @property
    def codec(self) -> str:
        """Such as `avc1.42c01f` (RFC 6381 section 3.3)."""
        return f"avc1.{self.sps[0][1:4].hex()}"

    def serialize(self) -> bytes:
        """Returns the AVCDecoderConfigurationRecord (5.3.3.1). For profiles whose record holds the
        chroma format, raises BitstreamError if the SPS is malformed."""
        record = bytearray((1, *self.sps[0][1:4], 0xFC | _LENGTH_SIZE_MINUS_ONE))
        for mark, nal_units in ((0xE0, self.sps), (0, self.pps)):
            record.append(mark | len(nal_units))
            for nal_unit in nal_units:
                record += struct.pack(">H", len(nal_unit)) + nal_unit
        if self.sps[0][1] not in _PROFILES_WITHOUT_CHROMA_FORMAT:
            chroma_format, luma_depth, chroma_depth = _sample_format(self.sps[0])
            record += bytes((0xFC | chroma_format, 0xF8 | luma_depth, 0xF8 | chroma_depth, 0))
        return bytes(record)


def length_prefixed(nal_units: Iterable[bytes]) -> bytes:
    """Each NAL unit behind its length, 4 bytes big-endian (5.3.4.2)."""
    parts: list[bytes] = []
    for nal_unit in nal_units:
        parts += (_LENGTH.pack(len(nal_unit)), nal_unit)
    return b"".join(parts)


def split_length_prefixed(data: bytes) -> tuple[bytes, ...]:
    """Returns the NAL units that `length_prefixed` joined. Raises BitstreamError."""
    nal_units = []
    position = 0
    while position < len(data):
        start = position + _LENGTH.size
        if start > len(data):
            raise BitstreamError("A NAL unit's length is truncated")
        position = start + _LENGTH.unpack_from(data, position)[0]
        if position > len(data):
            raise BitstreamError("A NAL unit is truncated")
        nal_units.append(data[start:position])
    return tuple(nal_units)


def _parse_parameter_sets(
    record: bytes, position: int, count: int
) -> tuple[tuple[bytes, ...], int]:
    """Returns `count` parameter sets from `position` on, and the offset where they end."""
    found = []
    for _ in range(count):
        (size,) = struct.unpack_from(">H", record, position)
        found.append(record[position + 2 : position + 2 + size])
        position += 2 + size
        if not size or position > len(record):
            raise BitstreamError("The avcC box is cut off")
    return tuple(found), position


def _sample_format(sps: bytes) -> tuple[int, int, int]:
    """chroma_format_idc, bit_depth_luma_minus8, bit_depth_chroma_minus8 (H.264 7.3.2.1.1)."""
    reader = BitReader(unescape(sps[4:40]))
    reader.ue()  # seq_parameter_set_id
    chroma_format = reader.ue_up_to(3, "chroma_format_idc")
    if chroma_format == 3:
        reader.flag()  # separate_colour_plane_flag
    luma_depth = reader.ue_up_to(6, "bit_depth_luma_minus8")
    return chroma_format, luma_depth, reader.ue_up_to(6, "bit_depth_chroma_minus8")
