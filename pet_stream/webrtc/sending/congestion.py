"""What one viewer's link can take, to judge by what the viewer says it has missed (RFC 4585)."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence

from ...admission.token_bucket import TokenBucket

MAX_PER_REQUEST = 128
MAX_PER_ROUND_TRIP = 256
"""A 1080p IDR. Who misses more needs another picture, not this one."""
MAX_PER_S = 512
"""A quarter of a stream of 20 Mbit/s. A round trip is what the viewer says it is."""
MIN_ROUND_TRIP_S = 0.02
MAX_REPEATED = 8
"""A browser asks again after 0.1 s, and a picture that comes so late is seen as a freeze. A second
copy unasked for makes that rare at random losses; who misses more at once has a link that is full,
which copies would only fill."""

BURST_LOSS_PACKETS = 10
"""Who asks for so many at once has lost a part of a burst, to a link too narrow for it."""
CONGESTED_S = 20.0
"""How long the link then counts as congested."""
CONGESTED_SHARE = 0.5
"""Of the stream's rate, which retransmissions may have then: they would fill the buffer again."""

PACING_FACTOR = 2.5
"""Times the stream's own rate, which a viewer's link must carry in any case. libwebrtc's pacer has
the same factor."""
CONGESTED_PACING_FACTOR = 1.5
"""Where that is known to be too fast."""


class Congestion:
    """Told what one viewer has missed; asked how much may be sent to it. On the event-loop thread.

    What is sent again is bounded by packets per request, round trip and second; second copies
    count for the second.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._congested_until_s = -math.inf
        self._sent_again: dict[int, float] = {}
        """When, by sequence number, in the last round trip."""
        self._budget = TokenBucket(MAX_PER_S, 1 / MAX_PER_S, clock)

    @property
    def is_congested(self) -> bool:
        """Whether the viewer has lately lost a part of a burst: the link is too narrow for one."""
        return self._clock() < self._congested_until_s

    @property
    def pacing_factor(self) -> float:
        """At how many times the stream's rate to send what is spread in time."""
        return CONGESTED_PACING_FACTOR if self.is_congested else PACING_FACTOR

    def missed(
        self, sequence_numbers: Sequence[int], round_trip_s: float, stream_packets_per_s: float
    ) -> list[int]:
        """The viewer has missed these packets. Returns those to send again now.

        One that was sent again less than half a round trip ago is not among them: who has measured
        a shorter one than we must get an answer.
        """
        now_s = self._clock()
        if len(sequence_numbers) >= BURST_LOSS_PACKETS:
            self._congested_until_s = now_s + CONGESTED_S
        round_trip_s = max(round_trip_s, MIN_ROUND_TRIP_S)
        since_s = now_s - round_trip_s
        self._sent_again = {n: sent_s for n, sent_s in self._sent_again.items() if sent_s > since_s}
        limit = self._limit(round_trip_s, stream_packets_per_s)
        chosen = []
        for number in sequence_numbers[:MAX_PER_REQUEST]:
            if len(self._sent_again) >= limit:
                break
            if now_s - self._sent_again.get(number, -math.inf) > round_trip_s / 2:
                if self._budget.try_take():
                    break
                self._sent_again[number] = now_s
                chosen.append(number)
        return chosen

    def worth_a_copy(self, chosen: Sequence[int]) -> list[int]:
        """Of which of the packets that `missed` has chosen a second copy is to follow."""
        if len(chosen) > MAX_REPEATED or self.is_congested:
            return []
        return [number for number in chosen if not self._budget.try_take()]

    def _limit(self, round_trip_s: float, stream_packets_per_s: float) -> float:
        """Packets that may be sent again in a round trip."""
        if not self.is_congested:
            return MAX_PER_ROUND_TRIP
        share = CONGESTED_SHARE * stream_packets_per_s * round_trip_s
        return min(MAX_PER_ROUND_TRIP, max(1.0, share))
