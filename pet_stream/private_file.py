"""Small files that decide something: written whole or not at all, and no symbolic link followed."""

from __future__ import annotations

import errno
import os
import secrets
import stat
from contextlib import suppress
from pathlib import Path

Version = tuple[int, int, int, int]
"""Differs from the one before when the file, its owner or its mode has changed."""
_READ = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
_WRITE = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC


def version_of(path: Path) -> Version | None:
    """Returns the file's version; None if there is none. Raises OSError."""
    try:
        found = os.lstat(path)
    except FileNotFoundError:
        return None
    return found.st_ino, found.st_mtime_ns, found.st_ctime_ns, found.st_size


def read_private_file(path: Path, max_bytes: int, others_may: int = 0) -> bytes:
    """Returns what the file holds. `others_may`: permission bits that other users may have.

    Raises OSError, and ValueError, which says what is wrong with the file: others could have
    written it, or may do more than they should, or it is too large.
    """
    with open(os.open(path, _READ), "rb") as file:
        found = os.fstat(file.fileno())
        if not stat.S_ISREG(found.st_mode):
            raise ValueError("is not a file")
        if found.st_uid != 0 and os.geteuid() not in (found.st_uid, 0):
            raise ValueError("belongs to somebody else")
        if found.st_mode & 0o077 & ~others_may:
            raise ValueError("is open to other users: chmod 600")
        data = file.read(max_bytes + 1)
    if len(data) > max_bytes:
        raise ValueError(f"has more than {max_bytes} bytes")
    return data


def replace_private_file(path: Path, data: bytes, mode: int = 0o600) -> None:
    """Write a new file beside the old one, then give it its name.

    Raises OSError; then the old file is as it was.
    """
    new = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    try:
        with open(os.open(new, _WRITE, 0o600), "wb") as file:
            hand_over(file.fileno(), path if os.path.lexists(path) else path.parent)
            if mode != 0o600:
                os.fchmod(file.fileno(), mode)
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.rename(new, path)
        _sync_folder(path.parent)
    except OSError:
        with suppress(OSError):
            new.unlink()
        raise


def remove_private_file(path: Path) -> None:
    """Remove the file, if there is one. Raises OSError."""
    with suppress(FileNotFoundError):
        path.unlink()
        _sync_folder(path.parent)


def hand_over(descriptor: int, like: Path) -> None:
    """Give an open file to the owner of `like`, if we are root: what somebody makes by `sudo` is
    for the service, which does not run as root."""
    if os.geteuid() == 0:
        with suppress(OSError):  # a file system without owners
            found = os.lstat(like)
            os.fchown(descriptor, found.st_uid, found.st_gid)


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    except OSError as exc:
        if exc.errno != errno.EINVAL:  # a file system that can't sync folders
            raise
    finally:
        os.close(descriptor)
