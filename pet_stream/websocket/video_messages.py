"""Makes the messages that a viewer over `/api/stream/h264` is sent. Pure.

    text    {"type": "format", "codec", "width", "height", "avcc"}   before the first picture, and
                                                                     whenever it changes
    binary  flags (1 byte: 1 a player can begin here, 2 discontinuity, 4 leading: left out by a
            viewer that began at the last such picture), how much later it is shown than it is
            decoded in µs (i24, 0 without B pictures), sequence (u32), capture time in µs of
            CLOCK_MONOTONIC (u64) and since the epoch (u64), all big-endian; then the access unit,
            its NAL units behind 4-byte lengths

Parameter sets are in the format, not in the binary messages, until others come between IDRs: a
decoder goes by those that it read last, so all stay in from there on, up to the next format.
"""

from __future__ import annotations

import base64
import struct
from dataclasses import dataclass

from ..media.access_unit import AccessUnit
from ..media.h264.avcc import DecoderConfiguration, length_prefixed
from ..media.h264.parameter_set_cache import parameter_sets_in
from .frames import binary_frame, json_frame
from .showing_times import ShowingTimes

HEADER = struct.Struct(">IIQQ")
START = 1
DISCONTINUITY = 2
LEADING = 4

_SEQUENCE_MODULUS = 1 << 32


@dataclass(frozen=True, slots=True)
class VideoMessage:
    """An access unit as WebSocket frames, the same for all viewers."""

    sequence: int
    is_entry_point: bool
    frame: bytes
    format_frame: bytes
    """To be sent before it, unless the viewer was sent the same before."""
    builds_up: bool = False
    """An entry point whose picture is not right at once: no browser begins with it."""


class VideoMessages:
    """Makes a message of each access unit, once. Owned by one thread.

    They are kept for viewers that join, until `forget` or `forget_before`.
    """

    def __init__(self) -> None:
        self._made: dict[int, VideoMessage] = {}
        self._configuration: DecoderConfiguration | None = None
        self._left_out: tuple[bytes, ...] = ()
        self._size = (0, 0)
        self._showing_times = ShowingTimes()
        self._format_frame = b""

    def message(self, unit: AccessUnit, clock_offset_ns: int) -> VideoMessage | None:
        """Returns the message of a unit; None before the first entry point, and after a
        malformed one. `clock_offset_ns`: from CLOCK_MONOTONIC to the epoch's time.

        Raises BitstreamError for an entry point whose parameter sets are malformed.
        """
        made = self._made.get(unit.sequence)
        if made is not None:
            return made
        if unit.is_entry_point:
            self._take_format(unit)
        if self._configuration is None:
            return None
        if not all(nal_unit in self._left_out for nal_unit in parameter_sets_in(unit.nal_units)):
            self._left_out = ()
        flags = (
            START * unit.starts_clean
            | DISCONTINUITY * unit.is_discontinuity
            | LEADING * unit.is_leading
        )
        header = HEADER.pack(
            flags << 24 | self._showing_times.offset_us(unit) & 0xFFFFFF,
            unit.sequence % _SEQUENCE_MODULUS,
            unit.capture_ns // 1000,
            (unit.capture_ns + clock_offset_ns) // 1000,
        )
        data = length_prefixed(n for n in unit.nal_units if n not in self._left_out)
        frame = binary_frame(header, data)
        made = VideoMessage(
            unit.sequence,
            unit.is_entry_point,
            frame,
            self._format_frame,
            builds_up=unit.is_entry_point and not unit.starts_clean,
        )
        self._made[unit.sequence] = made
        return made

    def forget(self) -> None:
        """Drop the messages made so far."""
        self._made = {}

    def forget_before(self, unit: AccessUnit | None) -> None:
        """Drop the messages of pictures before this one; None: all."""
        if unit is None:
            self.forget()
        else:
            while self._made and (oldest := next(iter(self._made))) < unit.sequence:
                del self._made[oldest]

    def _take_format(self, unit: AccessUnit) -> None:
        before, self._configuration = self._configuration, None  # until this one is known
        configuration = DecoderConfiguration.of(unit.nal_units)
        size = (unit.width, unit.height)
        if (configuration, size) != (before, self._size):
            self._left_out = configuration.parameter_sets
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
