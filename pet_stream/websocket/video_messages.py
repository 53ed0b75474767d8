"""Makes the messages that a viewer over `/api/stream/h264` is sent. Pure.

    text    {"type": "format", "codec", "width", "height", "avcc"}   before the first picture, and
                                                                     whenever it changes
    binary  flags (1 byte: 1 IDR, 2 discontinuity), 3 zeros, sequence (u32), capture time in µs of
            CLOCK_MONOTONIC (u64) and since the epoch (u64), all big-endian; then the access unit,
            its NAL units behind 4-byte lengths

An access unit's parameter sets are in the format, not in the binary message.
"""

from __future__ import annotations

import base64
import struct
from dataclasses import dataclass

from ..media.access_unit import AccessUnit
from ..media.h264.avcc import DecoderConfiguration, length_prefixed
from .frames import binary_frame, json_frame

HEADER = struct.Struct(">BxxxIQQ")
IDR = 1
DISCONTINUITY = 2

_SEQUENCE_MODULUS = 1 << 32


@dataclass(frozen=True, slots=True)
class VideoMessage:
    """An access unit as WebSocket frames, the same for all viewers."""

    sequence: int
    is_idr: bool
    frame: bytes
    format_frame: bytes
    """To be sent before it, unless the viewer was sent the same before."""


class VideoMessages:
    """Makes a message of each access unit, once. Owned by one thread.

    Those of the newest GOP are kept for viewers that join, until `forget`.
    """

    def __init__(self) -> None:
        self._made: dict[int, VideoMessage] = {}
        self._configuration: DecoderConfiguration | None = None
        self._size = (0, 0)
        self._format_frame = b""

    def message(self, unit: AccessUnit, clock_offset_ns: int) -> VideoMessage | None:
        """Returns the message of a unit of the current GOP; None before the first IDR, and after a
        malformed one. `clock_offset_ns`: from CLOCK_MONOTONIC to the epoch's time.

        Raises BitstreamError for an IDR whose parameter sets are malformed.
        """
        made = self._made.get(unit.sequence)
        if made is not None:
            return made
        if unit.is_idr:
            self.forget()
            self._take_format(unit)
        configuration = self._configuration
        if configuration is None:
            return None
        # What is not in the format, if a camera ever sends such a thing between IDRs, stays in.
        told = (*configuration.sps, *configuration.pps)
        header = HEADER.pack(
            IDR * unit.is_idr | DISCONTINUITY * unit.is_discontinuity,
            unit.sequence % _SEQUENCE_MODULUS,
            unit.capture_ns // 1000,
            (unit.capture_ns + clock_offset_ns) // 1000,
        )
        data = length_prefixed(n for n in unit.nal_units if n not in told)
        frame = binary_frame(header, data)
        made = VideoMessage(unit.sequence, unit.is_idr, frame, self._format_frame)
        self._made[unit.sequence] = made
        return made

    def forget(self) -> None:
        """Drop the messages made so far."""
        self._made = {}

    def _take_format(self, unit: AccessUnit) -> None:
        before, self._configuration = self._configuration, None  # until this one is known
        configuration = DecoderConfiguration.of(unit.nal_units)
        size = (unit.width, unit.height)
        if (configuration, size) != (before, self._size):
            self._format_frame = json_frame(
                {
                    "type": "format",
                    "codec": configuration.codec,
                    "width": unit.width,
                    "height": unit.height,
                    "avcc": base64.b64encode(configuration.serialize()).decode(),
                }
            )
        self._configuration, self._size = configuration, size
