"""What one viewer gets once more, of what it says it has missed (RFC 4585, RFC 4588)."""

from __future__ import annotations

import secrets
from collections.abc import Sequence

from ..media.rtp import MAX_PACKET_BYTES, PacketBlock, block_of, retransmission
from .packet_stream import PacketStream

MAX_PER_REQUEST = 128
MAX_PER_ROUND_TRIP = 256
"""A 1080p IDR. Who misses more needs another picture, not this one."""
MIN_ROUND_TRIP_S = 0.02


class Retransmitter:
    """On the event-loop thread. Bounded by packets per request and per round trip; no packet goes
    out a second time before the first could have arrived."""

    def __init__(self, payload_type: int, ssrc: int, tag_bytes: int) -> None:
        self._payload_type = payload_type
        self._ssrc = ssrc
        self._tag_bytes = tag_bytes
        self._sequence_number = secrets.randbelow(0x8000)
        self._sent_at: dict[int, float] = {}
        """By original sequence number, in the last round trip."""

    def block(
        self,
        stream: PacketStream,
        sequence_numbers: Sequence[int],
        now_s: float,
        round_trip_s: float,
    ) -> PacketBlock | None:
        """The packets to send; None if none of them is there, or allowed."""
        since_s = now_s - max(round_trip_s, MIN_ROUND_TRIP_S)
        self._sent_at = {n: sent_s for n, sent_s in self._sent_at.items() if sent_s > since_s}
        packets = []
        for number in sequence_numbers[:MAX_PER_REQUEST]:
            if len(self._sent_at) >= MAX_PER_ROUND_TRIP:
                break
            packet = None if number in self._sent_at else stream.packet(number)
            if packet is None:
                continue
            self._sent_at[number] = now_s
            packets.append(
                retransmission(packet, self._payload_type, self._sequence_number, self._ssrc)
            )
            self._sequence_number = self._sequence_number + 1 & 0xFFFF
        return block_of(packets, MAX_PACKET_BYTES, self._tag_bytes) if packets else None
