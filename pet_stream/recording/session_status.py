"""Makes the status of one recording, in whatever thread asks."""

from __future__ import annotations

from dataclasses import dataclass

from ..broadcaster import Subscription
from ..errors import NotRecorderOwner
from ..reason import Reason
from .arrival import Arrival
from .disk import describe
from .status import PAUSED, RecordingStatus
from .writer import Writer

EARLY_MS = 2000
"""The status has a reason when a file begins this much earlier than was asked for: most cameras
send an IDR more often."""
SLOW_DISK_S = 1.0
"""The status has a note when the disk takes longer than this for one step."""


@dataclass(frozen=True, slots=True)
class Facts:
    """What does not change in a recording."""

    recording_id: str
    started_at: float
    """Epoch seconds."""
    preroll_ms: int
    wanted_ms: int
    """The pre-roll that was asked for."""
    heartbeat_s: float | None


class SessionStatus:
    """Reads it off the writer and the arrival of pictures. Any thread may ask; the session sets the
    attributes, on the event loop."""

    def __init__(
        self, facts: Facts, writer: Writer, arrival: Arrival, subscription: Subscription
    ) -> None:
        self.is_ending = False
        self.reason_to_end: Reason | None = None
        """Why it was ended; None: somebody did."""
        self.lost_in_queue = 0
        self._facts = facts
        self._writer = writer
        self._arrival = arrival
        self._subscription = subscription

    def read(self, *, is_over: bool) -> RecordingStatus:
        """`is_over`: the session has no say in it any more. Nothing is recorded either once the
        writer has finished, whether the event loop knows that or not."""
        is_recording = not is_over and self._writer.is_writing
        facts, writer, arrival = self._facts, self._writer, self._arrival
        path, progress = writer.path, writer.progress
        if path is None and writer.is_accepted:
            path = writer.wanted_path
        is_receiving = is_recording and arrival.is_receiving
        is_silent = is_recording and not is_receiving and not self.is_ending
        missing = arrival.missing(progress)
        return RecordingStatus(
            recording_id=facts.recording_id,
            is_recording=is_recording,
            is_waiting=is_silent and arrival.is_waiting,
            is_receiving=is_receiving,
            silent_s=arrival.silence_s if is_silent else None,
            has_file=writer.path is not None,
            filename=None if path is None else path.name,
            path=path,
            paths=() if is_recording else writer.paths,
            frame_count=progress.frame_count,
            bytes_written=progress.bytes_written,
            duration_ms=progress.duration_ms,
            preroll_ms=facts.preroll_ms if progress.frame_count else 0,
            preroll_reason=self._preroll_reason if progress.frame_count else None,
            dropped_count=self.dropped_count,
            gap_count=missing.gap_count,
            missing_ms=missing.missing_ms,
            file_count=progress.file_count,
            heartbeat_s=facts.heartbeat_s,
            started_at=facts.started_at,
            stopped_at=writer.ended_at,
            stop_reason=None if is_recording else self._stop_reason,
            note=self._note if writer.is_writing else None,
            has_failed=not is_recording and self._has_failed,
        )

    @property
    def dropped_count(self) -> int:
        lost_count = self._writer.progress.lost_count + self.lost_in_queue
        return self._subscription.dropped_count + lost_count

    @property
    def _stop_reason(self) -> Reason | None:
        failure = self._writer.failure
        if failure is not None:
            return describe_failure(failure)
        if self._is_empty:
            return Reason("no_picture", "no picture came from the camera")
        return self.reason_to_end

    @property
    def _has_failed(self) -> bool:
        """A stop request before a picture came is no failure; that it ended by itself is."""
        is_in_vain = self._is_empty and self.reason_to_end not in (None, PAUSED)
        return is_in_vain or self._writer.failure is not None

    @property
    def _is_empty(self) -> bool:
        return not self._writer.is_writing and not self._writer.progress.frame_count

    @property
    def _preroll_reason(self) -> Reason | None:
        early_ms = self._facts.preroll_ms - self._facts.wanted_ms
        if early_ms < EARLY_MS:
            return None
        return Reason(
            "begins_early",
            f"it begins {early_ms / 1000:.0f} s earlier than asked: no picture that a file can "
            "begin with came from the camera since then",
        )

    @property
    def _note(self) -> Reason | None:
        if self._writer.blocked_s < SLOW_DISK_S:
            return None
        if self.is_ending:
            return Reason("disk_silent", "the file is finished as soon as the disk answers")
        if self.dropped_count:
            return Reason("disk_loses", "the disk does not answer, and pictures are being lost")
        return Reason("disk_silent", "the disk does not answer; pictures wait in memory")


def describe_failure(failure: OSError | NotRecorderOwner) -> Reason:
    """Returns why a recording ended or did not begin, for a person."""
    if isinstance(failure, NotRecorderOwner):
        return Reason(failure.code, str(failure))
    return describe(failure)
