"""What tells a clip, wherever it is copied and whatever it is called.

A UUID of ours stands near the beginning of its file: in MP4 as an empty box of type `uuid`
(ISO/IEC 14496-12, 4.2), in raw H.264 as user_data_unregistered SEI in front of the first slice
(H.264 D.1.7). Players skip both. It has no zeros, and so needs no emulation prevention.
"""

from __future__ import annotations

import struct
from uuid import UUID

from .h264.nal_unit import NalUnitType, nal_unit_type
from .h264.slice_header import SLICE_TYPES

START_BYTES = 4096
"""At the beginning of a file; the mark is in there."""
_MARK = UUID("392d7994-070d-47f6-bac7-6d43204eb553").bytes
_USER_DATA_UNREGISTERED = 5  # payloadType (H.264 D.1)

MARK_BOX = struct.pack(">I4s", 8 + len(_MARK), b"uuid") + _MARK
MARK_SEI = bytes((NalUnitType.SEI, _USER_DATA_UNREGISTERED, len(_MARK))) + _MARK + b"\x80"
"""A NAL unit, without its start code."""


def with_mark(nal_units: tuple[bytes, ...]) -> tuple[bytes, ...]:
    """The access unit that a clip begins with."""
    first = next(i for i, n in enumerate(nal_units) if nal_unit_type(n) in SLICE_TYPES)
    return (*nal_units[:first], MARK_SEI, *nal_units[first:])


def has_mark(start: bytes) -> bool:
    """Whether the first START_BYTES of a file are those of a clip."""
    return _MARK in start
