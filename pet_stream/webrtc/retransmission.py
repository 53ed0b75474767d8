"""What one viewer gets once more, of what it says it has missed (RFC 4585, RFC 4588)."""

from __future__ import annotations

import math
import secrets
from collections.abc import Sequence

from ..media.rtp import MAX_PACKET_BYTES, PacketBlock, block_of, retransmission
from ..token_bucket import TokenBucket
from .packet_stream import PacketStream

MAX_PER_REQUEST = 128
MAX_PER_ROUND_TRIP = 256
"""A 1080p IDR. Who misses more needs another picture, not this one."""
MAX_PER_S = 512
"""A quarter of a stream of 20 Mbit/s. A round trip is what the viewer says it is."""
MIN_ROUND_TRIP_S = 0.02
BURST_LOSS_PACKETS = 10
"""Who asks for so many at once has lost a part of a burst, to a link too narrow for it."""
CONGESTED_S = 20.0
"""For so long the link then counts as congested."""
CONGESTED_SHARE = 0.5
"""Of the stream's rate, which retransmissions may have then: they would fill the buffer again."""


class Retransmitter:
    """On the event-loop thread. Bounded by packets per request, round trip and second; nobody
    who asks twice at once gets a packet twice for it."""

    def __init__(self, payload_type: int | None, ssrc: int, tag_bytes: int) -> None:
        """`payload_type`: of RTX; None: the viewer does not know it and gets nothing again."""
        self._payload_type = payload_type
        self._ssrc = ssrc
        self._tag_bytes = tag_bytes
        self._sequence_number = secrets.randbelow(0x8000)
        self._sent_at: dict[int, float] = {}
        """By original sequence number, in the last round trip."""
        self._congested_until_s = -math.inf
        self._now_s = -math.inf
        self._budget = TokenBucket(MAX_PER_S, 1 / MAX_PER_S, lambda: self._now_s)

    def is_congested(self, now_s: float) -> bool:
        """Whether the viewer has lately lost a part of a burst."""
        return now_s < self._congested_until_s

    def choose(
        self,
        sequence_numbers: Sequence[int],
        now_s: float,
        round_trip_s: float,
        stream_packets_per_s: float = math.inf,
    ) -> list[int]:
        """Which packets to send; over a congested link fewer, by the stream's rate. One that was
        asked for less than half a round trip ago is not sent again: who has measured a shorter one
        than we must get an answer."""
        if len(sequence_numbers) >= BURST_LOSS_PACKETS:
            self._congested_until_s = now_s + CONGESTED_S
        if self._payload_type is None:
            return []
        self._now_s = now_s
        round_trip_s = max(round_trip_s, MIN_ROUND_TRIP_S)
        since_s = now_s - round_trip_s
        self._sent_at = {n: sent_s for n, sent_s in self._sent_at.items() if sent_s > since_s}
        limit: float = MAX_PER_ROUND_TRIP
        if self.is_congested(now_s):
            share = CONGESTED_SHARE * stream_packets_per_s * round_trip_s
            limit = min(limit, max(1.0, share))
        chosen = []
        for number in sequence_numbers[:MAX_PER_REQUEST]:
            if len(self._sent_at) >= limit:
                break
            if now_s - self._sent_at.get(number, -math.inf) > round_trip_s / 2:
                if self._budget.try_take():
                    break
                self._sent_at[number] = now_s
                chosen.append(number)
        return chosen

    def block(self, stream: PacketStream, sequence_numbers: Sequence[int]) -> PacketBlock | None:
        """The packets to send; None if none of them is there any more."""
        if self._payload_type is None:
            return None
        packets = []
        for number in sequence_numbers:
            packet = stream.packet(number)
            if packet is not None:
                packets.append(
                    retransmission(packet, self._payload_type, self._sequence_number, self._ssrc)
                )
                self._sequence_number = self._sequence_number + 1 & 0xFFFF
        return block_of(packets, MAX_PACKET_BYTES, self._tag_bytes) if packets else None
