"""Checks whether a recording could begin, before somebody starts one."""

from __future__ import annotations

import contextlib
import errno
import os
import time
from collections.abc import Callable
from concurrent.futures import Future
from pathlib import Path

from ..reason import Reason
from ..recording.disk import check_free, describe, disk_space
from .housekeeping import Housekeeper

INTERVAL_S = 60.0
FAULT_INTERVAL_S = 1.0
"""While something is wrong: who has mended it wants to see that."""


class FolderCheck:
    """Checks the folder while somebody asks, at most once in INTERVAL_S, after a fault in
    FAULT_INTERVAL_S. The check runs in the housekeeping thread, because disks may hang. Any thread
    may ask."""

    def __init__(
        self,
        folder: Path,
        min_free_bytes: int,
        housekeeper: Housekeeper,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._folder = folder
        self._min_free_bytes = min_free_bytes
        self._housekeeper = housekeeper
        self._clock = clock
        self._fault: Reason | None = None
        self._free_bytes: int | None = None
        self._look_at_s = 0.0
        self._looking: Future[None] | None = None

    def fault(self) -> Reason | None:
        """Returns why a recording would not begin, by the last check; None: no fault is known."""
        is_looking = self._looking is not None and not self._looking.done()
        if self._clock() >= self._look_at_s and not is_looking:
            self._look_at_s = self._clock() + INTERVAL_S
            self._looking = self._housekeeper.submit(self._look)
        return self._fault

    def free_bytes(self) -> int | None:
        """Returns what was free on the disk at the last check; None if it is unknown."""
        self.fault()
        return self._free_bytes

    def set_limit(self, min_free_bytes: int) -> None:
        """From now on this much must be free; whoever asks next has it checked."""
        self._min_free_bytes = min_free_bytes
        self._look_at_s = 0.0

    def _look(self) -> None:
        self._fault = find_fault(self._folder, self._min_free_bytes)
        if self._fault is not None:
            self._look_at_s = self._clock() + FAULT_INTERVAL_S
        with contextlib.suppress(OSError):
            self._free_bytes = disk_space(_nearest(self._folder)).free_bytes


def find_fault(folder: Path, min_free_bytes: int) -> Reason | None:
    """Returns why no recording can begin in `folder`; makes the folder if it is missing."""
    try:
        there = _nearest(folder)
        if not there.is_dir():
            raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR))
        if not os.access(there, os.W_OK | os.X_OK):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
        check_free(there, min_free_bytes)
    except OSError as exc:
        return describe(exc)
    return None


def _nearest(folder: Path) -> Path:
    """Returns `folder`, or the nearest above it that exists."""
    return next(path for path in (folder, *folder.parents) if os.path.lexists(path))
