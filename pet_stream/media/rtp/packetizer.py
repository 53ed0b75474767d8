"""Turns H.264 access units into RTP packets, packetization-mode 1 (RFC 6184). Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from .packets import HAS_EXTENSION, HEADER, MARKER, STRIDE, VERSION_2, PacketBlock, block_of

STAP_A = 24
FU_A = 28
START = 0x80
END = 0x40
MAX_AGGREGATED = 10
"""NAL units of a STAP-A. Of more, libwebrtc (`kMaxNalusPerPacket`) sees neither IDR nor parameter
sets."""
MIN_PACKET_BYTES = HEADER.size + 3
"""The smallest FU-A packet: two bytes of header and one byte of the NAL unit."""


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
        payloads = list(self._payloads(nal_units, self._max_payload_bytes - len(extensions)))
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
        return block_of(packets, STRIDE, self._tag_bytes)

    def _payloads(
        self, nal_units: Sequence[bytes], first_payload_bytes: int
    ) -> Iterator[Sequence[bytes]]:
        """Yields the pieces of each packet's payload."""
        room = first_payload_bytes
        waiting: list[bytes] = []
        waiting_bytes = 1  # of a STAP-A: its own header, then a length and a NAL unit each
        for nal_unit in nal_units:
            size = 2 + len(nal_unit)
            is_full = len(waiting) == MAX_AGGREGATED or waiting_bytes + size > room
            if waiting and is_full:
                yield _aggregated(waiting)
                room, waiting, waiting_bytes = self._max_payload_bytes, [], 1
            if len(nal_unit) <= room:
                waiting.append(nal_unit)
                waiting_bytes += size
                continue
            yield from _fragments(nal_unit, room - 2, self._max_payload_bytes - 2)
            room = self._max_payload_bytes
        if waiting:
            yield _aggregated(waiting)


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


def _fragments(nal_unit: bytes, first_bytes: int, most_bytes: int) -> Iterator[Sequence[bytes]]:
    """Yields FU-A fragments (RFC 6184 section 5.8); each repeats the NAL unit's header."""
    indicator = nal_unit[0] & 0xE0 | FU_A
    kind = nal_unit[0] & 0x1F
    start, end = 1, 1 + first_bytes
    while start < len(nal_unit):
        flags = (START if start == 1 else 0) | (END if end >= len(nal_unit) else 0)
        yield bytes((indicator, flags | kind)), nal_unit[start:end]
        start, end = end, end + most_bytes
