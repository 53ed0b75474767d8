"""How long a client may take for what."""

from __future__ import annotations

from dataclasses import dataclass

from .pending import PATIENCE_S


@dataclass(frozen=True, slots=True)
class TimeLimits:
    ping_s: float = 1.5
    silence_s: float = 4.5
    """Browsers answer each ping. A client that sends no whole message for this many seconds has
    vanished."""
    stalled_s: float = 8.0
    """A client that sends, but takes no byte for this many seconds, is disconnected, too."""
    queues_s: float = 0.05
    """No new frame is begun while an older one has been under way for longer than this plus the
    shortest round trip: once in the queues of kernel and network, it could not be dropped for a
    newer one."""
    round_trip_s: float = 0.5
    """Assumed until a shorter one was measured."""
    patience_s: float = PATIENCE_S
    """See `pending`."""
    closing_s: float = 1.0
    """How long the client may take to answer a close."""
