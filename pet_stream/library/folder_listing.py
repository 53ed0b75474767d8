"""Keeps the list of recordings until the folder changes: ten thousand take a tenth of a second."""

from __future__ import annotations

import hashlib
import os
import threading
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from ..recording.disk import PART_SUFFIX
from ..recording.status import RecordingStatus
from .details import FileState
from .listing import Files, Recording, row, rows, scan, sort_key

QUIET_S = 3.0
"""Two changes of a folder may leave the same time on it, on FAT within two seconds: it is only
believed when it was older than this."""
YOUNG_S = 600.0
"""A file that was changed within this time may still be copied here: it is looked at each time."""
MAX_AGE_S = 60.0
"""Then every file is looked at: an old one may have been written to in its place."""


@dataclass(frozen=True)
class Listed:
    """All recordings at one moment."""

    rows: tuple[Recording, ...]
    """Newest first."""
    files: Files
    """What they consist of, and their stars."""

    @cached_property
    def total_bytes(self) -> int:
        return sum([row.size_bytes for row in self.rows])

    @cached_property
    def revision(self) -> str:
        """A word that changes when the list does, but not when a running recording grows."""
        told = hashlib.sha256()
        for row_ in self.rows:
            told_of_it = (row_.states, row_.state, row_.stars, row_.has_detections)
            kept = "" if row_.is_running else told_of_it
            told.update(f"{row_.name}{kept}\n".encode())
        return told.hexdigest()[:16]


class FolderListing:
    """The list of the recordings in `folder`. Any thread."""

    def __init__(self, folder: Path, max_age_s: float = MAX_AGE_S) -> None:
        self._folder = folder
        self._max_age_s = max_age_s
        self._lock = threading.Lock()
        self._files: dict[str, FileState] = {}
        self._listed = Listed((), {})
        self._known_as: tuple[object, ...] | None = None
        """What the list depends on, as it was; None: it has to be made anew."""
        self._is_settled = False
        self._made_at_s = 0.0
        self._young: tuple[str, ...] = ()

    def read(self, running: RecordingStatus) -> Listed:
        """Returns the list; the same object if nothing has changed. Raises StorageError."""
        with self._lock:
            known_as = self._changed_ns(), running.is_recording, running.filename
            is_fresh = time.monotonic() - self._made_at_s < self._max_age_s
            if self._is_settled and is_fresh and known_as == self._known_as:
                self._refresh(running)
            else:
                self._make(running, known_as)
            return self._listed

    def _make(self, running: RecordingStatus, known_as: tuple[object, ...]) -> None:
        now_ns = time.time_ns()
        self._files = scan(self._folder, running)
        made = tuple(rows(self._files, running))
        if made != self._listed.rows:
            self._listed = Listed(made, self._files)
        changed_ns = known_as[0]
        self._is_settled = isinstance(changed_ns, int) and now_ns - changed_ns > QUIET_S * 1e9
        self._known_as, self._made_at_s = known_as, time.monotonic()
        since_ns = now_ns - YOUNG_S * 1e9
        self._young = tuple(
            name
            for name, state in self._files.items()
            if state.changed_ns > since_ns or name.endswith(PART_SUFFIX)
        )

    def _refresh(self, running: RecordingStatus) -> None:
        """Look at the files that may have grown."""
        grown = set()
        for name in self._young:
            with suppress(OSError):
                state = FileState.of(os.lstat(self._folder / name))
                if state != self._files[name]:
                    self._files[name] = state
                    grown.add(name)
        if grown:
            self._listed = Listed(tuple(self._with_grown(grown, running)), self._files)

    def _with_grown(self, grown: set[str], running: RecordingStatus) -> Sequence[Recording]:
        remade = [
            known
            if grown.isdisjoint(known.files)
            else row(known.name, list(known.files), self._files, running)
            for known in self._listed.rows
        ]
        remade.sort(key=sort_key, reverse=True)
        return remade

    def _changed_ns(self) -> int | None:
        try:
            return os.stat(self._folder).st_mtime_ns
        except OSError:
            return None
