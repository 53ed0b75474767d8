"""Recovery points: where decoding can begin without an IDR (H.264 D.1.8 and D.2.8)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from ...errors import BitstreamError
from .bits import BitReader, unescape
from .nal_unit import NalUnitType, nal_unit_type

RECOVERY_POINT = 6
"""payloadType (D.1.1): the byte that the message begins with."""
MAX_SEI_BYTES = 4096
"""Of an SEI NAL unit this much is read; messages that end later are not seen."""
_MAX_RECOVERY_FRAMES = (1 << 16) - 1  # MaxFrameNum - 1, where log2_max_frame_num is greatest


class RecoveryPoint(NamedTuple):
    """What a camera says of a picture at which decoding may begin.

    broken_link_flag is not kept: it concerns those who have watched before.
    """

    frame_count: int
    """recovery_frame_cnt: after this many frames the pictures are right; at 0 all of them are."""
    is_exact: bool
    """exact_match_flag: they are then what a decoder shows that began earlier; otherwise nearly."""


def find_recovery_point(nal_units: Iterable[bytes]) -> RecoveryPoint | None:
    """Returns what the SEI among `nal_units` say; None without a recovery point. Malformed ones
    count for nothing, as in every decoder."""
    for nal_unit in nal_units:
        if nal_unit_type(nal_unit) == NalUnitType.SEI:
            try:
                found = parse_recovery_point(nal_unit)
            except BitstreamError:
                continue
            if found is not None:
                return found
    return None


def parse_recovery_point(sei_nal_unit: bytes) -> RecoveryPoint | None:
    """Returns the recovery point message of an SEI NAL unit; None if it holds others only.

    Raises BitstreamError if it is no SEI, holds no message, or ends in the middle of one.
    """
    if nal_unit_type(sei_nal_unit) != NalUnitType.SEI:
        raise BitstreamError("Not an SEI NAL unit")
    rbsp = unescape(sei_nal_unit[1:MAX_SEI_BYTES]).rstrip(b"\x00")
    end = len(rbsp) - 1  # the last byte holds the rbsp_stop_one_bit
    if end < 2:
        raise BitstreamError("The SEI holds no message")
    position = 0
    while position < end:
        payload_type, position = _sei_number(rbsp, position)
        payload_size, position = _sei_number(rbsp, position)
        payload = rbsp[position : position + payload_size]
        position += payload_size
        if position > len(rbsp):
            raise BitstreamError("The SEI ends in the middle of a message")
        if payload_type == RECOVERY_POINT:
            reader = BitReader(payload)
            frame_count = reader.ue_up_to(_MAX_RECOVERY_FRAMES, "recovery_frame_cnt")
            return RecoveryPoint(frame_count, is_exact=reader.flag())
    return None


def _sei_number(rbsp: bytes, position: int) -> tuple[int, int]:
    """Returns a payload type or size, and the offset where it ends: bytes of 255 and a last one,
    added up (7.3.2.3.1)."""
    value = 0
    try:
        while rbsp[position] == 255:
            value += 255
            position += 1
        return value + rbsp[position], position + 1
    except IndexError:
        raise BitstreamError("The SEI ends in the middle of a message") from None
