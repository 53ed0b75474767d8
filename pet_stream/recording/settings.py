"""The limits and times of a recording, from the settings or from one request."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class RecorderSettings:
    """Times in seconds; 0 means never, or no limit."""

    preroll_s: float = 0
    """The recording begins this many seconds before its start."""
    sync_s: float = 5
    """Time between two syncs: a power cut costs this much at most."""
    min_free_bytes: int = 0
    """Recording ends when less is free on the disk."""
    max_file_s: float = 3600
    """A longer recording continues in the next file."""
    max_duration_s: float = 0
    heartbeat_s: float = 0
    """The recording ends when no heartbeat has come for this many seconds."""
    queue_s: float = 15
    """How many seconds of pictures may wait for the disk."""
    queue_bytes: int = 32 * 1024 * 1024
