"""What the web server of `run` and `demo` tells the rest, which does not load it."""

from __future__ import annotations

from dataclasses import dataclass, field

from .supervision.error_counts import ErrorCounts

THREAD_LIMIT_KEY = "pet_stream.thread_limit"
"""The key in the WSGI environment under which the server says how many requests it runs at once."""


@dataclass(slots=True)
class ConnectionCounts:
    refused: int = 0
    """Closed at once, because too many were open."""
    ended: int = 0
    """Gave way to a new one."""
    timed_out: int = 0
    errors: ErrorCounts = field(default_factory=ErrorCounts)
