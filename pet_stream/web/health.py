"""How it goes, for people, pages and monitoring: always 200, the state is in the body."""

from __future__ import annotations

from flask.typing import ResponseReturnValue

from ..ingest.shm_reader import CameraStatus
from ..version import __version__
from .current import current_stream


def health() -> ResponseReturnValue:
    stream = current_stream()
    camera = stream.reader.status
    recording = stream.recorder.status
    faults = [*stream.host_check.faults]
    if not stream.is_running:
        faults.append("Streaming has not been started")
    if recording.stop_reason:
        faults.append(f"The last recording ended: {recording.stop_reason}")
    if camera.state in ("offline", "stalled"):
        status = "camera_offline"
    else:
        status = "degraded" if faults or camera.reason else "ok"
    return {
        "status": status,
        "reasons": [camera.reason, *faults] if camera.reason else faults,
        "webrtc_clients": stream.places.active_count,
        "max_clients": stream.config.max_clients,
        "recording": recording.is_recording,
        "has_headers": camera.has_parameter_sets,
        "camera": _camera_json(camera),
        "version": __version__,
    }


def _camera_json(camera: CameraStatus) -> dict[str, object]:
    video = camera.video
    return {
        "state": camera.state,
        "segment": camera.segment,
        "picture_age_s": camera.picture_age_s,
        "fps": camera.fps,
        "width": video.width if video else None,
        "height": video.height if video else None,
        "profile_level_id": video.profile_level_id if video else None,
    }
