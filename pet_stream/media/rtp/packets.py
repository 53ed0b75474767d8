"""One RTP packet: header (RFC 3550), its extensions (RFC 8285), retransmission (RFC 4588). Pure."""

from __future__ import annotations

import struct
from collections.abc import Mapping

HEADER = struct.Struct("!BBHII")
"""First byte, marker and payload type, sequence number, timestamp, SSRC."""
SEQUENCE_NUMBER = struct.Struct("!H")
SEQUENCE_NUMBER_AT = 2
VERSION_2 = 0x80
HAS_EXTENSION = 0x10
MARKER = 0x80

MAX_PACKET_BYTES = 1200
"""Longest UDP payload: it passes every network unfragmented (the least MTU of IPv6 is 1280)."""
OSN_BYTES = 2
"""The original sequence number, in front of a retransmission's payload."""
STRIDE = MAX_PACKET_BYTES - OSN_BYTES
"""Distance between the packets of a picture, room for the SRTP tag included."""

_ONE_BYTE_PROFILE = 0xBEDE
_EXTENSION_HEADER = struct.Struct("!HH")
_OSN = struct.Struct("!H")


def payload_start(packet: bytes) -> int:
    """Returns the length of the header in bytes, its extensions included."""
    start = HEADER.size + 4 * (packet[0] & 0x0F)
    if packet[0] & HAS_EXTENSION:
        start += _EXTENSION_HEADER.size + 4 * int.from_bytes(packet[start + 2 : start + 4], "big")
    return start


def serialize_extensions(elements: Mapping[int, bytes]) -> bytes:
    """Returns header extensions in the one-byte form (RFC 8285 section 4.2); empty for none.
    `elements`: 1 to 16 bytes each, by number (1 to 14)."""
    if not elements:
        return b""
    data = b"".join(
        bytes([number << 4 | len(value) - 1]) + value for number, value in elements.items()
    )
    words = -(-len(data) // 4)
    return _EXTENSION_HEADER.pack(_ONE_BYTE_PROFILE, words) + data.ljust(4 * words, b"\0")


def retransmission(packet: bytes, payload_type: int, sequence_number: int, ssrc: int) -> bytes:
    """Returns `packet` with the payload type and SSRC of the retransmission stream."""
    first, second, original, timestamp, _ = HEADER.unpack_from(packet)
    start = payload_start(packet)
    header = HEADER.pack(first, second & MARKER | payload_type, sequence_number, timestamp, ssrc)
    return b"".join((header, packet[HEADER.size : start], _OSN.pack(original), packet[start:]))
