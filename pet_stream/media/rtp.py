"""RTP packets (RFC 3550): headers, header extensions (RFC 8285), retransmissions (RFC 4588). Pure.

The packets of one access unit lie in one piece of memory, a PacketBlock, which all viewers share:
made by the packetizer, copied, encrypted in place and sent per viewer.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from ..errors import BitstreamError

HEADER = struct.Struct("!BBHII")
"""First byte, marker and payload type, sequence number, timestamp, SSRC."""
VERSION_2 = 0x80
HAS_EXTENSION = 0x10
MARKER = 0x80

MAX_PACKET_BYTES = 1200
"""Of a UDP payload: whatever the way holds (IPv6's least MTU is 1280), it need not be split."""
OSN_BYTES = 2
"""The original sequence number, which a retransmission has in front of its payload."""
STRIDE = MAX_PACKET_BYTES - OSN_BYTES
"""From packet to packet of a picture, room for the SRTP tag included."""

MAX_RUN_PACKETS = 60
MAX_RUN_BYTES = 60_000
"""Of one UDP segmentation offload: kernels allow 64 segments and 65 507 bytes."""

_ONE_BYTE_PROFILE = 0xBEDE
_EXTENSION_HEADER = struct.Struct("!HH")
_OSN = struct.Struct("!H")


class Run(NamedTuple):
    """Packets that follow each other without a gap once they are encrypted: all as long as the
    first, only the last may be shorter. Offsets in bytes from the block's start."""

    start: int
    end: int
    packet_count: int


@dataclass(frozen=True, slots=True)
class PacketBlock:
    """RTP packets in one piece of memory, packet `i` at `i * stride`, not yet encrypted."""

    data: bytes
    stride: int
    """Bytes of the longest possible packet, its tag included."""
    sizes: tuple[int, ...]
    """Bytes of each packet."""
    tag_bytes: int
    """By which encryption lengthens each packet."""
    payload_bytes: int
    """Of all packets, headers not counted (what sender reports count)."""
    runs: tuple[Run, ...] = field(init=False)
    end: int = field(init=False)
    """Where the last packet ends once it is encrypted."""
    packed_sizes: bytes = field(init=False)
    """`sizes` as an array of C `int`, which libsrtp reads and writes."""

    def __post_init__(self) -> None:
        runs = _runs(self.sizes, self.stride, self.tag_bytes)
        object.__setattr__(self, "runs", runs)
        object.__setattr__(self, "end", runs[-1].end)
        packed = struct.pack(f"={len(self.sizes)}i", *self.sizes)
        object.__setattr__(self, "packed_sizes", packed)

    @property
    def sequence_number(self) -> int:
        """Of the first packet."""
        number: int = HEADER.unpack_from(self.data)[2]
        return number

    def packet(self, index: int) -> bytes:
        start = index * self.stride
        return self.data[start : start + self.sizes[index]]

    def runs_between(self, start: int, end: int) -> list[Run]:
        """What of the runs lies from the packet at `start` to the one that ends by `end`."""
        return [
            self._cut(run, max(run.start, start), min(run.end, end))
            for run in self.runs
            if run.end > start and run.start < end
        ]

    def packets_between(self, start: int, end: int) -> list[Run]:
        """The same, each packet by itself."""
        stride, tag_bytes = self.stride, self.tag_bytes
        return [
            Run(index * stride, index * stride + self.sizes[index] + tag_bytes, 1)
            for index in range(-(-start // stride), len(self.sizes))
            if index * stride < end
        ]

    def _cut(self, run: Run, start: int, end: int) -> Run:
        return run if run[:2] == (start, end) else Run(start, end, -(-(end - start) // self.stride))


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


def block_of(packets: Sequence[bytes], stride: int, tag_bytes: int) -> PacketBlock:
    """At least one packet, each as long as its slot and tag allow."""
    data = b"".join(packet.ljust(stride, b"\0") for packet in packets[:-1]) + packets[-1]
    payload_bytes = sum(len(packet) - payload_start(packet) for packet in packets)
    return PacketBlock(data, stride, tuple(map(len, packets)), tag_bytes, payload_bytes)


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


def payload_start(packet: bytes) -> int:
    """Bytes of the header, its extensions included."""
    start = HEADER.size + 4 * (packet[0] & 0x0F)
    if packet[0] & HAS_EXTENSION:
        start += _EXTENSION_HEADER.size + 4 * int.from_bytes(packet[start + 2 : start + 4], "big")
    return start


def serialize_extensions(elements: Mapping[int, bytes]) -> bytes:
    """Header extensions by their number (1 to 14), 1 to 16 bytes each, in the one-byte form; no
    bytes for none (RFC 8285 section 4.2)."""
    if not elements:
        return b""
    data = b"".join(
        bytes([number << 4 | len(value) - 1]) + value for number, value in elements.items()
    )
    words = -(-len(data) // 4)
    return _EXTENSION_HEADER.pack(_ONE_BYTE_PROFILE, words) + data.ljust(4 * words, b"\0")


def retransmission(packet: bytes, payload_type: int, sequence_number: int, ssrc: int) -> bytes:
    """`packet` once more, under the payload type and SSRC of the retransmission stream."""
    first, second, original, timestamp, _ = HEADER.unpack_from(packet)
    start = payload_start(packet)
    header = HEADER.pack(first, second & MARKER | payload_type, sequence_number, timestamp, ssrc)
    return b"".join((header, packet[HEADER.size : start], _OSN.pack(original), packet[start:]))


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


def _runs(sizes: tuple[int, ...], stride: int, tag_bytes: int) -> tuple[Run, ...]:
    full = stride - tag_bytes
    most = min(MAX_RUN_PACKETS, MAX_RUN_BYTES // stride)
    runs = []
    first = 0
    for index, size in enumerate(sizes):
        count = index + 1 - first
        if size < full or count == most or index + 1 == len(sizes):
            runs.append(Run(first * stride, index * stride + size + tag_bytes, count))
            first = index + 1
    return tuple(runs)
