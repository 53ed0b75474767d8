"""Spreads in time what would overflow the buffer of a narrow link if it were sent at once."""

from __future__ import annotations

MAX_S = 1.0
"""Within this time the bytes that wait at the beginning are sent, however many they are."""
PIECE_PACKETS = 8
"""In one piece of a picture that is itself spread."""
_MAX_LATE_S = 0.01


class Pacer:
    """When the next bytes are due. Owned by one thread; times in seconds, of one clock."""

    def __init__(self, bytes_per_s: float, waiting_bytes: int, now_s: float) -> None:
        self._bytes_per_s = max(bytes_per_s, waiting_bytes / MAX_S)
        self._due_s = now_s

    def wait_s(self, now_s: float) -> float:
        """Returns the time until the next bytes may go; 0 if they may go now."""
        return max(0.0, self._due_s - now_s)

    def sent(self, byte_count: int, now_s: float) -> None:
        """Count bytes that were sent. A late sender hardly catches up: that would be a burst."""
        self._due_s = max(self._due_s, now_s - _MAX_LATE_S) + byte_count / self._bytes_per_s
