"""The names that dashboards of the old streaming server use: they are fixed."""

from __future__ import annotations

from .row import COUNTER, GAUGE, Row
from .viewers import webrtc_count

# fmt: off
OLD_NAMES = (
    Row(COUNTER, "streaming_frames_read_total", "Pictures taken whole out of the shared memory",
        lambda s: s.reader.counts.frames_read),
    Row(COUNTER, "streaming_frames_processed_total", "Access units published",
        lambda s: s.reader.counts.frames_processed),
    Row(COUNTER, "streaming_frames_dropped_total",
        "Pictures read, but of no use before the next IDR",
        lambda s: s.reader.counts.frames_dropped),
    Row(COUNTER, "streaming_webrtc_frames_sent_total", "Access units sent, all viewers together",
        webrtc_count("frames_sent")),
    Row(COUNTER, "streaming_webrtc_frames_dropped_total",
        "Access units dropped, all viewers together",
        webrtc_count("frames_dropped")),
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
        webrtc_count("errors")),
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
)
# fmt: on
