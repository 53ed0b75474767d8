"""What the recorder can be told to do, by the settings or by one request."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class RecorderSettings:
    """Times in seconds; 0 means never, or no limit."""

    preroll_s: float = 0
    """What was shown before the start is in the file, too."""
    sync_s: float = 5
    """Between two syncs: what a power cut costs at most."""
    min_free_bytes: int = 0
    """Recording ends when less is free on the disk."""
    segment_s: float = 3600
    """A longer recording goes on in another file."""
    max_duration_s: float = 0
    heartbeat_s: float = 0
    """The recording ends when nobody has asked for it to go on for so long."""
    queue_s: float = 15
    """What may wait for the disk."""
    queue_bytes: int = 32 * 1024 * 1024
