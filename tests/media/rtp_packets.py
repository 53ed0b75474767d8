"""RTP packets parsed, as a viewer does it (RFC 3550, 8285, 4588)."""

from __future__ import annotations

import struct
from collections.abc import Mapping
from dataclasses import dataclass

from pet_stream.errors import BitstreamError
from pet_stream.media.rtp.packets import HAS_EXTENSION, HEADER, MARKER, OSN_BYTES, payload_start

_ONE_BYTE_PROFILE = 0xBEDE
_EXTENSION_HEADER = struct.Struct("!HH")
_OSN = struct.Struct("!H")


@dataclass(frozen=True, slots=True)
class RtpPacket:
    """A parsed packet. Padding and contributing sources are taken off."""

    payload_type: int
    is_marked: bool
    sequence_number: int
    timestamp: int
    ssrc: int
    extensions: Mapping[int, bytes]
    payload: bytes


def parse_packet(data: bytes) -> RtpPacket:
    """Raises BitstreamError if it is not one."""
    if len(data) < HEADER.size:
        raise BitstreamError("An RTP header is truncated")
    first, second, sequence_number, timestamp, ssrc = HEADER.unpack_from(data)
    if first >> 6 != 2:
        raise BitstreamError("Not RTP version 2")
    start, end = HEADER.size + 4 * (first & 0x0F), len(data)
    extensions: Mapping[int, bytes] = {}
    if first & HAS_EXTENSION:
        if end < start + _EXTENSION_HEADER.size:
            raise BitstreamError("An RTP header extension is truncated")
        profile, words = _EXTENSION_HEADER.unpack_from(data, start)
        start += _EXTENSION_HEADER.size
        if profile == _ONE_BYTE_PROFILE:
            extensions = _parse_elements(data[start : start + 4 * words])
        start += 4 * words
    if first & 0x20:
        end -= data[-1]
    if end < start:
        raise BitstreamError("An RTP packet is shorter than it says")
    return RtpPacket(
        second & 0x7F,
        bool(second & MARKER),
        sequence_number,
        timestamp,
        ssrc,
        extensions,
        data[start:end],
    )


def original(packet: bytes, payload_type: int, ssrc: int) -> bytes:
    """The packet that `retransmission` was made of. Raises BitstreamError if there is none."""
    payload = parse_packet(packet).payload
    if len(payload) < OSN_BYTES:
        raise BitstreamError("A retransmission is empty")
    first, second, _, timestamp, _ = HEADER.unpack_from(packet)
    (sequence_number,) = _OSN.unpack_from(payload)
    start = payload_start(packet)
    header = HEADER.pack(first, second & MARKER | payload_type, sequence_number, timestamp, ssrc)
    return b"".join((header, packet[HEADER.size : start], packet[start + OSN_BYTES :]))


def _parse_elements(data: bytes) -> Mapping[int, bytes]:
    elements = {}
    position = 0
    while position < len(data):
        number, size = data[position] >> 4, (data[position] & 0x0F) + 1
        if number == 15:  # reserved: stop here
            break
        if data[position] == 0:  # padding
            position += 1
            continue
        elements[number] = data[position + 1 : position + 1 + size]
        position += 1 + size
    return elements
