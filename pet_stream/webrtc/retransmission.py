"""What one viewer gets once more, of what it says it has missed (RFC 4585, RFC 4588)."""

from __future__ import annotations

import math
import secrets
from collections.abc import Sequence

from ..media.rtp import MAX_PACKET_BYTES, PacketBlock, block_of, retransmission
from .packet_stream import PacketStream

MAX_PER_REQUEST = 128
MAX_PER_ROUND_TRIP = 256
"""A 1080p IDR. Who misses more needs another picture, not this one."""
MIN_ROUND_TRIP_S = 0.02
MAX_REPEATED = 8
"""A browser asks again after 0.1 s, and a picture that comes so late is seen as a freeze. A second
copy unasked for makes that rare at random losses; who misses more at once has a link that is full,
which copies would only fill."""
REPEAT_DELAY_S = 0.01
"""Losses come in bursts."""


class Retransmitter:
    """On the event-loop thread. Bounded by packets per request and per round trip; nobody who asks
    twice at once gets a packet twice for it."""

    def __init__(self, payload_type: int, ssrc: int, tag_bytes: int) -> None:
        self._payload_type = payload_type
        self._ssrc = ssrc
        self._tag_bytes = tag_bytes
        self._sequence_number = secrets.randbelow(0x8000)
        self._sent_at: dict[int, float] = {}
        """By original sequence number, in the last round trip."""

    def choose(
        self,
        sequence_numbers: Sequence[int],
        now_s: float,
        round_trip_s: float,
        max_per_s: float = math.inf,
    ) -> list[int]:
        """Which packets to send, at most `max_per_s`. One that was asked for less than half a round
        trip ago is not sent again: who has measured a shorter one than we must get an answer."""
        round_trip_s = max(round_trip_s, MIN_ROUND_TRIP_S)
        since_s = now_s - round_trip_s
        self._sent_at = {n: sent_s for n, sent_s in self._sent_at.items() if sent_s > since_s}
        limit = min(MAX_PER_ROUND_TRIP, max(1.0, max_per_s * round_trip_s))
        chosen = []
        for number in sequence_numbers[:MAX_PER_REQUEST]:
            if len(self._sent_at) >= limit:
                break
            if now_s - self._sent_at.get(number, -math.inf) > round_trip_s / 2:
                self._sent_at[number] = now_s
                chosen.append(number)
        return chosen

    def block(self, stream: PacketStream, sequence_numbers: Sequence[int]) -> PacketBlock | None:
        """The packets to send; None if none of them is there any more."""
        packets = []
        for number in sequence_numbers:
            packet = stream.packet(number)
            if packet is not None:
                packets.append(
                    retransmission(packet, self._payload_type, self._sequence_number, self._ssrc)
                )
                self._sequence_number = self._sequence_number + 1 & 0xFFFF
        return block_of(packets, MAX_PACKET_BYTES, self._tag_bytes) if packets else None
