"""Tells people, pages and monitoring how we are: always 200, the state is in the body."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from flask.typing import ResponseReturnValue

from ..camera_status import CameraStatus
from ..config import Config
from ..own_cameras import CAMERA_IDS
from ..reason import Reason
from ..rights import Right
from ..version import __version__
from .access import has_right
from .current import current_stream

if TYPE_CHECKING:
    from ..stream import Stream


OFFLINE_STATES = ("offline", "stalled", "unusable")
FIRST_LOOK_S = 0.3
_LOOK_S = 0.005


def health() -> ResponseReturnValue:
    """Whoever may see nothing learns only the status."""
    stream = current_stream()
    camera = camera_status(stream)
    state = state_of_health(stream, camera)
    if not (has_right(Right.VIEW) or has_right(Right.OPERATE)):
        return {"status": state["status"]}
    notices = [
        *stream.host_check.notices,
        *stream.authority.notices,
        *stream.settings.faults,
        *stream.hooks.notices,
        *stream.publishers.notices(time.time()),
    ]
    if stream.pause.is_on:
        notices.append(stream.pause.state.reason)
    if fault := camera.clock_fault:
        words = f"The camera's time stamps can't be trusted: {fault}. Arrival times are used"
        notices.append(Reason("no_clock", words))
    if fault := camera.relay_fault:
        words = f"Pictures come through the relay, later and at more cost: {fault}"
        notices.append(Reason(fault.code, words))
    return {
        **state,
        "pause": stream.pause.state.to_json(),
        "notices": notices,
        "notice_codes": [notice.code for notice in notices],
        "webrtc_clients": stream.places.active_count,
        "viewers": stream.places.count_by_transport,
        "max_clients": stream.config.max_clients,
        "recording": stream.recorder.status.is_recording,
        "has_headers": camera.has_parameter_sets,
        "camera": _camera_json(camera),
        "publications": [status.to_json() for status in stream.publishers.statuses],
        "parts": {part.name: part.to_json() for part in stream.parts},
        "page": page_state(stream.config),
        "detections": stream.config.detections_shm is not None,
        "warnings": stream.own_log.recent.count,
        "uptime_s": round(stream.uptime_s, 1),
        "version": __version__,
    }


def state_of_health(stream: Stream, camera: CameraStatus) -> dict[str, object]:
    """Returns `status` (`ok`, `degraded` or `camera_offline`), `reasons` in words, and the code of
    each in `reason_codes`."""
    recording = stream.recorder.status
    faults = [part.reason for part in stream.parts if not part.is_well]
    faults += stream.host_check.faults
    faults += stream.loss_rates.reasons
    if not stream.is_running:
        faults.append(Reason("not_started", "Streaming has not been started"))
    elif fault := stream.archive.fault():
        faults.append(Reason(fault.code, f"Nothing can be recorded: {fault}"))
    if recording.note:
        faults.append(Reason(recording.note.code, f"Recording: {recording.note}"))
    if recording.has_failed and (why := recording.stop_reason):
        faults.append(Reason(f"recording.{why.code}", f"The last recording ended: {why}"))
    faults = [*camera.faults, *faults]
    if camera.reason and camera.state != "paused" and camera.reason not in faults:
        faults.insert(0, camera.reason)
    status = "degraded" if faults else "ok"
    return {
        "status": "camera_offline" if camera.state in OFFLINE_STATES else status,
        "reasons": faults,
        "reason_codes": [fault.code for fault in faults],
    }


def page_state(config: Config) -> dict[str, object]:
    """Returns what open pages show of the settings that owners change."""
    return {
        "camera_name": config.camera_name,
        "language": config.language,
        "replay_seconds": config.replay_seconds,
    }


def camera_status(stream: Stream) -> CameraStatus:
    """Returns the camera's status. Just after the start it waits for what the camera thread finds
    first, FIRST_LOOK_S at most: the request may be what has started it."""
    while True:
        is_new = stream.is_running and stream.uptime_s < FIRST_LOOK_S
        camera = stream.camera_status
        has_looked = camera.state != "waiting" and camera.reason.code != "not_started"
        if has_looked or not is_new:
            return camera
        time.sleep(_LOOK_S)


def active_camera(camera: CameraStatus) -> str | None:
    """Returns the name of the camera that is active; None before a picture came, or if it has no
    name."""
    return next((name for name, number in CAMERA_IDS.items() if number == camera.camera_id), None)


def _camera_json(camera: CameraStatus) -> dict[str, object]:
    video = camera.video
    return {
        "state": camera.state,
        "segment": camera.segment,
        "source": camera.source,
        "active": active_camera(camera),
        "clock": camera.clock,
        "picture_age_s": camera.picture_age_s,
        "fps": camera.fps,
        "entry": camera.entry,
        "b_pictures": camera.has_b_pictures,
        "width": video.width if video else None,
        "height": video.height if video else None,
        "profile_level_id": video.profile_level_id if video else None,
    }
