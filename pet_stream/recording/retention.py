"""Old recordings go, where the settings want that: off by default."""

from __future__ import annotations

import logging
import time
from dataclasses import dataclass

from ..errors import PetStreamError
from .library import Library

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Retention:
    """How much is kept; 0: no limit."""

    max_age_s: float = 0
    max_bytes: int = 0
    min_free_bytes: int = 0

    @property
    def is_on(self) -> bool:
        return bool(self.max_age_s or self.max_bytes or self.min_free_bytes)


def remove_old(library: Library, retention: Retention) -> list[str]:
    """Delete the oldest recordings until the limits hold; the names of what went.

    Never one that is being made, nor a starred one. Raises StorageError if the folder can't be
    read.
    """
    if not retention.is_on:
        return []
    rows = library.recordings()
    left_bytes = sum(row.size_bytes for row in rows)
    removed: list[str] = []
    for row in reversed(rows):
        if row.is_running or row.is_starred:
            continue
        age_s = time.time() - row.changed_ns / 1e9
        disk = library.disk_space()
        is_too_old = retention.max_age_s and age_s > retention.max_age_s
        is_too_much = retention.max_bytes and left_bytes > retention.max_bytes
        is_too_full = disk is not None and disk.free_bytes < retention.min_free_bytes
        if not (is_too_old or is_too_much or is_too_full):
            continue
        try:
            library.delete(row.name)
        except PetStreamError as exc:
            logger.warning("%s should go, but stays: %s", row.name, exc)
            continue
        logger.info("%s was deleted: the settings keep no more", row.name)
        removed.append(row.name)
        left_bytes -= row.size_bytes
    return removed
