"""Keeps composite files for the next request: players read a file in many small ranges."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable

from .composite_file import PiecedFile

MAX_FILES = 8
MAX_BYTES = 64_000_000
"""A day of recording takes about 30 MB. One file is kept whatever its size."""
KEEP_S = 300.0


class ReadyFiles:
    """The composite files that were asked for last. Any thread may use it."""

    def __init__(
        self,
        *,
        max_files: int = MAX_FILES,
        max_bytes: int = MAX_BYTES,
        keep_s: float = KEEP_S,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._max_files = max_files
        self._max_bytes = max_bytes
        self._keep_s = keep_s
        self._clock = clock
        self._lock = threading.Lock()
        self._files: OrderedDict[str, tuple[PiecedFile, float]] = OrderedDict()  # oldest first

    def get(self, version: str) -> PiecedFile | None:
        """Returns the file of this version, for one more reader; None if it is not kept."""
        with self._lock:
            kept = self._files.pop(version, None)
            if kept is None:
                return None
            self._files[version] = kept[0], self._clock()
        return kept[0].reopened()

    def keep(self, version: str, file: PiecedFile) -> None:
        with self._lock:
            self._files.pop(version, None)
            self._files[version] = file, self._clock()
            while len(self._files) > 1 and self._is_too_much():
                self._files.popitem(last=False)

    def forget_unused(self) -> None:
        """Drop the files that nobody has asked for in a while."""
        since_s = self._clock() - self._keep_s
        with self._lock:
            while self._files and next(iter(self._files.values()))[1] <= since_s:
                self._files.popitem(last=False)

    def _is_too_much(self) -> bool:
        size_bytes = sum(file.memory_bytes for file, _ in self._files.values())
        return len(self._files) > self._max_files or size_bytes > self._max_bytes
