"""Turns H.264 access units into RTP packets, packetization-mode 1 (RFC 6184). Pure.

The packets of one access unit lie in one piece of memory, a PacketBlock, which all viewers share.
For each viewer it is copied, encrypted in place and sent.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from .packets import (
    HAS_EXTENSION,
    HEADER,
    MARKER,
    SEQUENCE_NUMBER,
    SEQUENCE_NUMBER_AT,
    STRIDE,
    VERSION_2,
)

STAP_A = 24
FU_A = 28
START = 0x80
END = 0x40
MAX_AGGREGATED = 10
"""NAL units of a STAP-A. Of more, libwebrtc (`kMaxNalusPerPacket`) sees neither IDR nor parameter
sets."""
MIN_PACKET_BYTES = HEADER.size + 3
"""The smallest FU-A packet: two bytes of header and one byte of the NAL unit."""

MAX_RUN_PACKETS = 60
MAX_RUN_BYTES = 60_000
"""Limits of one UDP segmentation offload: kernels allow 64 segments and 65 507 bytes."""


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
    """Bytes of all packets without their headers, as sender reports count them; 0 for packets that
    they do not count."""
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


class Packetizer:
    """Numbers the packets of one RTP stream. Owned by one thread.

    Small NAL units travel together (STAP-A), large ones in fragments (FU-A). Each fragment but the
    last fills its packet, so most packets of a picture have the same length and can be sent by one
    system call.
    """

    def __init__(
        self,
        *,
        payload_type: int,
        ssrc: int,
        tag_bytes: int,
        sequence_number: int,
        packet_bytes: int = STRIDE,
    ) -> None:
        """`packet_bytes`: the longest packet, its SRTP tag of `tag_bytes` included."""
        if not MIN_PACKET_BYTES + tag_bytes <= packet_bytes <= STRIDE:
            raise ValueError(f"packets of {packet_bytes} bytes")
        self.sequence_number = sequence_number
        self._payload_type = payload_type
        self._ssrc = ssrc
        self._tag_bytes = tag_bytes
        self._max_payload_bytes = packet_bytes - tag_bytes - HEADER.size

    def packetize(
        self, nal_units: Sequence[bytes], timestamp: int, extensions: bytes = b""
    ) -> PacketBlock:
        """Returns the packets of one access unit, the last one with the marker bit. There must be
        at least one NAL unit, and none may be empty.

        `extensions`: header extensions (`serialize_extensions`) of the first packet. Its payload is
        shorter by them, so that the packets stay equal in length.
        """
        payloads = self._payloads(nal_units, self._max_payload_bytes - len(extensions))
        header_bytes = HEADER.size * len(payloads) + len(extensions)
        packets = []
        for index, payload in enumerate(payloads, 1):
            header = HEADER.pack(
                VERSION_2 | (HAS_EXTENSION if extensions else 0),
                self._payload_type | (MARKER if index == len(payloads) else 0),
                self.sequence_number,
                timestamp & 0xFFFFFFFF,
                self._ssrc,
            )
            packets.append(b"".join((header, extensions, *payload)))
            self.sequence_number = self.sequence_number + 1 & 0xFFFF
            extensions = b""
        payload_bytes = sum(map(len, packets)) - header_bytes
        return block_of(packets, STRIDE, self._tag_bytes, payload_bytes)

    def renumber(self, block: PacketBlock) -> PacketBlock:
        """Returns the same packets, as the next ones of this stream."""
        data = bytearray(block.data)
        for start in range(0, len(data), block.stride):
            SEQUENCE_NUMBER.pack_into(data, start + SEQUENCE_NUMBER_AT, self.sequence_number)
            self.sequence_number = self.sequence_number + 1 & 0xFFFF
        sizes, tag_bytes = block.sizes, block.tag_bytes
        return PacketBlock(bytes(data), block.stride, sizes, tag_bytes, block.payload_bytes)

    def _payloads(
        self, nal_units: Sequence[bytes], first_payload_bytes: int
    ) -> list[Sequence[bytes]]:
        """Returns the pieces of each packet's payload."""
        payloads: list[Sequence[bytes]] = []
        room = first_payload_bytes
        waiting: list[bytes] = []
        waiting_bytes = 1  # of a STAP-A: its own header, then a length and a NAL unit each
        for nal_unit in nal_units:
            size = 2 + len(nal_unit)
            is_full = len(waiting) == MAX_AGGREGATED or waiting_bytes + size > room
            if waiting and is_full:
                payloads.append(_aggregated(waiting))
                room, waiting, waiting_bytes = self._max_payload_bytes, [], 1
            if len(nal_unit) <= room:
                waiting.append(nal_unit)
                waiting_bytes += size
                continue
            payloads += _fragments(nal_unit, room - 2, self._max_payload_bytes - 2)
            room = self._max_payload_bytes
        if waiting:
            payloads.append(_aggregated(waiting))
        return payloads


def _aggregated(nal_units: Sequence[bytes]) -> Sequence[bytes]:
    """Returns one NAL unit as it is, several as a STAP-A (RFC 6184 section 5.7.1)."""
    if len(nal_units) == 1:
        return nal_units
    forbidden = max(nal_unit[0] & 0x80 for nal_unit in nal_units)
    importance = max(nal_unit[0] & 0x60 for nal_unit in nal_units)
    pieces = [bytes([forbidden | importance | STAP_A])]
    for nal_unit in nal_units:
        pieces += (len(nal_unit).to_bytes(2, "big"), nal_unit)
    return pieces


def _fragments(nal_unit: bytes, first_bytes: int, most_bytes: int) -> list[Sequence[bytes]]:
    """Returns FU-A fragments (RFC 6184 section 5.8): at least two, and each repeats the NAL unit's
    header."""
    indicator = nal_unit[0] & 0xE0 | FU_A
    kind = nal_unit[0] & 0x1F
    first, middle = bytes((indicator, START | kind)), bytes((indicator, kind))
    last = bytes((indicator, END | kind))
    starts = range(1 + first_bytes, len(nal_unit), most_bytes)
    return [
        (first, nal_unit[1 : starts[0]]),
        *[(middle, nal_unit[start : start + most_bytes]) for start in starts[:-1]],
        (last, nal_unit[starts[-1] :]),
    ]


def block_of(
    packets: Sequence[bytes], stride: int, tag_bytes: int, payload_bytes: int = 0
) -> PacketBlock:
    """Returns a block of `packets`: at least one, each with room for its tag in `stride` bytes."""
    data = b"".join([*[packet.ljust(stride, b"\0") for packet in packets[:-1]], packets[-1]])
    return PacketBlock(data, stride, tuple(map(len, packets)), tag_bytes, payload_bytes)


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
