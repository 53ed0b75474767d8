"""One process owns the recorder: who records into a folder, and who else wants to."""

from __future__ import annotations

import contextlib
import errno
import fcntl
import logging
import os
import struct
import threading
from collections.abc import Callable
from pathlib import Path

from ..errors import NotRecorderOwner
from .disk import PART_SUFFIX, make_folder

logger = logging.getLogger(__name__)

LOCK_NAME = ".pet_stream.lock"
_FLOCK = "hhqqi4x"  # struct flock of 64-bit Linux: type, whence, start, length, pid


class Ownership:
    """A record lock in the folder (fcntl): it dies with its process, and a forked child has none.

    Two apps in one process have one lock between them: give each a folder of its own. Any thread
    may use it. The first claim that succeeds calls `on_claimed` with the unfinished files that were
    there before anything of this process: what a crash left behind.
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
            self._close()
            self._descriptor = os.open(
                self._folder / LOCK_NAME, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW
            )
            try:
                fcntl.lockf(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError as exc:
                if exc.errno in (errno.EACCES, errno.EAGAIN):
                    raise NotRecorderOwner(self._describe_owner()) from exc
                if exc.errno not in (errno.ENOLCK, errno.EOPNOTSUPP, errno.ENOSYS):
                    raise
                logger.warning("the recordings folder's file system has no locks: %s", exc)
            os.ftruncate(self._descriptor, 0)
            os.pwrite(self._descriptor, b"%d\n" % os.getpid(), 0)
            was_ours, self._is_ours = self._is_ours, True
            leftovers = [] if was_ours else sorted(self._folder.glob(f"*{PART_SUFFIX}"))
        if not was_ours:
            self._on_claimed(leftovers)

    def release(self) -> None:
        with self._lock:
            self._is_ours = False
            self._close()

    def _close(self) -> None:
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None

    def _describe_owner(self) -> str:
        assert self._descriptor is not None
        asked = struct.pack(_FLOCK, fcntl.F_WRLCK, os.SEEK_SET, 0, 0, 0)
        with contextlib.suppress(OSError, struct.error):
            pid = struct.unpack(_FLOCK, fcntl.fcntl(self._descriptor, fcntl.F_GETLK, asked))[4]
            if pid > 0:
                command = Path(f"/proc/{pid}/comm").read_text().strip()
                return f"process {pid} ({command})"
        with contextlib.suppress(OSError, ValueError):  # another machine, or another container
            return f"process {int(os.pread(self._descriptor, 20, 0))}"
        return "another process"
