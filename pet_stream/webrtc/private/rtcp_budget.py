"""Limits how much RTCP one viewer may send. Pure."""

from __future__ import annotations

from ...admission.token_bucket import TokenBucket

PACKETS_PER_S = 200
"""And as many at once; browsers send ten."""
OWN_SHARE = 0.5
"""Of the packets read. Only if this share was the viewer's own does the excess count as the
viewer's flood: packets forged in its name must not end it."""


class RtcpBudget:
    """Asked before a packet is decrypted, told afterwards whether it was the viewer's. On the
    event-loop thread."""

    def __init__(self) -> None:
        self._bucket = TokenBucket(PACKETS_PER_S, 1 / PACKETS_PER_S)
        self._taken = self._proved = self._refused = 0
        self._flooded_since_s: float | None = None

    def take(self) -> bool:
        """Whether one more may be read."""
        is_within = self._bucket.try_take()
        self._taken += is_within
        self._refused += not is_within
        return is_within

    def prove(self) -> None:
        """Count a packet that was taken and could be decrypted: it is the viewer's."""
        self._proved += 1

    def is_flooded(self, now_s: float, limit_s: float) -> bool:
        """Whether the viewer has sent more than it may for `limit_s`, at every look. To be asked a
        few times a second."""
        is_over = self._refused > 0 and self._proved >= OWN_SHARE * self._taken
        self._taken = self._proved = self._refused = 0
        if not is_over:
            self._flooded_since_s = None
            return False
        if self._flooded_since_s is None:
            self._flooded_since_s = now_s
        return now_s - self._flooded_since_s >= limit_s
