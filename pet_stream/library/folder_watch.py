"""Watches the recordings folder for changes, and the free space on its disk."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable

from ..recording.disk import DiskSpace
from ..supervision.error_counts import ErrorCounts
from .library import Library

INTERVAL_S = 1.0


class FolderWatch:
    """Looks at the folder when asked to, at most once in `interval_s`. Any thread may ask. Request
    threads do, because disks may hang: one looks, the others don't wait.

    `on_change` is called in the thread that looks, when files were added or removed. What fails
    meanwhile is noted in `errors`, and fails no request.
    """

    def __init__(
        self,
        library: Library,
        on_change: Callable[[], object],
        errors: ErrorCounts | None = None,
    ) -> None:
        self.interval_s = INTERVAL_S
        self.disk: DiskSpace | None = None
        """The recordings' disk; None before the first look at it."""
        self.has_looked = False
        """True after the first look: only then are changes noticed."""
        self._library = library
        self._on_change = on_change
        self._errors = errors or ErrorCounts()
        self._lock = threading.Lock()
        self._looked_at_s = 0.0
        self._changed_ns: int | None = None

    def look(self) -> None:
        if not self._lock.acquire(blocking=False):
            return
        has_changed = False
        try:
            with self._errors.ending("library", "the recordings folder can't be looked at"):
                has_changed = self._look()
        finally:
            self._lock.release()
        if has_changed:
            with self._errors.ending("library", "pages could not be told of new recordings"):
                self._on_change()

    def _look(self) -> bool:
        now_s = time.monotonic()
        if self.has_looked and now_s - self._looked_at_s < self.interval_s:
            return False
        self._looked_at_s = now_s
        self.disk = self._library.disk_space()
        before, self._changed_ns = self._changed_ns, _changed_ns(self._library)
        was_known, self.has_looked = self.has_looked, True
        return was_known and self._changed_ns != before


def _changed_ns(library: Library) -> int | None:
    try:
        return os.stat(library.folder).st_mtime_ns
    except OSError:  # the folder does not exist yet
        return None
