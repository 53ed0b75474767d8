"""The status of the recorder, for every thread."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any, Protocol

from ..reason import Reason
from .interruption import Interruption

NEWS_S = 86_400.0
"""What was interrupted is told for a day."""
SHUT_DOWN = Reason("shut_down", "the server was shut down")
PAUSED = Reason("paused", "the camera was paused")


@dataclass(frozen=True, slots=True)
class RecordingStatus:
    """The recording that runs, or the last one; a snapshot that any thread may keep."""

    recording_id: str | None = None
    """Of this recording and no other; None before the first one."""
    is_recording: bool = False
    is_waiting: bool = False
    """No picture has come since its start: it goes on with the camera's next IDR."""
    is_receiving: bool = False
    """Pictures come now."""
    silent_s: float | None = None
    """For how long none has come, while none come."""
    has_file: bool = False
    """Its file is there; a disk that hangs delays that."""
    filename: str | None = None
    """None before the first recording."""
    path: Path | None = None
    """The folder, as it was set, and the filename."""
    paths: tuple[Path, ...] = ()
    """Of its files, once it has ended: none without a picture, several as `file_count` says."""
    frame_count: int = 0
    bytes_written: int = 0
    duration_ms: int = 0
    """From the capture time of the first picture to that of the last: the file's length."""
    preroll_ms: int = 0
    """How much of that lies before the start of the recording."""
    preroll_reason: Reason | None = None
    """Why that is much more than was asked for, for a person."""
    dropped_count: int = 0
    """Pictures lost because the disk was too slow, or failed."""
    gap_count: int = 0
    """Places where more than a second is missing since the start, this silence included."""
    missing_ms: int = 0
    """How long they are together."""
    file_count: int = 0
    """Files of the recording: more than one if the camera or its SPS changed, or it got long."""
    heartbeat_s: float | None = None
    """The recording ends when no heartbeat has come for this many seconds."""
    started_at: float | None = None
    """Epoch seconds."""
    stopped_at: float | None = None
    """Epoch seconds; None while recording."""
    stop_reason: Reason | None = None
    """Why it ended, for a person; None if somebody stopped it."""
    note: Reason | None = None
    """What is wrong while it runs, for a person."""
    has_failed: bool = False
    """Whether an error ended it."""
    interrupted: Interruption | None = None
    """What the last run of the server left in the middle, until somebody starts a recording."""

    def to_json(self) -> dict[str, Any]:
        """Returns the fields of `GET /api/recording/status`."""
        return {
            "recording_id": self.recording_id,
            "recording": self.is_recording,
            "filename": self.filename,
            "frame_count": self.frame_count,
            "bytes_written": self.bytes_written,
            "duration_ms": self.duration_ms,
            "duration": self.duration_ms / 1000,
            "start_time": None if self.started_at is None else rfc3339(self.started_at),
            "stop_reason": self.stop_reason,
            "stop_code": None if self.stop_reason is None else self.stop_reason.code,
            "preroll_ms": self.preroll_ms,
            "preroll_reason": self.preroll_reason,
            "preroll_code": None if self.preroll_reason is None else self.preroll_reason.code,
            "note": self.note,
            "note_code": None if self.note is None else self.note.code,
            "waiting": self.is_waiting,
            "receiving": self.is_receiving,
            "silent_s": None if self.silent_s is None else round(self.silent_s, 1),
            "gap_count": self.gap_count,
            "missing_ms": self.missing_ms,
            "dropped_count": self.dropped_count,
            "heartbeat_s": self.heartbeat_s,
            "failed": self.has_failed,
            "interrupted": None if self.interrupted is None else self.interrupted.to_json(),
        }


class HasStatus(Protocol):
    @property
    def status(self) -> RecordingStatus: ...


class CurrentRecording:
    """The status of the running or last recording. The recorder sets `source`, on the event loop;
    any thread may read `status`, and tell of an interruption."""

    def __init__(self) -> None:
        self.source: HasStatus | None = None
        """The session; None before the first one."""
        self._interrupted: Interruption | None = None
        self._told_at_s = 0.0

    @property
    def status(self) -> RecordingStatus:
        source = self.source
        return self.with_news(RecordingStatus() if source is None else source.status)

    def with_news(self, status: RecordingStatus) -> RecordingStatus:
        """Returns `status` with what the last run of the server left, as long as that is news."""
        interrupted = self._interrupted
        if interrupted is None or time.monotonic() - self._told_at_s > NEWS_S:
            return status
        return replace(status, interrupted=interrupted)

    def tell(self, interrupted: Interruption) -> None:
        """The last run of the server left this."""
        self._interrupted, self._told_at_s = interrupted, time.monotonic()

    def correct(self, before: Interruption, after: Interruption) -> None:
        """More is known of it; does nothing if it is no news any more."""
        if self._interrupted is before:
            self._interrupted = after

    def forget_interruption(self) -> None:
        self._interrupted = None


@dataclass(frozen=True, slots=True)
class RecorderCounts:
    """Totals over all recordings of this process; a snapshot. They never fall."""

    frames_written: int = 0
    frames_dropped: int = 0
    errors: int = 0
    """Recordings that an error of the disk ended or prevented."""


def rfc3339(epoch_s: float) -> str:
    """Returns `epoch_s` in local time with its offset from UTC (RFC 3339 section 5.6)."""
    return datetime.fromtimestamp(epoch_s).astimezone().isoformat(timespec="milliseconds")
