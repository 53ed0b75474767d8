"""Judges what one viewer's link can take by what the viewer says it has missed (RFC 4585)."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence

from ...admission.token_bucket import TokenBucket

MAX_PER_REQUEST = 128
MAX_PER_ROUND_TRIP = 256
"""A 1080p IDR. A viewer that misses more needs the next IDR, not this one."""
MAX_PER_S = 512
"""A quarter of a stream of 20 Mbit/s. The limit per round trip is not enough: the viewer's own
reports say how long that is."""
MIN_ROUND_TRIP_S = 0.02
MAX_REPEATED = 8
"""Most packets that are sent twice. A browser asks again after 0.1 s, and a picture that comes that
late is seen as a freeze; a second copy makes that rare when losses are random. A viewer that misses
more at once has a full link, which copies would fill further."""

BURST_LOSS_PACKETS = 10
"""A viewer that asks for this many at once has lost a part of a burst: its link is too narrow."""
CONGESTED_S = 20.0
"""How long the link then counts as congested."""
CONGESTED_SHARE = 0.5
"""Of the stream's rate, for retransmissions over a congested link: more would fill its buffer."""

NARROW_PER_ROUND_TRIP = 16
"""To a viewer that is sent entry points only, while the rate of those is not known."""
NARROW_ROUND_TRIP_S = 0.25
"""Over a link that does not carry the stream, at least: its queue is full as long as it was
measured, and what is sent twice meanwhile fills it further."""

PACING_FACTOR = 2.5
"""Times the stream's own rate, which a viewer's link must carry in any case. libwebrtc's pacer has
the same factor."""
CONGESTED_PACING_FACTOR = 1.5
"""For a congested link, where the other is known to be too fast."""


class Congestion:
    """What one viewer has missed, and how much may be sent to it. On the event-loop thread.

    Retransmissions are bounded per request, per round trip and per second; second copies count
    towards the limit per second.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self.is_narrow = False
        """Whether the link is known to be too narrow for the whole stream."""
        self._clock = clock
        self._congested_until_s = -math.inf
        self._sent_again: dict[int, float] = {}
        """When each packet was sent again in the last round trip, by sequence number."""
        self._budget = TokenBucket(MAX_PER_S, 1 / MAX_PER_S, clock)

    @property
    def is_congested(self) -> bool:
        """Whether the viewer has lately lost a part of a burst: the link is too narrow for one."""
        return self.is_narrow or self._clock() < self._congested_until_s

    @property
    def pacing_factor(self) -> float:
        """How many times the stream's rate to send at, when pictures are spread in time."""
        return CONGESTED_PACING_FACTOR if self.is_congested else PACING_FACTOR

    def missed(
        self, sequence_numbers: Sequence[int], round_trip_s: float, stream_packets_per_s: float
    ) -> list[int]:
        """Note that the viewer has missed these packets; returns those to send again now.

        A packet that was sent again less than half a round trip ago is not among them. Half, since
        the viewer may have measured a shorter one than we have.
        """
        now_s = self._clock()
        if len(sequence_numbers) >= BURST_LOSS_PACKETS:
            self._congested_until_s = now_s + CONGESTED_S
        least_s = NARROW_ROUND_TRIP_S if self.is_narrow else MIN_ROUND_TRIP_S
        round_trip_s = max(round_trip_s, least_s)
        since_s = now_s - round_trip_s
        self._sent_again = {n: sent_s for n, sent_s in self._sent_again.items() if sent_s > since_s}
        limit = self._limit(round_trip_s, stream_packets_per_s)
        chosen = []
        for number in sequence_numbers[:MAX_PER_REQUEST]:
            if len(self._sent_again) >= limit:
                break
            if now_s - self._sent_again.get(number, -math.inf) > round_trip_s / 2:
                if not self._budget.try_take():
                    break
                self._sent_again[number] = now_s
                chosen.append(number)
        return chosen

    def worth_a_copy(self, chosen: Sequence[int]) -> list[int]:
        """Returns those of the packets that `missed` has chosen which are to be sent twice."""
        if len(chosen) > MAX_REPEATED or self.is_congested:
            return []
        return [number for number in chosen if self._budget.try_take()]

    def _limit(self, round_trip_s: float, stream_packets_per_s: float) -> float:
        """Returns how many packets may be sent again in a round trip."""
        if not self.is_congested:
            return MAX_PER_ROUND_TRIP
        if self.is_narrow and stream_packets_per_s == math.inf:
            return NARROW_PER_ROUND_TRIP
        share = CONGESTED_SHARE * stream_packets_per_s * round_trip_s
        return min(MAX_PER_ROUND_TRIP, max(1.0, share))
