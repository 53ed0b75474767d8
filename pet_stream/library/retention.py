"""Deletes old recordings, if the settings say so, which is off by default; and empties the bin."""

from __future__ import annotations

import copy
import logging
from collections.abc import Callable
from dataclasses import dataclass

from ..errors import NotFound, PetStreamError
from ..recording.disk import DiskSpace
from .ages import Ages
from .binned import Binned
from .library import Library

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Retention:
    """How much is kept; 0: no limit."""

    max_age_s: float = 0
    max_bytes: int = 0
    min_free_bytes: int = 0
    bin_s: float | None = None
    """How long what is in the bin stays there; None: for ever."""
    bin_free_bytes: int = 0
    """While less is free, the bin is emptied."""

    @property
    def is_on(self) -> bool:
        """Whether a recording may be deleted by these limits."""
        return bool(self.max_age_s or self.max_bytes or self.min_free_bytes)


class Pruner:
    """Deletes until the limits hold: what is in the bin first, then clips, then recordings, the
    oldest of each first; never a running or starred one. Belongs to one thread; any may set
    `retention`.

    To free space, at most half of the bytes are deleted, and never the newest recording, because
    something else may be filling the disk. Bytes recorded since then may be deleted again.
    """

    def __init__(self, library: Library, retention: Retention, ages: Ages) -> None:
        self.retention = retention
        self._library = library
        self._ages = ages
        self._left_bytes = 0
        self._freed_bytes = 0  # deleted to free space, minus what was recorded since

    def within(self, retention: Retention) -> Pruner:
        """Returns one that has deleted the same so far, and keeps other limits."""
        other = copy.copy(self)
        other.retention = retention
        return other

    def prune(self, delete: Callable[[str], object] | None = None) -> list[str]:
        """Delete. Returns the names of the recordings that were deleted. Raises StorageError if the
        folder can't be read. `delete` is given their names, instead of the library; then the bin
        stays, too."""
        limits = self.retention
        rows = self._library.recordings()
        disk = self._library.disk_space()
        # Deleted files count as free, even while somebody reads them: deleting more would not help.
        missing_bytes = 0 if disk is None else limits.min_free_bytes - disk.free_bytes
        left_bytes = sum(row.size_bytes for row in rows)
        aged = self._ages.oldest_first(rows)
        missing_bytes -= self._prune_bin(left_bytes, disk, is_real=delete is None)
        delete = delete or self._delete
        self._freed_bytes = max(0, self._freed_bytes - max(0, left_bytes - self._left_bytes))
        most_freed_bytes = (left_bytes + self._freed_bytes) // 2
        aged.sort(key=lambda item: not self._library.is_clip(item[0]))
        newest = aged[-1][0] if aged else None
        removed: list[str] = []
        for row, age_s in aged:
            if row.is_running or row.is_starred:
                continue
            is_too_old = limits.max_age_s and age_s is not None and age_s > limits.max_age_s
            is_too_much = limits.max_bytes and left_bytes > limits.max_bytes
            is_in_the_way = (
                missing_bytes > 0 and self._freed_bytes < most_freed_bytes and row is not newest
            )
            if not (is_too_old or is_too_much or is_in_the_way):
                continue
            try:
                delete(row.name)
            except PetStreamError as exc:
                logger.warning(
                    "%s exceeds the limits and should be deleted, but can't be: %s", row.name, exc
                )
                continue
            removed.append(row.name)
            left_bytes -= row.size_bytes
            missing_bytes -= row.size_bytes
            if not (is_too_old or is_too_much):
                self._freed_bytes += row.size_bytes
        self._left_bytes = left_bytes
        return removed

    def _prune_bin(self, left_bytes: int, disk: DiskSpace | None, *, is_real: bool) -> int:
        """Delete from the bin what is too old, and what is in the way; unless it `is_real`, only
        find out. Returns how many bytes that frees."""
        limits = self.retention
        try:
            if is_real:
                self._library.bin.tidy()
            entries = self._library.bin.entries()
        except PetStreamError as exc:
            logger.warning("the bin of deleted recordings can't be used: %s", exc)
            return 0
        too_few = max(limits.bin_free_bytes, limits.min_free_bytes) - disk.free_bytes if disk else 0
        too_many = left_bytes + sum(entry.size_bytes for entry in entries) - limits.max_bytes
        missing_bytes = max(too_few, too_many if limits.max_bytes else 0)
        freed_bytes = 0
        for entry in reversed(entries):
            age_s = self._ages.of(entry.id, entry.deleted_at)
            is_too_old = limits.bin_s == 0 or (
                limits.bin_s is not None and age_s is not None and age_s > limits.bin_s
            )
            is_to_go = is_too_old or freed_bytes < missing_bytes
            if is_to_go and (not is_real or self._remove(entry)):
                freed_bytes += entry.size_bytes
        return freed_bytes

    def _remove(self, entry: Binned) -> bool:
        try:
            self._library.bin.remove(entry)
        except NotFound:  # restored meanwhile
            return False
        except PetStreamError as exc:
            logger.warning("%s can't be deleted from the bin: %s", entry.name, exc)
            return False
        logger.info("%s is gone from the bin", entry.name)
        return True

    def _delete(self, name: str) -> None:
        self._library.delete(name, for_good=True)
        logger.info("%s was deleted by the limits of the settings", name)
