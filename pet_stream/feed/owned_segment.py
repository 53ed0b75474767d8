"""A POSIX shared-memory segment of our own."""

from __future__ import annotations

import errno
import fcntl
import os

from ..errors import SegmentBusy, SegmentError, SegmentInvalid
from ..ingest.segment import POSIX_FOLDER
from ..media.segment_url import parse_segment_url

_MODE = 0o644
_ATTEMPTS = 5


class OwnedSegment:
    """A segment that only this process writes. Owned by one thread.

    It is locked while it is open, by `flock`: the kernel undoes that when the holder dies, and the
    daemons' readers and writers ignore it. A segment that existed before stays when this is closed;
    one that was made here is removed.
    """

    def __init__(self, url: str, size: int) -> None:
        """Raises SegmentBusy if a different pet-stream writes it, SegmentInvalid if its size
        differs, SegmentError if it can't be made, ValueError if `url` is not a segment's."""
        scheme, _, name = parse_segment_url(url).partition(":")
        if scheme != "posix":
            raise SegmentError(f"{url}: only POSIX segments (/name) can be written")
        self.name = name
        self._path = POSIX_FOLDER / name.lstrip("/")
        try:
            self._fd, self.is_created = self._open()
        except OSError as exc:
            raise SegmentError(f"shared memory {name} can't be written: {exc.strerror}") from exc
        try:
            if self.is_created:
                os.ftruncate(self._fd, size)
            elif (found := os.fstat(self._fd).st_size) != size:
                raise SegmentInvalid(
                    f"shared memory {name} has {found} bytes, expected {size}: it belongs to "
                    "another program; choose another name"
                )
        except OSError as exc:
            self.close()
            raise SegmentError(f"shared memory {name} can't be made: {exc.strerror}") from exc
        except SegmentInvalid:
            self.close()
            raise

    def read(self, offset: int, size: int) -> bytes:
        return os.pread(self._fd, size, offset)

    def write(self, offset: int, *parts: bytes) -> None:
        """Copy `parts`, one behind the other. Raises SegmentError when memory has run out."""
        try:
            written = os.pwritev(self._fd, parts, offset)
            if written != sum(map(len, parts)):
                raise OSError(errno.ENOSPC, "")
        except OSError as exc:
            if exc.errno == errno.ENOSPC:
                reason = f"{POSIX_FOLDER} is full"
            else:
                reason = os.strerror(exc.errno or 0)
            raise SegmentError(f"shared memory {self.name} can't be written: {reason}") from exc

    def close(self) -> None:
        """Unlock the segment, and remove it if it was made here. Idempotent."""
        fd, self._fd = self._fd, -1
        if fd < 0:
            return
        try:
            if self.is_created and os.path.samestat(os.stat(self._path), os.fstat(fd)):
                os.unlink(self._path)
        except FileNotFoundError:
            pass
        finally:
            os.close(fd)

    def _open(self) -> tuple[int, bool]:
        """Returns a locked descriptor, and whether the segment is new."""
        flags = os.O_RDWR | os.O_CLOEXEC | os.O_NOFOLLOW
        for _ in range(_ATTEMPTS):
            is_created = True
            try:
                fd = os.open(self._path, flags | os.O_CREAT | os.O_EXCL, _MODE)
            except FileExistsError:
                is_created = False
                try:
                    fd = os.open(self._path, flags)
                except FileNotFoundError:
                    continue  # removed in between
            try:
                fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError as exc:
                os.close(fd)
                if exc.errno != errno.EWOULDBLOCK:
                    raise
                if is_created:
                    continue  # somebody who removes orphans came before our lock
                raise SegmentBusy(
                    f"shared memory {self.name} is being written by another pet-stream"
                ) from exc
            try:
                if os.path.samestat(os.stat(self._path), os.fstat(fd)):
                    return fd, is_created
            except FileNotFoundError:
                pass
            os.close(fd)  # its owner removed it before it was ours
        raise SegmentBusy(f"shared memory {self.name} is made and removed again and again")


def remove_orphans(prefix: str) -> list[str]:
    """Remove the segments whose names begin with `prefix` and which nobody holds: they were left
    by writers that were killed. Returns their names."""
    names = [f"/{path.name}" for path in POSIX_FOLDER.glob(f"{prefix.lstrip('/')}*")]
    return [name for name in names if remove_orphan(name)]


def remove_orphan(name: str) -> bool:
    """Remove the segment `name` if nobody holds it. Returns whether it was removed."""
    path = POSIX_FOLDER / name.lstrip("/")
    try:
        fd = os.open(path, os.O_RDWR | os.O_CLOEXEC | os.O_NOFOLLOW)
    except OSError:
        return False
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        os.unlink(path)
    except OSError:  # somebody holds it, or it is gone
        return False
    finally:
        os.close(fd)
    return True
