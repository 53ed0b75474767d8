"""The camera: whether pictures come, what they are, what was wrong with some; and the detector."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, get_args

from ..camera_status import CameraState
from .row import COUNTER, GAUGE, HISTOGRAM, Labelled, Row

if TYPE_CHECKING:
    from ..stream import Stream


def _states(stream: Stream) -> Labelled:
    state = stream.camera_status.state
    return {(name,): name == state for name in get_args(CameraState)}


def _is_clock_trusted(stream: Stream) -> bool | None:
    camera = stream.camera_status
    if camera.clock is None:
        return None
    return camera.clock in ("monotonic", "realtime") and not camera.clock_fault


def _video(size: str) -> Callable[[Stream], float | None]:
    """Returns a reader of a field of the camera's SPS."""
    return lambda s: getattr(s.reader.video, size, None)


def _detections(count: str) -> Callable[[Stream], float | None]:
    """Returns a reader of a field of `DetectionCounts`; None without a detector."""
    return lambda s: None if s.detections is None else getattr(s.detections.counts, count)


# fmt: off
CAMERA = (
    Row(GAUGE, "pet_stream_paused", "1 while nobody sees and nothing records",
        lambda s: s.pause.is_on),
    Row(GAUGE, "pet_stream_camera_up", "1 while pictures come",
        lambda s: s.camera_status.state == "live"),
    Row(GAUGE, "pet_stream_camera_state",
        "1 for the state that it is in: `offline`, `waiting`, `live`, `stalled`, `unusable` or "
        "`paused`",
        _states, labels=("state",)),
    Row(GAUGE, "pet_stream_camera_unusable", "1 while pictures come that can't be used",
        lambda s: s.camera_status.state == "unusable"),
    Row(GAUGE, "pet_stream_camera_picture_age_seconds", "Time since the newest picture",
        lambda s: s.camera_status.picture_age_s),
    Row(HISTOGRAM, "pet_stream_capture_to_published_seconds",
        "From the capture of each picture to its publication",
        lambda s: s.reader.counts.publishing.read()),
    Row(GAUGE, "pet_stream_camera_clock_trusted",
        "1 if the camera's time stamps are of a clock of this machine; else latency is unknown",
        _is_clock_trusted),
    Row(GAUGE, "pet_stream_camera_frames_per_second", "Pictures a second, by their capture times",
        lambda s: s.camera_status.fps),
    Row(GAUGE, "pet_stream_camera_parameter_sets_known", "1 if SPS and PPS are known",
        lambda s: s.camera_status.has_parameter_sets),
    Row(GAUGE, "pet_stream_video_width_pixels", "Width of the camera's picture",
        _video("width")),
    Row(GAUGE, "pet_stream_video_height_pixels", "Height of the camera's picture",
        _video("height")),
    Row(COUNTER, "pet_stream_camera_attachments_total", "Times that the shared memory was opened",
        lambda s: s.reader.counts.attachments),
    Row(COUNTER, "pet_stream_camera_discontinuities_total",
        "Gaps after which everyone waits for an IDR",
        lambda s: s.reader.counts.discontinuities.total()),
    Row(COUNTER, "pet_stream_camera_discontinuities_by_reason_total",
        "The same by reason: `began`, `camera_changed`, `missed` (read too late), `gap` (pictures "
        "never came)",
        lambda s: {(reason.value,): count
                   for reason, count in s.reader.counts.discontinuities.items()},
        labels=("reason",)),
    Row(COUNTER, "pet_stream_camera_frames_missed_total",
        "Pictures overwritten before they could be read",
        lambda s: s.reader.counts.frames_missed),
    Row(COUNTER, "pet_stream_camera_repeats_skipped_total",
        "Slots with the picture of the slot before",
        lambda s: s.reader.counts.repeats_skipped),
    Row(COUNTER, "pet_stream_camera_older_skipped_total", "Slots with an older picture",
        lambda s: s.reader.counts.older_skipped),
    Row(COUNTER, "pet_stream_camera_timed_by_arrival_total",
        "Pictures whose time stamp could not be believed",
        lambda s: s.reader.counts.timed_by_arrival),
    Row(COUNTER, "pet_stream_camera_stale_skipped_total",
        "Slots with another picture's bytes, or half-copied",
        lambda s: s.reader.counts.stale_skipped),
    Row(COUNTER, "pet_stream_camera_other_formats_skipped_total",
        "Slots with JPEG, NV12, RGB or H.265",
        lambda s: s.reader.counts.other_formats_skipped),
    Row(COUNTER, "pet_stream_camera_invalid_headers_skipped_total",
        "Slots with an impossible header",
        lambda s: s.reader.counts.invalid_headers_skipped),
    Row(COUNTER, "pet_stream_detections_records_total",
        "Updates of the detector, while somebody listened",
        _detections("records")),
    Row(COUNTER, "pet_stream_detections_unmatched_total",
        "Updates about pictures that were never published",
        _detections("unmatched")),
    Row(COUNTER, "pet_stream_detections_invalid_total",
        "Impossible detections, left out",
        _detections("invalid")),
    Row(COUNTER, "pet_stream_detections_torn_reads_total",
        "Reads in the middle of an update, done again",
        _detections("torn_reads")),
)
# fmt: on
