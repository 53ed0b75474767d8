"""One process owns the recorder: who records into a folder, and who else wants to."""

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
from ..recording.disk import PART_SUFFIX, make_folder

logger = logging.getLogger(__name__)

LOCK_NAME = ".pet_stream.lock"
OWNER_NAME = ".pet_stream.owner"
MAX_OWNER_BYTES = 100


class Ownership:
    """A record lock in the folder (fcntl): it dies with its process, and a forked child has none.

    The lock can't tell two apps of one process apart; a file beside it, with the process and when
    it began, can, and says who the owner is. Any thread may use it. The first claim that succeeds
    calls `on_claimed` with the unfinished files that were there before anything of this app: what a
    crash left behind.
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
            if self._is_ours and os.path.lexists(self._folder / LOCK_NAME):
                return
            make_folder(self._folder)
            self._check_other_apps()
            self._close()
            self._descriptor = os.open(
                self._folder / LOCK_NAME,
                os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW,
                0o644,
            )
            try:
                fcntl.lockf(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError as exc:
                if exc.errno in (errno.EACCES, errno.EAGAIN):
                    raise NotRecorderOwner(self._describe_owner()) from exc
                if exc.errno not in (errno.ENOLCK, errno.EOPNOTSUPP, errno.ENOSYS):
                    raise
                logger.warning("the recordings folder's file system has no locks: %s", exc)
            self._write_owner()
            was_ours, self._is_ours = self._is_ours, True
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

    def _check_other_apps(self) -> None:
        """To be done before the lock's file is opened: closing that would undo a lock."""
        with contextlib.suppress(OSError):
            is_here = self._read_owner() == _identity(os.getpid())
            if is_here and not self._is_ours:
                raise NotRecorderOwner("another app of this process")

    def _write_owner(self) -> None:
        """Into a new file: what is called so may be a link to somebody's file."""
        path = self._folder / OWNER_NAME
        path.unlink(missing_ok=True)
        with path.open("x") as file:  # O_EXCL: follows no link
            file.write(_identity(os.getpid()))

    def _read_owner(self) -> str:
        """What is no ordinary file is not waited for. Raises OSError."""
        flags = os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK
        descriptor = os.open(self._folder / OWNER_NAME, flags)
        try:
            return os.read(descriptor, MAX_OWNER_BYTES).decode("ascii", "replace")
        finally:
            os.close(descriptor)

    def _close(self) -> None:
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None

    def _describe_owner(self) -> str:
        """The process of the file, if it still runs: it may be of another container, or the file of
        an owner before."""
        with contextlib.suppress(OSError, ValueError, IndexError):
            owner = self._read_owner()
            pid = int(owner.split()[0])
            if owner == _identity(pid):
                command = Path(f"/proc/{pid}/comm").read_text().strip()
                return f"process {pid} ({command})"
        return "another process"


def _identity(pid: int) -> str:
    """A process's number, and when it began: numbers are used again. Raises OSError."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return f"{pid} {fields[19]}\n"
