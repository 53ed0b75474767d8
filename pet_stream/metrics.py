"""Every metric, in one table, read from the parts when Prometheus asks.

The parts count in plain integers, so metrics cost nothing per picture. We use a collector of our
own, because the client library's Counter and Histogram each export a `_created` series, which can
only be turned off for the whole process, the host's metrics included.
"""

from __future__ import annotations

import weakref
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from prometheus_client import CollectorRegistry
from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    Metric,
)
from prometheus_client.registry import Collector

from .version import __version__

if TYPE_CHECKING:
    from .stream import Stream


class HasRegistry(Protocol):
    """The host's own exporter: PrometheusMetrics of prometheus_flask_exporter, or anything else
    with a registry."""

    registry: CollectorRegistry


COUNTER, GAUGE = CounterMetricFamily, GaugeMetricFamily


@dataclass(frozen=True, slots=True)
class Row:
    kind: type[CounterMetricFamily | GaugeMetricFamily]
    name: str
    meaning: str
    read: Callable[[Stream], float | None]
    """Returns the value; None: unknown now, so there is no sample."""


def _webrtc(count: str) -> Callable[[Stream], float]:
    """Returns a reader of a field of `PeerCounts`; 0 until somebody watches."""
    return lambda s: 0 if s.peers.made is None else getattr(s.peers.made.counts, count)


def _video(size: str) -> Callable[[Stream], float | None]:
    """Returns a reader of a field of the camera's SPS."""
    return lambda s: getattr(s.reader.video, size, None)


def _detections(count: str) -> Callable[[Stream], float | None]:
    """Returns a reader of a field of `DetectionCounts`; None without a detector."""
    return lambda s: None if s.detections is None else getattr(s.detections.counts, count)


