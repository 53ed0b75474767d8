"""Makes the state that every open page is sent when it changes. On the event-loop thread."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .health import active_camera, page_state, state_of_health

if TYPE_CHECKING:
    from ..stream import Stream


def live_state_of(stream: Stream) -> dict[str, Any]:
    """Returns it as JSON, made of snapshots: nothing here waits for a lock, a disk or a thread.

    Numbers are rounded to what a page shows, so that noise is not a change.
    """
    camera = stream.camera_status
    video = camera.video
    disk = stream.folder_watch.disk
    # That of accounts would ask the disk; nobody can open the page before somebody can sign in.
    by_authority = stream.authority.notices if stream.authority.name == "open" else ()
    notices = [*by_authority, *stream.settings.faults]
    return {
        "recording": stream.recorder.status.to_json(),
        "pause": stream.pause.state.to_json(),
        "viewers": stream.places.active_count,
        "max_viewers": stream.places.max_clients,
        "camera": {
            "state": camera.state,
            "reason": camera.reason,
            "reason_code": camera.reason.code,
            "width": video.width if video else None,
            "height": video.height if video else None,
            "fps": _rounded(camera.fps),
            "active": active_camera(camera),
        },
        "health": state_of_health(stream, camera),
        "notices": notices,
        "notice_codes": [notice.code for notice in notices],
        "warnings": stream.own_log.recent.count,
        "disk": None if disk is None else disk._asdict(),
        "publications": [status.to_json() for status in stream.publishers.statuses],
        "page": page_state(stream.config),
        "detections": stream.config.detections_shm is not None,
    }


def _rounded(fps: float | None) -> float | None:
    """Returns whole pictures a second, or tenths for a camera that makes few."""
    if fps is None:
        return None
    return round(fps) if fps >= 5 else round(fps, 1)
