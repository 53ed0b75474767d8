"""Reads the settings again while everything runs, and has what can change at once count."""

from __future__ import annotations

import logging
from dataclasses import replace
from functools import partial

from .config import SETTINGS, Config, read_setting
from .errors import ConfigError, LoopUnavailable
from .part_settings import kept_for_owners, kept_seconds, recorder_settings, retention
from .stream import Stream

logger = logging.getLogger(__name__)


def reload(stream: Stream) -> bool:
    """Returns whether the settings could be read; if not, they stay as they are. Ends no viewer and
    no recording."""
    try:
        read = stream.settings.read()
        stream.undisturbed(partial(_take_over, stream, read))
    except (ConfigError, LoopUnavailable) as exc:
        logger.error("the settings stay as they are: %s", exc)
        return False
    return True


def take_page(stream: Stream) -> None:
    """Have what owners have changed on the page count, for one caller after the other. Raises
    LoopUnavailable."""
    stream.undisturbed(partial(_take_page, stream))


def _take_page(stream: Stream) -> None:
    sources = stream.settings.counting_sources()
    owners = (setting for setting in SETTINGS if setting.is_owners)
    changed = {setting.name: read_setting(setting, sources) for setting in owners}
    apply(stream, replace(stream.config, **changed))


def _take_over(stream: Stream, read: Config) -> None:
    changed = [
        setting
        for setting in SETTINGS
        if getattr(read, setting.name) != getattr(stream.config, setting.name)
    ]
    live = {each.name: getattr(read, each.name) for each in changed if each.is_live}
    apply(stream, replace(stream.config, **live))
    logger.info(
        "the settings are read again; changed: %s",
        ", ".join(each.key for each in changed if each.is_live) or "nothing",
    )
    if later := [each.key for each in changed if not each.is_live]:
        logger.warning("these settings change at the next start only: %s", ", ".join(later))


def apply(stream: Stream, config: Config) -> None:
    """Have `config` count, as far as it is live. Views ask `stream.config` at each request; a
    recording that runs keeps its limits."""
    stream.config = config
    stream.places.set_limit(config.max_clients, kept_for_owners(config))
    stream.recorder.settings = recorder_settings(config)
    stream.archive.set_limits(
        retention(config),
        max_clip_bytes=config.clips_mb * 1_000_000,
        min_free_bytes=config.min_free_mb * 1_000_000,
    )
    stream.broadcaster.keep(kept_seconds(config), config.replay_mb * 1_000_000)
    if stream.detections is not None:
        stream.detections.keep(kept_seconds(config))
    stream.own_log.set_levels(config.log_levels)
    stream.pause.set_schedule(config.pause_schedule)