# fmt: off
TABLE = (
    # Existing dashboards use these names: they are fixed.
    Row(COUNTER, "streaming_frames_read_total", "Pictures taken whole out of the shared memory",
        lambda s: s.reader.counts.frames_read),
    Row(COUNTER, "streaming_frames_processed_total", "Access units published",
        lambda s: s.reader.counts.frames_processed),
    Row(COUNTER, "streaming_frames_dropped_total",
        "Pictures read, but of no use before the next IDR",
        lambda s: s.reader.counts.frames_dropped),
    Row(COUNTER, "streaming_webrtc_frames_sent_total", "Access units sent, all viewers together",
        _webrtc("frames_sent")),
    Row(COUNTER, "streaming_webrtc_frames_dropped_total",
        "Access units dropped, all viewers together",
        _webrtc("frames_dropped")),
    Row(COUNTER, "streaming_recorder_frames_sent_total", "Access units written to files",
        lambda s: s.recorder.counts.frames_written),
    Row(COUNTER, "streaming_recorder_frames_dropped_total",
        "Access units lost because the disk was too slow",
        lambda s: s.recorder.counts.frames_dropped),
    Row(COUNTER, "streaming_read_errors_total", "Failures to read the shared memory",
        lambda s: s.reader.counts.read_errors),
    Row(COUNTER, "streaming_process_errors_total",
        "Pictures whose H.264 is malformed",
        lambda s: s.reader.counts.process_errors),
    Row(COUNTER, "streaming_webrtc_errors_total",
        "Viewers that never connected, and failures while sending",
        _webrtc("errors")),
    Row(COUNTER, "streaming_recorder_errors_total",
        "Recordings that a disk error ended or prevented",
        lambda s: s.recorder.counts.errors),
    Row(GAUGE, "streaming_active_clients", "Viewers now",
        lambda s: s.places.active_count),
    Row(GAUGE, "streaming_total_clients", "Viewers so far",
        lambda s: s.places.total_count),
    Row(GAUGE, "streaming_recording_active", "1 while recording",
        lambda s: s.recorder.status.is_recording),
    Row(GAUGE, "streaming_recording_bytes", "Size of the running or last recording",
        lambda s: s.recorder.status.bytes_written),
    Row(GAUGE, "streaming_recording_frames", "Pictures in the running or last recording",
        lambda s: s.recorder.status.frame_count),
    Row(GAUGE, "streaming_frame_latency_ms",
        "From the capture of the newest picture to its publication",
        lambda s: s.reader.counts.frame_latency_ms),
    Row(GAUGE, "streaming_process_latency_ms",
        "From the reading of the newest picture to its publication",
        lambda s: s.reader.counts.process_latency_ms),
    Row(GAUGE, "streaming_webrtc_buffer_usage_percent", "Fill of the queue to the viewers",
        lambda s: 100 * s.fan_out.fill_ratio),
    Row(GAUGE, "streaming_recorder_buffer_usage_percent", "Fill of the queue to the disk",
        lambda s: 100 * s.recorder.buffer_fill_ratio),
    # Our own.
    Row(GAUGE, "pet_stream_running", "1 between start and stop",
        lambda s: s.is_running),
    Row(GAUGE, "pet_stream_paused", "1 while nobody sees and nothing records",
        lambda s: s.pause.is_on),
    Row(GAUGE, "pet_stream_camera_up", "1 while pictures come",
        lambda s: s.reader.status.state == "live"),
    Row(GAUGE, "pet_stream_camera_unusable", "1 while pictures come that can't be used",
        lambda s: s.reader.status.state == "unusable"),
    Row(GAUGE, "pet_stream_camera_picture_age_seconds", "Time since the newest picture",
        lambda s: s.reader.status.picture_age_s),
    Row(GAUGE, "pet_stream_camera_frames_per_second", "Pictures a second, by their capture times",
        lambda s: s.reader.status.fps),
    Row(GAUGE, "pet_stream_camera_parameter_sets_known", "1 if SPS and PPS are known",
        lambda s: s.reader.status.has_parameter_sets),
    Row(GAUGE, "pet_stream_video_width_pixels", "Width of the camera's picture",
        _video("width")),
    Row(GAUGE, "pet_stream_video_height_pixels", "Height of the camera's picture",
        _video("height")),
    Row(COUNTER, "pet_stream_camera_attachments_total", "Times that the shared memory was opened",
        lambda s: s.reader.counts.attachments),
    Row(COUNTER, "pet_stream_camera_discontinuities_total",
        "Gaps after which everyone waits for an IDR",
        lambda s: s.reader.counts.discontinuities.total()),
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
    Row(GAUGE, "pet_stream_max_clients", "Viewers that are let in at once",
        lambda s: s.places.max_clients),
    Row(COUNTER, "pet_stream_webrtc_connections_total", "Viewers that connected",
        _webrtc("connections")),
    Row(GAUGE, "pet_stream_webrtc_pending_offers",
        "Offers whose viewers have not connected yet; they take no place",
        lambda s: 0 if s.peers.made is None else s.peers.made.pending_count),
    Row(COUNTER, "pet_stream_webrtc_gave_way_total",
        "Offers that gave way to newer ones before they connected",
        _webrtc("gave_way")),
    Row(COUNTER, "pet_stream_webrtc_came_too_late_total",
        "Viewers that connected when all places were taken",
        _webrtc("came_too_late")),
    Row(COUNTER, "pet_stream_webrtc_offers_refused_total",
        "Offers refused because too many were being answered",
        lambda s: s.offer_turns.refused_count),
    Row(COUNTER, "pet_stream_webrtc_vanished_total", "Viewers that vanished without closing",
        _webrtc("vanished")),
    Row(COUNTER, "pet_stream_webrtc_keyframe_requests_total", "Pictures asked for by PLI or FIR",
        _webrtc("keyframe_requests")),
    Row(COUNTER, "pet_stream_webrtc_packets_retransmitted_total",
        "RTP packets sent once more because a viewer missed them",
        _webrtc("packets_retransmitted")),
    Row(GAUGE, "pet_stream_websocket_viewers", "Viewers over WebSockets now",
        lambda s: s.video_viewers.viewer_count),
    Row(COUNTER, "pet_stream_websocket_frames_sent_total",
        "Access units sent over WebSockets, all viewers together",
        lambda s: s.video_viewers.counts.frames_sent),
    Row(COUNTER, "pet_stream_websocket_frames_dropped_total",
        "Access units dropped because viewers over WebSockets were too slow",
        lambda s: s.video_viewers.counts.frames_dropped),
    Row(COUNTER, "pet_stream_websocket_vanished_total",
        "WebSockets ended because the client no longer sent or read anything",
        lambda s: s.connections.vanished_count),
    Row(COUNTER, "pet_stream_websocket_refused_total",
        "WebSockets ended because the client sent too much, or malformed frames",
        lambda s: s.connections.refused_count),
    Row(GAUGE, "pet_stream_state_listeners", "Pages that follow the live state now",
        lambda s: s.live_state.listener_count),
    Row(GAUGE, "pet_stream_detections_listeners", "Pages that follow the detections now",
        lambda s: None if s.detections is None
        else s.detections.listener_count + s.live_state.feed.subscriber_count),
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
    Row(GAUGE, "pet_stream_downloads", "Recordings that are being sent now",
        lambda s: s.downloads.active_count),
    Row(COUNTER, "pet_stream_downloads_refused_total",
        "Downloads refused because too many were running",
        lambda s: s.downloads.refused_count),
    Row(COUNTER, "pet_stream_downloads_ended_total",
        "Downloads ended because their clients did not read",
        lambda s: s.downloads.ended_count),
    Row(COUNTER, "pet_stream_connections_refused_total",
        "Connections to `run` and `demo` closed at once, because too many were open",
        lambda s: s.connection_counts.refused),
    Row(COUNTER, "pet_stream_connections_ended_total",
        "Connections to `run` and `demo` closed for new ones, because they kept the server waiting",
        lambda s: s.connection_counts.ended),
    Row(COUNTER, "pet_stream_connections_timed_out_total",
        "Connections to `run` and `demo` that were too slow",
        lambda s: s.connection_counts.timed_out),
    Row(GAUGE, "pet_stream_recording_duration_seconds", "Length of the running or last recording",
        lambda s: s.recorder.status.duration_ms / 1000),
    Row(GAUGE, "pet_stream_recording_gaps", "Gaps in the running or last recording",
        lambda s: s.recorder.status.gap_count),
    Row(GAUGE, "pet_stream_recording_segments", "Files of the running or last recording",
        lambda s: s.recorder.status.file_count),
    Row(GAUGE, "pet_stream_replay_bytes", "Pictures kept in memory for clips and pre-roll",
        lambda s: s.broadcaster.replay_bytes),
    Row(GAUGE, "pet_stream_host_faults",
        "Faults in how the host mounts or serves this, see /health",
        lambda s: len(s.host_check.faults)),
)
# fmt: on


