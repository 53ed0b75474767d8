"""What the parts are told of the settings, in their own units."""

from __future__ import annotations

from .config import Config
from .ingest.source_urls import SourceUrls
from .library.retention import Retention
from .recording.settings import RecorderSettings

_LEAST_FREE_BYTES = 100_000_000
"""For as long as a recording that runs fills it while housekeeping is not looking."""


def kept_for_owners(config: Config) -> int:
    """Returns how many viewers' places only owners get: where people sign in, two of ten."""
    return config.max_clients // 5 if config.auth == "builtin" else 0


def recorder_settings(config: Config) -> RecorderSettings:
    return RecorderSettings(
        preroll_s=config.preroll_seconds,
        sync_s=config.sync_seconds,
        min_free_bytes=config.min_free_mb * 1_000_000,
        max_file_s=60 * config.segment_minutes,
        max_duration_s=60 * config.max_recording_minutes,
        heartbeat_s=config.heartbeat_seconds,
    )


def kept_seconds(config: Config) -> float:
    """Returns how many seconds of pictures are kept in memory."""
    return max(config.replay_seconds, config.preroll_seconds)


def retention(config: Config) -> Retention:
    return Retention(
        max_age_s=86_400 * config.keep_days,
        max_bytes=config.keep_mb * 1_000_000,
        min_free_bytes=config.keep_free_mb * 1_000_000,
        bin_s=3600 * config.bin_hours,
        bin_free_bytes=max(_LEAST_FREE_BYTES, 2 * config.min_free_mb * 1_000_000),
    )


def source_urls(config: Config) -> SourceUrls:
    return SourceUrls.usual(config.shm) if config.sources is None else SourceUrls(config.sources)
