"""Recordings, their disk, downloads of them, and pictures in memory."""

from __future__ import annotations

from .row import COUNTER, GAUGE, HISTOGRAM, Row

# fmt: off
FILES = (
    Row(GAUGE, "pet_stream_downloads", "Recordings that are being sent now",
        lambda s: s.downloads.active_count),
    Row(COUNTER, "pet_stream_downloads_refused_total",
        "Downloads refused because too many were running",
        lambda s: s.downloads.refused_count),
    Row(COUNTER, "pet_stream_downloads_ended_total",
        "Downloads ended because their clients did not read",
        lambda s: s.downloads.ended_count),
    Row(GAUGE, "pet_stream_recording_duration_seconds", "Length of the running or last recording",
        lambda s: s.recorder.status.duration_ms / 1000),
    Row(GAUGE, "pet_stream_recording_gaps", "Gaps in the running or last recording",
        lambda s: s.recorder.status.gap_count),
    Row(GAUGE, "pet_stream_recording_missing_seconds", "How long these gaps are together",
        lambda s: s.recorder.status.missing_ms / 1000),
    Row(GAUGE, "pet_stream_recording_receiving", "1 while pictures come to a recording",
        lambda s: s.recorder.status.is_receiving),
    Row(GAUGE, "pet_stream_recording_segments", "Files of the running or last recording",
        lambda s: s.recorder.status.file_count),
    Row(HISTOGRAM, "pet_stream_recording_sync_seconds",
        "How long the disk takes for each sync of a running recording",
        lambda s: s.recorder.syncs.read()),
    Row(COUNTER, "pet_stream_recorded_detections_total",
        "Updates of the detector while something was recorded: `written`, `thinned` (more than a "
        "file's share), `dropped` (the disk was too slow), `failed` (the disk failed)",
        lambda s: {(name,): count for name, count in s.recorder.sidecar_counts.all().items()},
        labels=("kind",)),
    Row(GAUGE, "pet_stream_recording_possible",
        "1 if a recording could begin, by the last check of the folder",
        lambda s: s.archive.fault() is None if s.is_running else None),
    Row(GAUGE, "pet_stream_disk_free_bytes",
        "Free on the recordings' disk, by the last check of the folder",
        lambda s: s.archive.free_bytes() if s.is_running else None),
    Row(GAUGE, "pet_stream_disk_free_min_bytes", "A recording ends when less is free",
        lambda s: s.config.min_free_mb * 1_000_000),
    Row(GAUGE, "pet_stream_bin_bytes", "Deleted recordings that can be restored, by the last look",
        lambda s: s.library.bin.size_bytes),
    Row(GAUGE, "pet_stream_replay_bytes", "Pictures kept in memory for clips and pre-roll",
        lambda s: s.broadcaster.replay_bytes),
)
# fmt: on