class StreamCollector(Collector):
    """All metrics of one app, for a Prometheus registry. Any thread."""

    def __init__(self, stream: Stream) -> None:
        self._stream = weakref.ref(stream)  # the host's registry may outlive the app

    def describe(self) -> Iterator[Metric]:
        """Yields the names, so that a registry refuses a second collector with the same ones."""
        return self._families(has_samples=False)

    def collect(self) -> Iterator[Metric]:
        return self._families(has_samples=True)

    def _families(self, *, has_samples: bool) -> Iterator[Metric]:
        stream = self._stream()
        if stream is None:
            return
        for row in TABLE:
            family = row.kind(row.name, f"{row.meaning}.")
            value = row.read(stream) if has_samples else None
            if value is not None:
                family.add_metric((), float(value))
            yield family
        build = GaugeMetricFamily("pet_stream_build_info", "Always 1.", labels=["version"])
        build.add_metric([__version__], 1)
        yield build
        senders = GaugeMetricFamily(
            "pet_stream_viewers_by_sender", "Viewers by how they are sent to.", labels=["step"]
        )
        peers = stream.peers.made if has_samples else None
        for step, count in ({} if peers is None else peers.count_by_step()).items():
            senders.add_metric([step.value], count)
        yield senders
        dropped = CounterMetricFamily(
            "pet_stream_webrtc_datagrams_dropped_total",
            "Datagrams to viewers' ports that no viewer should send.",
            labels=["reason"],
        )
        drops = {} if peers is None else peers.counts.datagrams_dropped
        for reason, count in tuple(drops.items()):
            dropped.add_metric([reason.value], count)
        yield dropped
        yield from stream.http_counts.collect()
