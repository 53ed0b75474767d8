"""Moves files into the bin and out of it, so that a crash in the middle loses none."""

from __future__ import annotations

import errno
import logging
import os
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from ..errors import NotFound
from ..recording.bin_folder import BIN_FOLDER, DOOMED, MOVING, entry_name
from ..recording.disk import make_folder, sync_folder
from ..recording.names import is_stored_name
from .binned import Binned, binned, is_ours, read_entry
from .folder_lock import FolderLock
from .own_folder import make_own_folder

logger = logging.getLogger(__name__)


class BinMoves:
    """An entry is a folder, into which and out of which files are renamed under a lock of the bin.
    Its name has a dot in front until all are in it, or out of it: what a crash left in the middle
    goes back to the recordings as soon as somebody has the lock. Deleting takes longer, so that an
    entry only gets its dash under the lock.

    Any thread. All of it raises OSError.
    """

    def __init__(self, folder: Path, lock: FolderLock) -> None:
        self._folder = folder
        self._path = folder / BIN_FOLDER
        self._lock = lock

    def put(self, name: str, files: Sequence[str], beside: Sequence[str]) -> Binned:
        """Make an entry of `files`, and those `beside` them that exist: all or none. Raises
        NotFound if none of `files` is there. Call it with the lock held, as the next two."""
        entry = self._new_entry(name)
        moving = self._path / (MOVING + entry.id)
        moving.mkdir()
        try:
            if not [file for file in files if self._move_in(file, moving)]:
                raise NotFound("There is no such recording")
            for file in beside:
                self._move_in(file, moving)
            moving.rename(self._path / entry.id)
        except BaseException:
            with suppress(OSError):  # whoever has the lock next tries again
                self._move_out(moving)
            raise
        self._sync()
        return read_entry(self._path, entry)

    def put_back(self, entry: Binned) -> None:
        moving = self._path / (MOVING + entry.id)
        (self._path / entry.id).rename(moving)
        self._move_out(moving)
        self._sync()

    def doom(self, entry: Binned) -> None:
        """From now on it can't be restored."""
        (self._path / entry.id).rename(self._path / (DOOMED + entry.id))

    def delete_doomed(self) -> None:
        """Delete what can't be restored. What others have put there stays. Needs no lock."""
        for entry in binned(self._path, DOOMED):
            self._delete(self._path / entry.id)

    def _new_entry(self, name: str) -> Binned:
        deleted_at = int(time.time())
        taken = {id_.lstrip(MOVING + DOOMED) for id_ in os.listdir(self._path)}
        while (id_ := entry_name(name, deleted_at)) in taken:
            deleted_at += 1
        return Binned(id_, name, deleted_at)

    def _move_in(self, file: str, moving: Path) -> bool:
        try:
            (self._folder / file).rename(moving / file)
        except FileNotFoundError:
            return False
        return True

    def _move_out(self, moving: Path) -> None:
        """Put back what is ours in an entry. A recorded file whose name is taken stays in it, and
        can be restored when the name is free; what else has a taken name gives way."""
        for file in filter(is_ours, os.listdir(moving)):
            if not os.path.lexists(self._folder / file):
                (moving / file).rename(self._folder / file)
            elif not is_stored_name(file):
                (moving / file).unlink()
        if not _is_removed(moving):
            moving.rename(moving.with_name(moving.name.removeprefix(MOVING)))

    def _delete(self, doomed: Path) -> None:
        with suppress(FileNotFoundError):  # another thread is at it, too
            for file in filter(is_ours, os.listdir(doomed)):
                (doomed / file).unlink(missing_ok=True)
            if not _is_removed(doomed):
                logger.debug("%s stays in the bin: there is something of others in it", doomed.name)

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Be the only one who moves something; the bin is made if it is missing."""
        make_folder(self._folder)
        make_own_folder(self._folder, BIN_FOLDER)
        with self._lock.held(self._path):
            for entry in binned(self._path, MOVING):
                logger.warning("%s was not wholly deleted, and is put back", entry.name)
                self._move_out(self._path / entry.id)
            yield

    def _sync(self) -> None:
        with suppress(OSError):  # it is done, and a power cut may undo it
            sync_folder(self._folder)
            sync_folder(self._path)


def _is_removed(entry: Path) -> bool:
    """Remove the folder of an entry; False if something is still in it. Raises OSError."""
    try:
        entry.rmdir()
    except OSError as exc:
        if exc.errno not in (errno.ENOTEMPTY, errno.EEXIST):
            raise
        return False
    return True
