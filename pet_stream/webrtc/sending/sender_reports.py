"""RTCP sender reports of one viewer, and what its receiver reports say about the round trip."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable

from ...media.access_unit import AccessUnit, ticks_90k
from ...media.rtp.rtcp import middle_bits, ntp_time, sender_report, source_description

INTERVAL_NS = 1_000_000_000
FIRST_INTERVAL_NS = 300_000_000
"""A browser needs two reports before it can tell capture times: the second comes soon."""

_SMOOTHING = 0.85


class SenderReports:
    """One viewer's reports. On the event-loop thread.

    A report names one instant on the wall clock and on the RTP clock. RTP timestamps are capture
    times, so a page can tell when each picture was taken.
    """

    def __init__(
        self,
        ssrc: int,
        cname: str,
        clock_ns: Callable[[], int] = time.monotonic_ns,
        wall_clock_ns: Callable[[], int] = time.time_ns,
    ) -> None:
        self.packet_count = 0
        self.payload_bytes = 0
        self.round_trip_s = 0.1
        """Smoothed; a guess until the viewer has reported."""
        self.due_ns = 0
        """The next report follows the first picture captured then or later."""
        self._clock_ns = clock_ns
        self._wall_clock_ns = wall_clock_ns
        self._ssrc = ssrc
        self._description = source_description(ssrc, cname)
        self._interval_ns = FIRST_INTERVAL_NS
        self._sent: deque[tuple[int, int]] = deque(maxlen=8)

    def compound(self, unit: AccessUnit) -> bytes:
        """The report that follows the packets of `unit`, and the description that goes with it."""
        if self.due_ns:
            self._interval_ns = INTERVAL_NS
        self.due_ns = unit.capture_ns + self._interval_ns
        ntp = ntp_time(self._wall_clock_ns())
        now_ns = self._clock_ns()
        self._sent.append((middle_bits(ntp), now_ns))
        timestamp = ticks_90k(now_ns)
        counts = self.packet_count, self.payload_bytes
        return sender_report(self._ssrc, ntp, timestamp, *counts) + self._description

    def handle_report(self, lsr: int, dlsr: int) -> int | None:
        """A receiver report: it answers the report `lsr`, `dlsr` / 65536 seconds after it came.
        Returns the round-trip time, nanoseconds; None if it tells none."""
        sent_at_ns = dict(self._sent).get(lsr)
        if sent_at_ns is None:
            return None
        round_trip_s = (self._clock_ns() - sent_at_ns) / 1e9 - dlsr / 65536
        if not 0 <= round_trip_s < 5:
            return None
        self.round_trip_s += (1 - _SMOOTHING) * (round_trip_s - self.round_trip_s)
        return round(round_trip_s * 1e9)
