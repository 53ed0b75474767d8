"""Keeps the list of recordings until the folder changes: ten thousand take a tenth of a second."""

from __future__ import annotations

import hashlib
import os
import threading
import time
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from itertools import chain
from pathlib import Path

from ..recording.belongings import OF_FILE, STAR_SUFFIX
from ..recording.disk import PART_SUFFIX
from ..recording.names import names_before
from ..recording.status import RecordingStatus
from .details import FileState
from .listing import Files, Recording, rows, scan, sort_key, state_of

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
            told.update(f"{_told(row_)}\n".encode())
        return told.hexdigest()[:16]

    def take_over_revision(self, before: Listed) -> None:
        """It is the same, so it need not be found again."""
        if "revision" in vars(before):
            vars(self)["revision"] = before.revision


def _told(row_: Recording) -> tuple[object, ...]:
    """Returns what the revision depends on."""
    if row_.is_running:
        return (row_.name,)
    return row_.name, row_.states, row_.state, row_.stars, row_.has_detections


class FolderListing:
    """The list of the recordings in `folder`. Any thread.

    Files whose names belong together (`cat.mp4`, `cat.002_recovered.mp4`, `cat.mp4.star`) are a
    family: only the families in which something has changed get new rows.
    """

    def __init__(self, folder: Path, max_age_s: float = MAX_AGE_S) -> None:
        self._folder = folder
        self._max_age_s = max_age_s
        self._lock = threading.Lock()
        self._files: dict[str, FileState] = {}
        self._inodes: dict[str, int] = {}
        self._rows: dict[str, list[Recording]] = {}
        self._listed = Listed((), {})
        self._known_as: tuple[object, ...] | None = None
        """What the list depends on, as it was; None before the first."""
        self._is_settled = False
        self._looked_at_s = 0.0
        self._young_since_ns = 0
        self._young: tuple[str, ...] = ()

    def read(self, running: RecordingStatus) -> Listed:
        """Returns the list; the same object if nothing has changed. Raises StorageError."""
        with self._lock:
            known_as = (
                self._changed_ns(),
                *(running.is_recording, running.filename, running.started_at),
            )
            is_fresh = time.monotonic() - self._looked_at_s < self._max_age_s
            if not (self._is_settled and is_fresh and known_as == self._known_as):
                self._scan(running, known_as, is_fresh=is_fresh)
            else:
                self._look_at_young(running)
            return self._listed

    def _scan(
        self, running: RecordingStatus, known_as: tuple[object, ...], *, is_fresh: bool
    ) -> None:
        now_ns = time.time_ns()
        looked_at_s = time.monotonic()
        inodes: dict[str, int] = {}

        def look(entry: os.DirEntry[str]) -> FileState | None:
            name, inode = entry.name, entry.inode()
            inodes[name] = inode
            known = self._files.get(name)
            is_old = known is not None and known.changed_ns < self._young_since_ns
            if is_fresh and is_old and self._inodes.get(name) == inode:
                return known
            return state_of(entry)

        found = scan(self._folder, running, look)
        if not is_fresh:
            self._looked_at_s = looked_at_s
        self._inodes = inodes
        before = None if self._known_as is None else self._known_as[2]
        has_other_running = self._known_as is None or known_as[1:] != self._known_as[1:]
        told = {before, running.filename} if has_other_running else set()
        self._update(found, {name for name in told if isinstance(name, str)}, running)
        changed_ns = known_as[0]
        self._is_settled = isinstance(changed_ns, int) and now_ns - changed_ns > QUIET_S * 1e9
        self._known_as = known_as
        self._young_since_ns = since_ns = now_ns - round(YOUNG_S * 1e9)
        self._young = tuple(
            name
            for name, state in found.items()
            if state.changed_ns >= since_ns or name.endswith(PART_SUFFIX)
        )

    def _look_at_young(self, running: RecordingStatus) -> None:
        found = dict[str, FileState]()
        for name in self._young:
            with suppress(OSError):
                state = FileState.of(os.lstat(self._folder / name))
                if state != self._files[name]:
                    found[name] = state
        if found:
            self._update({**self._files, **found}, set(), running)

    def _update(
        self, found: dict[str, FileState], others: set[str], running: RecordingStatus
    ) -> None:
        """Take over the files `found`; what has the names `others` gets new rows, too."""
        known, self._files = self._files, found
        changed = {name for name, _ in found.items() ^ known.items()} | others
        if not changed:
            return
        families = set(map(_family, changed))
        members: dict[str, dict[str, FileState]] = {family: {} for family in families}
        for name, state in found.items():
            if (family := _family(name)) in families:
                members[family][name] = state
        remade = {family: rows(files, running) for family, files in members.items()}
        before = {family: self._rows.pop(family, []) for family in families}
        self._rows.update((family, made) for family, made in remade.items() if made)
        if remade == before:
            return
        every = sorted(chain.from_iterable(self._rows.values()), key=sort_key, reverse=True)
        listed, listed_before = Listed(tuple(every), found), self._listed
        if all(
            list(map(_told, remade[family])) == list(map(_told, before[family]))
            for family in families
        ):
            listed.take_over_revision(listed_before)
        self._listed = listed

    def _changed_ns(self) -> int | None:
        try:
            return os.stat(self._folder).st_mtime_ns
        except OSError:
            return None


def _family(name: str) -> str:
    for suffix in (STAR_SUFFIX, *OF_FILE, PART_SUFFIX):
        name = name.removesuffix(suffix)
    return names_before(name)[-1]
