"""Spreads in time what would overflow the buffer of a narrow link at once."""

from __future__ import annotations

MAX_S = 1.0
"""For what waits at the beginning, however long a GOP is."""
PIECE_PACKETS = 8
"""Of a picture that is itself spread."""
_MAX_LATE_S = 0.01


class Pacer:
    """When the next bytes are due. Owned by one thread; times in seconds, of one clock."""

    def __init__(self, bytes_per_s: float, waiting_bytes: int, now_s: float) -> None:
        self._bytes_per_s = max(bytes_per_s, waiting_bytes / MAX_S)
        self._due_s = now_s

    def wait_s(self, now_s: float) -> float:
        """Until the next bytes may go; 0 if they may now."""
        return max(0.0, self._due_s - now_s)

    def sent(self, byte_count: int, now_s: float) -> None:
        """A sender that comes late makes up for little of it: that would be a burst again."""
        self._due_s = max(self._due_s, now_s - _MAX_LATE_S) + byte_count / self._bytes_per_s
