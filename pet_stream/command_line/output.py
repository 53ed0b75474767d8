"""Where a command writes a file to: a new one, or the standard output."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any, BinaryIO, TypeVar

import click

from .failures import Failure

F = TypeVar("F", bound=Callable[..., Any])

STDOUT = "-"


def destination_argument(command: F) -> F:
    """Add the argument DEST."""
    return click.argument("destination", metavar="DEST", type=click.Path(allow_dash=True))(command)


def inside(path: str, name: str) -> str:
    """Returns the path of `name` in the folder `path`, or `path` if that is no folder."""
    return os.path.join(path, name) if os.path.isdir(path) else path


@contextmanager
def new_file(path: str, mode: int = 0o666) -> Iterator[BinaryIO]:
    """Yields a new file at `path`, or the standard output. If the writing fails, none is left.

    Raises Failure if there is one already, or none can be made.
    """
    if path == STDOUT:
        if sys.stdout.isatty():
            raise click.UsageError("This is no text for a terminal: name a file, or redirect it")
        yield sys.stdout.buffer
        sys.stdout.buffer.flush()
        return
    try:
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
        file = open(os.open(path, flags, mode), "wb")  # noqa: SIM115 (closed below)
    except FileExistsError as exc:
        raise Failure(f"{path} is there already", "exists") from exc
    except OSError as exc:
        raise Failure(f"{path} can't be written: {exc.strerror}", "storage") from exc
    try:
        with file:
            yield file
            file.flush()
            os.fsync(file.fileno())
    except BaseException as exc:
        with suppress(OSError):
            os.unlink(path)
        if isinstance(exc, OSError):
            raise Failure(f"{path} can't be written: {exc.strerror}", "storage") from exc
        raise
