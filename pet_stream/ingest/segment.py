"""Reads the shared-memory segments of other programs, without a mapping where possible.

The URL (`media/segment_url.py`) says which kind it is.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path
from typing import Protocol

import sysv_ipc

from ..errors import SegmentInvalid, SegmentMissing
from ..media.segment_url import parse_segment_url

POSIX_FOLDER = Path("/dev/shm")
"""Where Linux keeps what shm_open(3) names."""

_SYSV_REMOVED = 0o1000  # SHM_DEST, shmctl(2)


class Segment(Protocol):
    """A segment that somebody else writes. Owned by one thread."""

    @property
    def size(self) -> int:
        """Bytes when it was opened."""

    def read(self, offset: int, size: int) -> bytes:
        """A copy of `size` bytes from `offset`. Raises SegmentInvalid when they are not there."""

    def is_gone(self) -> bool:
        """Whether the segment was removed or replaced under its name, or has changed its size."""

    def is_resized(self) -> bool:
        """Whether it has changed its size, and so perhaps its layout."""

    def close(self) -> None: ...


def open_segment(url: str, sizes: Iterable[int]) -> Segment:
    """Attach for reading a segment that has one of `sizes`, bytes.

    Raises SegmentMissing when there is no such segment, SegmentInvalid when it has a different size
    or can't be opened, ValueError for a URL that is none.
    """
    scheme, _, name = parse_segment_url(url).partition(":")
    segment: PosixSegment | SysvSegment
    segment = PosixSegment(name) if scheme == "posix" else SysvSegment(int(name, 0))
    if segment.size not in (expected := sorted(sizes)):
        size = segment.size
        segment.close()
        raise SegmentInvalid(f"{url} has {size} bytes, expected {' or '.join(map(str, expected))}")
    return segment


class PosixSegment:
    """A segment made by shm_open(3), read by `pread`. If its writer truncates it meanwhile, the
    read is short; a mapping would raise SIGBUS. The copy runs without the interpreter lock."""

    def __init__(self, name: str) -> None:
        self._path = POSIX_FOLDER / name.lstrip("/")
        try:
            # Not blocking, because what lies there may be a FIFO.
            flags = os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK
            self._fd = os.open(self._path, flags)
        except FileNotFoundError as exc:
            raise SegmentMissing(f"there is no shared memory {name}") from exc
        except OSError as exc:
            raise SegmentInvalid(f"shared memory {name} can't be opened: {exc.strerror}") from exc
        self.size = os.fstat(self._fd).st_size

    def read(self, offset: int, size: int) -> bytes:
        try:
            data = os.pread(self._fd, size, offset)
        except OSError as exc:  # a folder, a device
            raise SegmentInvalid(f"shared memory can't be read: {exc.strerror}") from exc
        if len(data) != size:
            raise SegmentInvalid(f"shared memory ends within bytes {offset} to {offset + size}")
        return data

    def is_gone(self) -> bool:
        try:
            named, opened = os.stat(self._path), os.fstat(self._fd)
        except OSError:
            return True
        return not os.path.samestat(named, opened) or opened.st_size != self.size

    def is_resized(self) -> bool:
        return os.lseek(self._fd, 0, os.SEEK_END) != self.size

    def close(self) -> None:
        os.close(self._fd)


class SysvSegment:
    """A segment made by shmget(2). Its size can't change, so its mapping is safe to read."""

    def __init__(self, key: int) -> None:
        try:
            self._memory = sysv_ipc.SharedMemory(key, 0, 0o400)
        except sysv_ipc.ExistentialError as exc:
            raise SegmentMissing(f"there is no System V shared memory {key:#x}") from exc
        except (sysv_ipc.Error, OSError, ValueError) as exc:
            raise SegmentInvalid(f"System V shared memory {key:#x}: {exc}") from exc

    @property
    def size(self) -> int:
        return int(self._memory.size)

    def read(self, offset: int, size: int) -> bytes:
        if offset + size > self.size:
            raise SegmentInvalid(f"shared memory ends within bytes {offset} to {offset + size}")
        return bytes(self._memory.read(size, offset))

    def is_gone(self) -> bool:
        try:
            return bool(self._memory.mode & _SYSV_REMOVED)
        except (sysv_ipc.Error, OSError):
            return True

    def is_resized(self) -> bool:
        return False

    def close(self) -> None:
        self._memory.detach()
