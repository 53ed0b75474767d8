"""Which recording a file belongs to, told by the file itself.

All files of one recording carry the same random id behind a marker of ours: in MP4 as a box of
type `uuid` (ISO/IEC 14496-12, 4.2), in raw H.264 as user_data_unregistered SEI in front of the
first slice (H.264 D.1.7). Players skip both. The id is written as hexadecimal digits, which need
no emulation prevention. The id's version tells a clip, wherever it is copied and whatever it is
called.
"""

from __future__ import annotations

import struct
from uuid import UUID, uuid4

from .nal_unit import NalUnitType, nal_unit_type
from .slice_header import SLICE_TYPES

START_BYTES = 4096
"""At the beginning of a file; the mark is in there."""
_MARKER = UUID("7d1b9c52-e64f-4b7a-8f35-c16ad92e7083").bytes
_ID_CHARS = 32
_RECORDING_VERSION, _CLIP_VERSION = 4, 8  # RFC 9562: random; of one's own making
_USER_DATA_UNREGISTERED = 5  # payloadType (H.264 D.1)

BOX_SIZE = 8 + len(_MARKER) + _ID_CHARS


def new_id(*, is_clip: bool = False) -> UUID:
    """At random but for its version."""
    version = _CLIP_VERSION if is_clip else _RECORDING_VERSION
    return UUID(int=uuid4().int & ~(0xF << 76) | version << 76)


def is_clip(recording_id: UUID) -> bool:
    return recording_id.version == _CLIP_VERSION


def id_box(recording_id: UUID) -> bytes:
    return struct.pack(">I4s", BOX_SIZE, b"uuid") + _mark(recording_id)


def id_sei(recording_id: UUID) -> bytes:
    """A NAL unit, without its start code."""
    mark = _mark(recording_id)
    return bytes((NalUnitType.SEI, _USER_DATA_UNREGISTERED, len(mark))) + mark + b"\x80"


def with_id(nal_units: tuple[bytes, ...], recording_id: UUID) -> tuple[bytes, ...]:
    """An access unit that says which recording it begins."""
    first = next(i for i, n in enumerate(nal_units) if nal_unit_type(n) in SLICE_TYPES)
    return (*nal_units[:first], id_sei(recording_id), *nal_units[first:])


def find_id(start: bytes) -> UUID | None:
    """What the first START_BYTES of a file tell; None: it was not recorded here."""
    _, _, behind = start.partition(_MARKER)
    try:
        return UUID(behind[:_ID_CHARS].decode("ascii"))
    except ValueError:
        return None


def _mark(recording_id: UUID) -> bytes:
    return _MARKER + recording_id.hex.encode("ascii")
