"""RTP packets (RFC 3550): headers, header extensions (RFC 8285), retransmissions (RFC 4588). Pure.

The packets of one access unit lie in one piece of memory, a PacketBlock, which all viewers share.
The packetizer makes it; for each viewer it is copied, encrypted in place and sent.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

HEADER = struct.Struct("!BBHII")
"""First byte, marker and payload type, sequence number, timestamp, SSRC."""
VERSION_2 = 0x80
HAS_EXTENSION = 0x10
MARKER = 0x80

MAX_PACKET_BYTES = 1200
"""Longest UDP payload: it passes every network unfragmented (the least MTU of IPv6 is 1280)."""
OSN_BYTES = 2
"""The original sequence number, in front of a retransmission's payload."""
STRIDE = MAX_PACKET_BYTES - OSN_BYTES
"""Distance between the packets of a picture, room for the SRTP tag included."""

MAX_RUN_PACKETS = 60
MAX_RUN_BYTES = 60_000
"""Limits of one UDP segmentation offload: kernels allow 64 segments and 65 507 bytes."""

_ONE_BYTE_PROFILE = 0xBEDE
_EXTENSION_HEADER = struct.Struct("!HH")
_OSN = struct.Struct("!H")


class Run(NamedTuple):
    """Packets without a gap between them once they are encrypted. All have the length of the first;
    only the last may be shorter. Offsets in bytes from the block's start."""

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
    """Bytes that encryption adds to each packet."""
    payload_bytes: int
    """Bytes of all packets without their headers, as sender reports count them."""
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
        """Returns the runs, cut to the packets that lie between two offsets."""
        return [
            self._cut(run, max(run.start, start), min(run.end, end))
            for run in self.runs
            if run.end > start and run.start < end
        ]

    def packets_between(self, start: int, end: int) -> list[Run]:
        """Returns the same packets, each as a run of its own."""
        stride, tag_bytes = self.stride, self.tag_bytes
        return [
            Run(index * stride, index * stride + self.sizes[index] + tag_bytes, 1)
            for index in range(-(-start // stride), len(self.sizes))
            if index * stride < end
        ]

    def _cut(self, run: Run, start: int, end: int) -> Run:
        return run if run[:2] == (start, end) else Run(start, end, -(-(end - start) // self.stride))


def block_of(packets: Sequence[bytes], stride: int, tag_bytes: int) -> PacketBlock:
    """Returns a block of `packets`: at least one, each with room for its tag in `stride` bytes."""
    data = b"".join(packet.ljust(stride, b"\0") for packet in packets[:-1]) + packets[-1]
    payload_bytes = sum(len(packet) - payload_start(packet) for packet in packets)
    return PacketBlock(data, stride, tuple(map(len, packets)), tag_bytes, payload_bytes)


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
