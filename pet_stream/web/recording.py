"""Starting and stopping a recording."""

from __future__ import annotations

from flask.typing import ResponseReturnValue

from ..errors import BadName
from ..recording import RecordingStatus
from .current import current_stream
from .json_bodies import read_json

TIMEOUT_S = 5.0
"""The recorder answers within 4 s, even when the disk does not."""


def start_recording() -> ResponseReturnValue:
    status = start()
    answer: dict[str, object] = {
        "status": "recording",
        "file": str(status.path),
        "filename": status.filename,
        "started_at": status.started_at,
    }
    if status.is_waiting:
        answer["waiting"] = True
    return answer


def stop_recording() -> ResponseReturnValue:
    status = stop()
    return {
        "status": "stopped",
        "file": str(status.path),
        "filename": status.filename,
        "frame_count": status.frame_count,
        "bytes_written": status.bytes_written,
        "duration_ms": status.duration_ms,
        "stats": status.to_json(),
        "stopped_at": status.stopped_at,
    }


def recording_status() -> ResponseReturnValue:
    return current_stream().recorder.status.to_json()


def start() -> RecordingStatus:
    """Raises AlreadyRecording, NameExists, BadName, BadRequest, StorageError, LoopUnavailable."""
    filename = read_json().get("filename")
    if not isinstance(filename, str | None):
        raise BadName("filename is a text")
    stream = current_stream()
    return stream.event_loop.call(stream.recorder.start(filename), TIMEOUT_S)


def stop() -> RecordingStatus:
    """Raises NotRecording, StorageError, LoopUnavailable."""
    stream = current_stream()
    return stream.event_loop.call(stream.recorder.stop(), TIMEOUT_S)
