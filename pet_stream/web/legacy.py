"""The old streaming server's names for the same routes, for existing pages and scripts."""

from __future__ import annotations

from flask.typing import ResponseReturnValue

from ..recording.status import RecordingStatus
from . import recording, signaling
from .current import current_stream

_FIELDS = ("recording", "filename", "frame_count", "bytes_written", "duration_ms", "start_time")


def legacy_offer() -> ResponseReturnValue:
    sdp, _ = signaling.answer_offer(signaling.read_offer)
    return {"type": "answer", "sdp": sdp}


def legacy_start() -> ResponseReturnValue:
    return {"success": True, "status": _status_json(recording.start())}


def legacy_stop() -> ResponseReturnValue:
    return {"success": True, "status": _status_json(recording.stop())}


def legacy_status() -> ResponseReturnValue:
    return _status_json(current_stream().recorder.status)


def _status_json(status: RecordingStatus) -> dict[str, object]:
    fields = status.to_json()
    return {name: fields[name] for name in _FIELDS}
