"""Holds what one page is to be told: state, recordings, detections."""

from __future__ import annotations

from collections import deque

from .frames import json_frame

MAX_SIGHTINGS = 32
_RECORDINGS_FRAME = json_frame({"type": "recordings"})
_BEAT_FRAME = json_frame({"type": "beat"})


class StateOutbox:
    """Only the newest state is worth sending; of the detections the newest `MAX_SIGHTINGS`. On the
    event loop."""

    thinned_to = None

    def __init__(self) -> None:
        self.state_frame: bytes | None = None
        self.thinned_frames: dict[str, bytes] = {}
        """By viewer, of those that the page follows."""
        self.has_new_recordings = False
        self.owes_beat = False
        self.sightings: deque[bytes] = deque(maxlen=MAX_SIGHTINGS)
        """Frames, oldest first."""

    def pop(self) -> bytes | None:
        if self.state_frame is not None:
            frame, self.state_frame = self.state_frame, None
            return frame
        if self.thinned_frames:
            return self.thinned_frames.pop(next(iter(self.thinned_frames)))
        if self.has_new_recordings:
            self.has_new_recordings = False
            return _RECORDINGS_FRAME
        if self.sightings:
            return self.sightings.popleft()
        if self.owes_beat:
            self.owes_beat = False
            return _BEAT_FRAME
        return None
