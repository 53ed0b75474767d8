"""A folder that one thread of one process changes at a time."""

from __future__ import annotations

import errno
import fcntl
import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ..errors import TooMany

TIMEOUT_S = 5.0
_POLL_S = 0.01
_HAS_NO_LOCKS = (errno.ENOLCK, errno.EOPNOTSUPP, errno.ENOSYS, errno.EBADF)
_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC


class FolderLock:
    """A lock (`flock`) on a folder; it ends with its process. Where the file system has none, it
    holds for the threads of this process only."""

    def __init__(self, timeout_s: float = TIMEOUT_S) -> None:
        self._timeout_s = timeout_s
        self._lock = threading.Lock()

    @contextmanager
    def held(self, folder: Path) -> Iterator[None]:
        """Raises TooMany if it takes too long, and OSError, also if `folder` is a link."""
        deadline_s = time.monotonic() + self._timeout_s
        if not self._lock.acquire(timeout=self._timeout_s):
            raise TooMany("Too many recordings are being deleted or restored")
        try:
            descriptor = os.open(folder, _FOLDER)
            try:
                while not _takes(descriptor):
                    if time.monotonic() > deadline_s:
                        raise TooMany("Another process deletes or restores recordings")
                    time.sleep(_POLL_S)
                yield
            finally:
                os.close(descriptor)
        finally:
            self._lock.release()


def _takes(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError as exc:
        if exc.errno not in _HAS_NO_LOCKS:
            raise
    return True
