"""The routes that start and stop a recording, and save what just happened as a clip."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from flask.typing import ResponseReturnValue

from ..errors import BadRequest, RequestError
from ..recording.status import RecordingStatus
from .current import current_stream
from .json_bodies import read_json, seconds_in, text_in

TIMEOUT_S = 5.0
"""The recorder answers within 4 s, even when the disk does not."""
CLIP_TIMEOUT_S = 10.0
DEFAULT_CLIP_S = 30.0


def start_recording() -> ResponseReturnValue:
    status = start()
    answer: dict[str, object] = {
        "status": "recording",
        "recording_id": status.recording_id,
        "file": None if status.path is None else _shown(status.path),
        "filename": status.filename,
        "started_at": status.started_at,
    }
    if status.is_waiting:
        answer["waiting"] = True
    return answer


def stop_recording() -> ResponseReturnValue:
    return _finished("stopped", stop(_named_recording()))


def save_clip() -> ResponseReturnValue:
    body = read_json()
    seconds = seconds_in(body, "seconds")
    stream = current_stream()
    clip = stream.recorder.clip(
        DEFAULT_CLIP_S if seconds is None else seconds,
        text_in(body, "filename"),
        file_format=_format(body),
    )
    return _finished("saved", stream.event_loop.call(clip, CLIP_TIMEOUT_S))


def keep_recording() -> ResponseReturnValue:
    """Note that a page still wants the recording to go on."""
    stream = current_stream()
    return stream.event_loop.call(stream.recorder.heartbeat(), TIMEOUT_S).to_json()


def recording_status() -> ResponseReturnValue:
    return current_stream().recorder.status.to_json()


def start() -> RecordingStatus:
    """Start a recording. Raises AlreadyRecording, NameExists, BadName, BadRequest,
    NotRecorderOwner, StorageError, LoopUnavailable."""
    body = read_json()
    stream = current_stream()
    recording = stream.recorder.start(
        text_in(body, "filename"),
        file_format=_format(body),
        duration_s=seconds_in(body, "duration_s"),
        preroll_s=seconds_in(body, "preroll_s"),
        heartbeat_s=seconds_in(body, "heartbeat_s"),
    )
    return stream.event_loop.call(recording, TIMEOUT_S)


def stop(recording_id: str | None = None) -> RecordingStatus:
    """Stop the recording, if it is that of `recording_id` or none is named. Raises NotRecording,
    OtherRecording, StorageError, LoopUnavailable."""
    stream = current_stream()
    return stream.event_loop.call(stream.recorder.stop(recording_id=recording_id), TIMEOUT_S)


def _named_recording() -> str | None:
    """Returns the recording that the body names. Older pages send no body, or any. Raises
    BadRequest."""
    try:
        body = read_json()
    except RequestError:
        return None
    recording_id = body.get("recording_id")
    if not isinstance(recording_id, str | None):
        raise BadRequest("recording_id must be a string")
    return recording_id


def _finished(word: str, status: RecordingStatus) -> dict[str, object]:
    files = [_shown(path) for path in status.paths]
    return {
        "status": word,
        "file": files[0] if files else None,
        "files": files,
        "filename": status.filename,
        "frame_count": status.frame_count,
        "bytes_written": status.bytes_written,
        "duration_ms": status.duration_ms,
        "stats": status.to_json(),
        "stopped_at": status.stopped_at,
    }


def _shown(path: Path) -> str:
    """Returns `path` below the working folder, or else below the recordings folder: what is above
    these is not shown."""
    path = Path(os.path.normpath(path))
    with contextlib.suppress(OSError, ValueError):
        here = Path.cwd()
        if here != Path(here.anchor):  # below / is everything
            return str(path.relative_to(here))
    return str(Path(path.parent.name, path.name))


def _format(body: Mapping[str, Any]) -> str | None:
    value = body.get("format")
    if value not in (None, "mp4", "h264"):
        raise BadRequest("format must be mp4 or h264")
    return None if value is None else str(value)
