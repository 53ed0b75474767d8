"""The bin: keeps deleted recordings for a while, so that deleting them can be undone."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from ..errors import NameExists, NotFound
from ..recording.bin_folder import BIN_FOLDER
from ..recording.disk import PART_SUFFIX, storage_error
from ..recording.names import stored_name
from .bin_moves import BinMoves
from .binned import Binned, binned, read_entry
from .folder_lock import FolderLock


class Bin:
    """The bin of the recordings folder `folder`. Any thread may use it, and several processes.

    What changes it raises StorageError, and TooMany if the lock is not to be had.
    """

    def __init__(self, folder: Path, keep_s: float = 0, lock: FolderLock | None = None) -> None:
        self.keep_s = keep_s
        """How long what was deleted can be restored; 0: there is no bin. Any thread may set it."""
        self.size_bytes: int | None = None
        """What is in it, by the last look; None before the first. Any thread."""
        self._folder = folder
        self._path = folder / BIN_FOLDER
        self._moves = BinMoves(folder, lock or FolderLock())

    def entries(self) -> list[Binned]:
        """Returns what can be restored, last deleted first. Raises StorageError."""
        with _told():
            found = [read_entry(self._path, entry) for entry in self._newest_first()]
        self.size_bytes = sum(entry.size_bytes for entry in found)
        return found

    def count(self) -> int:
        """Returns how many can be restored; 0 if that can't be read."""
        with suppress(OSError):
            return len(binned(self._path))
        return 0

    def is_empty(self) -> bool:
        """Whether nothing at all is in it."""
        is_empty = True
        with suppress(OSError), os.scandir(self._path) as entries:
            is_empty = next(entries, None) is None
        if is_empty:
            self.size_bytes = 0
        return is_empty

    def find(self, name: str) -> Binned:
        """Returns what was last deleted as `name`, or with a file of this name in it. Raises
        BadName, NotFound, StorageError."""
        stored_name(name)
        with _told():
            entries = self._newest_first()
            for entry in entries:
                if entry.name == name:
                    return read_entry(self._path, entry)
            for entry in entries:
                if os.path.lexists(self._path / entry.id / name):
                    return read_entry(self._path, entry)
        raise NotFound("There is no such recording in the bin")

    def moved(self, path: Path) -> Path | None:
        """Returns where the recorded file that was at `path` is, if it is in the bin."""
        with suppress(OSError):
            for entry in self._newest_first():
                there = self._path / entry.id / path.name
                if os.path.lexists(there):
                    return there
        return None

    def put(self, name: str, files: Sequence[str], beside: Sequence[str]) -> Binned | None:
        """Move `files` of the folder, and those `beside` them that exist, into the bin: all or
        none. None: the disk is too full, although the bin was emptied. Raises NotFound if none of
        `files` is there."""
        entry = self._put_or_full(name, files, beside)
        if entry is None:
            self.empty()
            entry = self._put_or_full(name, files, beside)
        return entry

    def restore(self, name: str) -> None:
        """Move what was last deleted as `name` back to the recordings. Raises BadName, NotFound,
        NameExists."""
        self.find(name)  # no bin is made for what is not in it
        with _told(), self._moves.locked():
            entry = self.find(name)
            names = [*entry.files, *(file + PART_SUFFIX for file in entry.files)]
            if any(os.path.lexists(self._folder / name) for name in names):
                raise NameExists("There is another recording of this name now")
            self._moves.put_back(entry)
        self._account(-entry.size_bytes)

    def delete(self, name: str) -> None:
        """Delete for good what was last deleted as `name`. Raises BadName, NotFound."""
        self.remove(self.find(name))

    def remove(self, entry: Binned) -> None:
        """Delete it for good. Raises NotFound if somebody else has taken it out."""
        with _told():
            with self._moves.locked():
                try:
                    self._moves.doom(entry)
                except FileNotFoundError as exc:
                    raise NotFound("There is no such recording in the bin") from exc
            self._moves.delete_doomed()
        self._account(-entry.size_bytes)

    def empty(self) -> None:
        """Delete all of it for good."""
        for entry in self.entries():
            with suppress(NotFound):
                self.remove(entry)

    def tidy(self) -> None:
        """Finish what a crash left in the middle."""
        if os.path.lexists(self._path):
            with _told():
                with self._moves.locked():
                    pass  # it puts back
                self._moves.delete_doomed()

    def _put_or_full(self, name: str, files: Sequence[str], beside: Sequence[str]) -> Binned | None:
        try:
            with self._moves.locked():
                entry = self._moves.put(name, files, beside)
        except OSError as exc:
            if exc.errno in (errno.ENOSPC, errno.EDQUOT):
                return None
            raise storage_error("The recording can't be put into the bin", exc) from exc
        self._account(entry.size_bytes)
        return entry

    def _newest_first(self) -> list[Binned]:
        found = binned(self._path)
        found.sort(key=lambda entry: (entry.deleted_at, entry.name), reverse=True)
        return found

    def _account(self, more_bytes: int) -> None:
        if self.size_bytes is not None:
            self.size_bytes = max(0, self.size_bytes + more_bytes)


@contextmanager
def _told() -> Iterator[None]:
    """An OSError inside becomes a StorageError."""
    try:
        yield
    except OSError as exc:
        raise storage_error("The bin can't be used", exc) from exc
