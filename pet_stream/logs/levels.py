"""Levels of our loggers, as a person writes them. Pure, but for `set_levels`."""

from __future__ import annotations

import logging
import re

LEVELS = {
    "debug": logging.DEBUG,
    "info": logging.INFO,
    "warning": logging.WARNING,
    "error": logging.ERROR,
}
NAME = __name__.partition(".")[0]
_MODULE = re.compile(rf"{NAME}(?:\.[A-Za-z_][A-Za-z0-9_]*)*")

Level = tuple[str, int]
"""The name of a logger, and its level."""


def parse_level(text: str) -> Level:
    """Returns what `info` says of all of ours, or `pet_stream.webrtc=debug` of a module. Raises
    ValueError."""
    module, separator, word = text.strip().rpartition("=")
    if not separator:
        module = NAME
    level = LEVELS.get(word.lower())
    if level is None or not _MODULE.fullmatch(module) or len(module) > 200:
        raise ValueError(f"not a level such as info or {NAME}.webrtc=debug")
    return module, level


def set_levels(levels: tuple[Level, ...]) -> tuple[Level, ...]:
    """Set them; returns what they were, for setting them back."""
    loggers = [(logging.getLogger(name), level) for name, level in levels]
    before = tuple((logger.name, logger.level) for logger, _ in loggers)
    for logger, level in loggers:
        logger.setLevel(level)
    return tuple(reversed(before))
