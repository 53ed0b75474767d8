"""RTP packets back into H.264 NAL units (RFC 6184)."""

from __future__ import annotations

from pet_stream.errors import BitstreamError
from pet_stream.media.rtp.packetizer import END, FU_A, STAP_A, START

from .rtp_packets import RtpPacket


class Depacketizer:
    """Puts the packets of one stream, in the order of their numbers, together again.

    A NAL unit of which a fragment is missing is left out. Owned by one thread.
    """

    def __init__(self) -> None:
        self.lost_count = 0
        """Packets that the sequence numbers say were left out."""
        self._expected: int | None = None
        self._fragments: list[bytes] = []

    def push(self, packet: RtpPacket) -> tuple[bytes, ...]:
        """The NAL units that this packet completes. Raises BitstreamError if it is malformed."""
        if self._expected is not None and packet.sequence_number != self._expected:
            self.lost_count += packet.sequence_number - self._expected & 0xFFFF
            self._fragments = []
        self._expected = packet.sequence_number + 1 & 0xFFFF
        payload = packet.payload
        if not payload:
            raise BitstreamError("An RTP payload is empty")
        kind = payload[0] & 0x1F
        if kind == FU_A:
            return self._defragment(payload)
        self._fragments = []
        if kind == STAP_A:
            return _disaggregated(payload)
        if not 0 < kind < STAP_A:
            raise BitstreamError(f"An RTP payload has the unknown type {kind}")
        return (payload,)

    def _defragment(self, payload: bytes) -> tuple[bytes, ...]:
        if len(payload) < 3:
            raise BitstreamError("A fragment is empty")
        flags = payload[1] & 0xC0
        if flags & START:
            self._fragments = [bytes([payload[0] & 0xE0 | payload[1] & 0x1F])]
        elif not self._fragments:
            return ()
        self._fragments.append(payload[2:])
        if not flags & END:
            return ()
        nal_unit = b"".join(self._fragments)
        self._fragments = []
        return (nal_unit,)


def _disaggregated(payload: bytes) -> tuple[bytes, ...]:
    nal_units = []
    position = 1
    while position < len(payload):
        size = int.from_bytes(payload[position : position + 2], "big")
        nal_unit = payload[position + 2 : position + 2 + size]
        if not nal_unit or len(nal_unit) < size:
            raise BitstreamError("An aggregated NAL unit is truncated")
        nal_units.append(nal_unit)
        position += 2 + size
    if not nal_units:
        raise BitstreamError("A STAP-A is empty")
    return tuple(nal_units)
