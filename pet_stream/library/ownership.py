"""Makes sure that only one process records into a folder, and only one app in it."""

from __future__ import annotations

import contextlib
import errno
import fcntl
import logging
import os
import threading
from collections.abc import Callable
from pathlib import Path

from ..errors import NotRecorderOwner
from ..private_file import hand_over
from ..recording.disk import PART_SUFFIX, make_folder

logger = logging.getLogger(__name__)

LOCK_NAME = ".pet_stream.lock"
OWNER_NAME = ".pet_stream.owner"
MAX_OWNER_BYTES = 100


class Ownership:
    """A record lock in the folder (fcntl): it ends with its process, and a forked child has none.

    The lock can't distinguish two apps of one process. So a file beside it names the owner: the
    process and when it began. Any thread may use it. The first claim that succeeds calls
    `on_claimed` with the unfinished files that a crash left: those from before this app's first.
    So does the first after the disk was replaced, or taken out and put in again.
    """

    def __init__(self, folder: Path, on_claimed: Callable[[list[Path]], object]) -> None:
        self._folder = folder
        self._on_claimed = on_claimed
        self._lock = threading.Lock()
        self._descriptor: int | None = None
        self._is_ours = False

    def claim(self) -> None:
        """Become the owner, or stay it; makes the folder if it is missing.

        Raises NotRecorderOwner, which says who is, and OSError.
        """
        with self._lock:
            if self._is_ours and self._is_locked():
                return
            make_folder(self._folder)
            self._check_other_apps()
            is_other_disk = self._is_on_other_disk()
            self._close()
            self._descriptor = os.open(
                self._folder / LOCK_NAME,
                os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW,
                0o644,
            )
            hand_over(self._descriptor, self._folder)
            try:
                fcntl.lockf(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError as exc:
                if exc.errno in (errno.EACCES, errno.EAGAIN):
                    raise NotRecorderOwner(owner_of(self._folder) or "another process") from exc
                if exc.errno not in (errno.ENOLCK, errno.EOPNOTSUPP, errno.ENOSYS):
                    raise
                logger.warning(
                    "the recordings folder's file system has no locks: let one process only "
                    "record there: %s",
                    exc,
                )
            self._write_owner()
            was_ours, self._is_ours = self._is_ours and not is_other_disk, True
            leftovers = [] if was_ours else sorted(self._folder.glob(f"*{PART_SUFFIX}"))
        if not was_ours:
            self._on_claimed(leftovers)

    def release(self) -> None:
        with self._lock:
            if self._is_ours:
                with contextlib.suppress(OSError):
                    (self._folder / OWNER_NAME).unlink()
            self._is_ours = False
            self._close()

    def _is_locked(self) -> bool:
        """Whether the file in the folder is the one that is locked: the folder may have been
        removed, or its disk taken out and put in again."""
        if self._descriptor is None:
            return False
        try:
            there = os.stat(self._folder / LOCK_NAME, follow_symlinks=False)
            return os.path.samestat(there, os.fstat(self._descriptor))
        except OSError:
            return False

    def _is_on_other_disk(self) -> bool:
        """Whether the lock is on another disk than the folder. Nobody here writes to that one yet:
        each writer claims first."""
        if self._descriptor is None:
            return False
        return os.fstat(self._descriptor).st_dev != self._folder.stat().st_dev

    def _check_other_apps(self) -> None:
        """Raises NotRecorderOwner for another app of this process. Call it before the lock's file
        is opened: closing that would release the lock."""
        with contextlib.suppress(OSError):
            is_here = _read_owner(self._folder) == _identity(os.getpid())
            if is_here and not self._is_ours:
                raise NotRecorderOwner("another app of this process")

    def _write_owner(self) -> None:
        """Write the owner into a new file: the old one may be a link to somebody's file."""
        path = self._folder / OWNER_NAME
        path.unlink(missing_ok=True)
        with path.open("x") as file:  # O_EXCL: follows no link
            file.write(_identity(os.getpid()))

    def _close(self) -> None:
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None


def owner_of(folder: Path) -> str | None:
    """Returns the process in the owner file, if it still runs, in words. It may run in another
    container, or the file may be of an earlier owner: then None. Takes no lock."""
    with contextlib.suppress(OSError, ValueError, IndexError):
        owner = _read_owner(folder)
        pid = int(owner.split()[0])
        if owner == _identity(pid):
            command = Path(f"/proc/{pid}/comm").read_text().strip()
            return f"process {pid} ({command})"
    return None


def _read_owner(folder: Path) -> str:
    """Returns the content of the owner file; does not wait for a FIFO. Raises OSError."""
    flags = os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK
    descriptor = os.open(folder / OWNER_NAME, flags)
    try:
        return os.read(descriptor, MAX_OWNER_BYTES).decode("ascii", "replace")
    finally:
        os.close(descriptor)


def _identity(pid: int) -> str:
    """Returns a process's number and when it began, because numbers are reused. Raises OSError."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return f"{pid} {fields[19]}\n"
