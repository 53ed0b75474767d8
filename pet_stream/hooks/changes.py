"""What has changed between two looks at what is known. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from ..camera_status import CameraStatus
from ..recording.interruption import Interruption
from ..recording.status import RecordingStatus, rfc3339

START_GRACE_S = 15.0
"""A camera that has not come by then is offline."""
LOW_FACTOR = 2
ENOUGH_FACTOR = 3
"""The disk is low below twice the space at which recordings end, and may be low again once there is
three times as much."""

Change = tuple[str, Mapping[str, Any]]
"""The type of an event, and its data."""


@dataclass(frozen=True, slots=True)
class Viewer:
    name: str
    """Who has signed in; empty where nobody does."""
    transport: str


@dataclass(frozen=True, slots=True)
class Known:
    """What is known at one moment."""

    camera: CameraStatus
    recording: RecordingStatus
    viewers: Mapping[str, Viewer]
    """By their places."""
    free_bytes: int | None = None
    """On the disk of the recordings; None: unknown."""
    min_free_bytes: int = 0
    """Below this, recordings end."""


class Changes:
    """Compares each look with the one before. `now_s` is of any clock that never goes back."""

    def __init__(self, now_s: float) -> None:
        self._began_s = now_s
        self._is_offline: bool | None = None
        self._offline_at_s = now_s
        self._recording_id: str | None = None
        self._recovered: tuple[str, float] | None = None
        self._viewers: dict[str, tuple[Viewer, float]] = {}
        self._is_low = False

    def look(self, known: Known, now_s: float) -> Iterator[Change]:
        yield from self._camera(known.camera, now_s)
        yield from self.recording(known.recording)
        yield from self._recovery(known.recording.interrupted)
        yield from self._audience(known.viewers, now_s)
        yield from self._disk(known)

    def recording(self, status: RecordingStatus) -> Iterator[Change]:
        """Also for one that has ended since the last look."""
        if status.recording_id is None or status.recording_id == self._recording_id:
            return
        if status.is_recording or status.has_file:
            self._recording_id = status.recording_id
            yield "recording.started", _started(status)

    def _recovery(self, interrupted: Interruption | None) -> Iterator[Change]:
        if interrupted is None or not interrupted.is_recovered:
            return
        which = interrupted.filename, interrupted.broke_off_at
        if which != self._recovered:
            self._recovered = which
            told = interrupted.to_json()
            names = ("filename", "saved_as", "resumed_as", "started_at", "broke_off_at")
            yield "recording.recovered", {name: told[name] for name in names}

    def _camera(self, camera: CameraStatus, now_s: float) -> Iterator[Change]:
        if camera.state == "live":
            if self._is_offline:
                yield "camera.back", {"offline_s": round(now_s - self._offline_at_s, 1)}
            self._is_offline = False
        elif camera.state != "paused" and not self._is_offline:
            if self._is_offline is None and now_s - self._began_s < START_GRACE_S:
                return
            self._is_offline, self._offline_at_s = True, now_s
            yield (
                "camera.offline",
                {"state": camera.state, "reason": camera.reason, "code": camera.reason.code},
            )

    def _audience(self, viewers: Mapping[str, Viewer], now_s: float) -> Iterator[Change]:
        for place_id in self._viewers.keys() - viewers.keys():
            viewer, since_s = self._viewers.pop(place_id)
            watched = {**_viewer(viewer), "seconds": round(now_s - since_s, 1)}
            yield "viewer.went", {**watched, "viewers": len(viewers)}
        for place_id in viewers.keys() - self._viewers.keys():
            self._viewers[place_id] = viewers[place_id], now_s
            yield "viewer.came", {**_viewer(viewers[place_id]), "viewers": len(viewers)}

    def _disk(self, known: Known) -> Iterator[Change]:
        free, limit = known.free_bytes, known.min_free_bytes
        if free is None or not limit:
            return
        if not self._is_low and free < LOW_FACTOR * limit:
            self._is_low = True
            yield "disk.low", {"free_bytes": free, "recordings_end_below_bytes": limit}
        elif free > ENOUGH_FACTOR * limit:
            self._is_low = False


def ended(status: RecordingStatus) -> Change:
    """Returns the event of a recording that has ended."""
    reason = status.stop_reason
    return "recording.ended", {
        **_started(status),
        "files": [path.name for path in status.paths],
        "duration_ms": status.duration_ms,
        "bytes_written": status.bytes_written,
        "gap_count": status.gap_count,
        "missing_ms": status.missing_ms,
        "dropped_count": status.dropped_count,
        "failed": status.has_failed,
        "stop_reason": reason,
        "stop_code": None if reason is None else reason.code,
    }


def _started(status: RecordingStatus) -> dict[str, Any]:
    return {
        "filename": status.filename,
        "recording_id": status.recording_id,
        "start_time": None if status.started_at is None else rfc3339(status.started_at),
        "preroll_ms": status.preroll_ms,
    }


def _viewer(viewer: Viewer) -> dict[str, Any]:
    return {"name": viewer.name or None, "transport": viewer.transport}
