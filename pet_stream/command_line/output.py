"""Where a command writes a file to: a new one, or the standard output."""

from __future__ import annotations

import errno
import os
import secrets
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any, BinaryIO, TypeVar

import click

from .failures import Failure

F = TypeVar("F", bound=Callable[..., Any])

STDOUT = "-"
_NO_LINKS = (errno.EPERM, errno.EOPNOTSUPP, errno.ENOSYS)
"""Of a disk such as FAT."""
_NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC


def destination_argument(command: F) -> F:
    """Add the argument DEST."""
    return click.argument("destination", metavar="DEST", type=click.Path(allow_dash=True))(command)


def inside(path: str, name: str) -> str:
    """Returns the path of `name` in the folder `path`, or `path` if that is no folder."""
    return os.path.join(path, name) if os.path.isdir(path) else path


@contextmanager
def new_file(path: str, mode: int = 0o666) -> Iterator[BinaryIO]:
    """Yields a file, which gets the name `path` when it is on the disk whole; or the standard
    output.

    Raises Failure if there is one of this name already, or none can be made.
    """
    if path == STDOUT:
        if sys.stdout.isatty():
            raise click.UsageError("This is no text for a terminal: name a file, or redirect it")
        yield sys.stdout.buffer
        sys.stdout.buffer.flush()
        return
    begun = os.path.join(os.path.dirname(path), f".pet_stream.{secrets.token_hex(8)}")
    try:
        _check_free(path)
        with open(os.open(begun, _NEW, mode), "wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        _give_name(begun, path)
    except FileExistsError as exc:
        raise Failure(f"{path} is there already", "exists") from exc
    except OSError as exc:
        raise Failure(f"{path} can't be written: {exc.strerror}", "storage") from exc
    finally:
        with suppress(OSError):
            os.unlink(begun)


def _give_name(begun: str, path: str) -> None:
    """Raises FileExistsError if somebody else has taken the name meanwhile."""
    try:
        os.link(begun, path)
    except OSError as exc:
        if exc.errno not in _NO_LINKS:
            raise
        _check_free(path)
        os.rename(begun, path)


def _check_free(path: str) -> None:
    """Before all the work. Raises FileExistsError."""
    if os.path.lexists(path):
        raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST))
