"""Creates, syncs and publishes files, in an order that survives a power cut."""

from __future__ import annotations

import contextlib
import errno
import io
import os
import stat
from pathlib import Path
from typing import NamedTuple

from ..errors import StorageError
from ..reason import Reason
from .belongings import DETECTIONS_SUFFIX, of_file
from .bin_folder import binned_bytes, binned_names

PART_SUFFIX = ".part"
"""The ending of an unfinished file."""


class DiskSpace(NamedTuple):
    free_bytes: int
    """What an ordinary user can still write."""
    size_bytes: int


class AlmostFull(OSError):
    """Less is free on the disk than the settings require."""

    def __init__(self, min_free_bytes: int) -> None:
        super().__init__(errno.ENOSPC, os.strerror(errno.ENOSPC))
        self.min_free_bytes = min_free_bytes


class ClipsFull(OSError):
    """All clips together have reached the limit of the settings."""

    def __init__(self, max_bytes: int) -> None:
        super().__init__(errno.ENOSPC, os.strerror(errno.ENOSPC))
        self.max_bytes = max_bytes


def make_folder(folder: Path) -> None:
    """Make `folder`, and those above it, if it is missing. Raises OSError."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except FileExistsError as exc:  # must not look like a recording's name that is taken
        raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR)) from exc


def create_part(folder: Path, stem: str, suffix: str) -> tuple[Path, io.FileIO]:
    """Create an empty `<stem><suffix>.part`. Raises FileExistsError if that file exists, finished
    or not."""
    if os.path.lexists(folder / f"{stem}{suffix}"):
        raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST))
    part = folder / f"{stem}{suffix}{PART_SUFFIX}"
    return part, io.FileIO(part, "xb+")  # O_EXCL: never overwrites, follows no link


def publish(file: io.FileIO, part: Path, name: str) -> Path:
    """Give a finished file its name, or the same with `_2`, `_3` … if that is taken.

    The order is: sync the file, sync the folder, rename, sync the folder. After a power cut at any
    moment there is a complete file under one of the two names. Raises FileNotFoundError if the file
    was deleted meanwhile.
    """
    os.fsync(file.fileno())
    check_linked(file)
    sync_folder(part.parent)
    return rename(part, name)


def rename(path: Path, name: str) -> Path:
    """Rename the file at `path` to `name`, or the same with `_2`, `_3` … if that is taken, and what
    belongs to it alone; sync the folder."""
    folder = path.parent
    renamed = free_path(folder, name)
    path.rename(renamed)
    for before, after in zip(_beside(path), _beside(renamed), strict=True):
        if before != after:
            with contextlib.suppress(OSError):  # mostly there is none; it fails no recording
                before.rename(after)
    sync_folder(folder)
    return renamed


def sidecar_name(name: str) -> str:
    """Returns the name of what lies beside the file `name`, finished or not, and holds what was
    seen in it."""
    return name.removesuffix(PART_SUFFIX) + DETECTIONS_SUFFIX


def remove(path: Path) -> None:
    """Delete the file at `path`, if it is there, and what belongs to it alone. Raises OSError."""
    path.unlink(missing_ok=True)
    for beside in _beside(path):
        beside.unlink(missing_ok=True)


def _beside(path: Path) -> list[Path]:
    return [path.parent / name for name in of_file(path.name.removesuffix(PART_SUFFIX))]


def free_path(folder: Path, name: str) -> Path:
    """Returns the path of `name`, or the first of `_2`, `_3` …, that does not exist, and can't be
    restored from the bin."""
    path, number = folder / name, 2
    binned = binned_names(folder)
    while path.name in binned or os.path.lexists(path):
        path = folder / f"{Path(name).stem}_{number}{Path(name).suffix}"
        number += 1
    return path


def check_linked(file: io.FileIO) -> None:
    """Raises FileNotFoundError if the open `file` was deleted."""
    if not os.fstat(file.fileno()).st_nlink:
        raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT))


def sync_folder(folder: Path) -> None:
    """Sync the names in `folder` to the disk."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    except OSError as exc:
        if exc.errno != errno.EINVAL:  # a file system that can't sync folders
            raise
    finally:
        os.close(descriptor)


def open_to_read(path: Path) -> int:
    """Returns a descriptor of the file at `path`. Raises OSError, also unless it is a regular
    file."""
    # Not blocking, because what lies there may be a FIFO.
    flags = os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK
    descriptor = os.open(path, flags)
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise OSError(errno.EINVAL, os.strerror(errno.EINVAL))
    return descriptor


def read_at(descriptor: int, offset: int, size: int) -> bytes:
    """Returns `size` bytes from `offset` on, or fewer at the end of the file. Raises OSError."""
    return os.pread(descriptor, size, offset)


def disk_space(folder: Path) -> DiskSpace:
    """Returns the space on the disk that `folder` is on. Raises OSError."""
    info = os.statvfs(folder)
    return DiskSpace(info.f_bavail * info.f_frsize, info.f_blocks * info.f_frsize)


def check_free(folder: Path, min_free_bytes: int) -> None:
    """Raises AlmostFull if less than `min_free_bytes` are free, and OSError. What is in the bin
    counts as free: housekeeping empties it when room is needed."""
    missing_bytes = min_free_bytes - disk_space(folder).free_bytes if min_free_bytes else 0
    if missing_bytes > 0 and binned_bytes(folder) < missing_bytes:
        raise AlmostFull(min_free_bytes)


def describe(error: OSError) -> Reason:
    """Returns what went wrong with the disk, for a person; names no path."""
    if isinstance(error, AlmostFull):
        free_mb = error.min_free_bytes / 1e6
        return Reason("disk_almost_full", f"less than {free_mb:.9g} MB are free on the disk")
    if isinstance(error, ClipsFull):
        max_mb = error.max_bytes / 1e6
        return Reason("clips_full", f"clips may take up {max_mb:.9g} MB; some have to go first")
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return Reason("disk_full", "the disk is full")
    if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
        return Reason("not_writable", "the recordings folder is not writable")
    if error.errno == errno.ENOENT:
        return Reason("file_deleted", "the file, or its folder, was deleted in mid-recording")
    if error.errno == errno.ENOTDIR:
        return Reason("not_a_folder", "the recordings folder is not a folder")
    words = error.strerror or os.strerror(error.errno or errno.EIO)
    return Reason("disk_failed", f"the disk failed: {words}")


def storage_error(what: str, error: OSError) -> StorageError:
    reason = describe(error)
    return StorageError(f"{what}: {reason}", reason.code)
