"""The mark by which a file is known to be a clip, even after it was copied or renamed.

The mark is a UUID near the beginning of the file: in MP4 an empty box of type `uuid` (ISO/IEC
14496-12, 4.2), in raw H.264 a user_data_unregistered SEI in front of the first slice (H.264 D.1.7).
Players skip both. The UUID has no zero bytes, so it needs no emulation prevention.
"""

from __future__ import annotations

import struct
from uuid import UUID

from .h264.nal_unit import SLICE_TYPES, NalUnitType, nal_unit_type

START_BYTES = 4096
"""How much of a file's beginning `has_mark` needs."""
_MARK = UUID("392d7994-070d-47f6-bac7-6d43204eb553").bytes
_USER_DATA_UNREGISTERED = 5  # payloadType (H.264 D.1)

MARK_BOX = struct.pack(">I4s", 8 + len(_MARK), b"uuid") + _MARK
MARK_SEI = bytes((NalUnitType.SEI, _USER_DATA_UNREGISTERED, len(_MARK))) + _MARK + b"\x80"
"""A NAL unit, without its start code."""


def with_mark(nal_units: tuple[bytes, ...]) -> tuple[bytes, ...]:
    """Returns the first access unit of a clip: `nal_units` with the mark."""
    first = next(i for i, n in enumerate(nal_units) if nal_unit_type(n) in SLICE_TYPES)
    return (*nal_units[:first], MARK_SEI, *nal_units[first:])


def has_mark(start: bytes) -> bool:
    """Whether the first START_BYTES of a file are those of a clip."""
    return _MARK in start
