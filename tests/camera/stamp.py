"""What a picture of the C writer says about itself (see stamp.h)."""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterable
from dataclasses import dataclass

_START_CODE = re.compile(b"\x00*\x00\x00\x01")
_STAMP = re.compile(
    rb"\x06\x05.pet_stream stamp"
    rb"(([0-9a-f]) ([0-9a-f]{8}) ([0-9a-f]{16}) ([0-9a-f]{16}) ([0-9a-f]{8}) )([0-9a-f]{8})\x80",
    re.DOTALL,
)


@dataclass(frozen=True, slots=True)
class Stamp:
    """What a picture says about itself."""

    camera_id: int
    number: int
    """Of this camera's pictures, from 0; pictures that the encoder lost are counted."""
    frame_number: int
    capture_ns: int
    """Of the camera's clock, as in the slot's header."""
    crc_ok: bool
    """Whether these are exactly this picture's bytes."""


def parse_payload(access_unit: bytes | Iterable[bytes]) -> Stamp | None:
    """Read a picture's stamp and check the bytes against it; None if there is not exactly one.

    Takes Annex B, or NAL units without start codes. Parameter sets may be missing or have been
    added, nothing else.
    """
    if isinstance(access_unit, bytes):
        access_unit = _START_CODE.split(access_unit)[1:]
    stamps: list[re.Match[bytes]] = []
    slices_crc = parameter_sets_crc = 0
    has_parameter_sets = False
    for nal_unit in access_unit:
        kind = nal_unit[0] & 31 if nal_unit else 0
        if 1 <= kind <= 5:
            slices_crc = zlib.crc32(nal_unit, slices_crc)
        elif kind in (7, 8):
            has_parameter_sets = True
            parameter_sets_crc = zlib.crc32(nal_unit, parameter_sets_crc)
        elif match := _STAMP.fullmatch(nal_unit):
            stamps.append(match)
    if len(stamps) != 1:
        return None
    text, camera_id, number, frame_number, capture_ns, sets_crc, crc = stamps[0].groups()
    return Stamp(
        camera_id=int(camera_id, 16),
        number=int(number, 16),
        frame_number=int(frame_number, 16),
        capture_ns=int.from_bytes(bytes.fromhex(capture_ns.decode()), "big", signed=True),
        crc_ok=int(crc, 16) == zlib.crc32(text, slices_crc)
        and (not has_parameter_sets or int(sets_crc, 16) == parameter_sets_crc),
    )
