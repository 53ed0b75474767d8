"""Reads a secret that a setting holds, or says the place of: a file, a variable of the
environment."""

from __future__ import annotations

import os
import stat
from collections.abc import Mapping
from pathlib import Path

MAX_SECRET_BYTES = 4096


def kinds(name: str) -> frozenset[str]:
    """Returns the keys under which the secret `name` may stand in a row."""
    return frozenset({name, f"{name}_file", f"{name}_env"})


def secret_of(row: Mapping[object, object], name: str) -> str | None:
    """Returns the secret itself, wherever it stands; None if none is given.

    Raises ValueError, whose text says what is wrong without it; without text: the row is.
    """
    given = {kind: row[kind] for kind in kinds(name) & row.keys()}
    if not given:
        return None
    if len(given) > 1:
        raise ValueError
    [(kind, value)] = given.items()
    if not isinstance(value, str):
        raise ValueError
    if kind == name:
        secret = value
    elif kind == f"{name}_env":
        secret = _of_environment(kind, value)
    else:
        secret = _of_file(kind, value)
    if len(secret.encode(errors="replace")) > MAX_SECRET_BYTES:
        raise ValueError
    return secret


def _of_environment(kind: str, variable: str) -> str:
    if variable not in os.environ:
        raise ValueError(f"'{kind}': there is no {variable} in the environment")
    return os.environ[variable].strip()


def _of_file(kind: str, path: str) -> str:
    """What is no file, such as a pipe, is not waited for."""
    try:
        with open(Path(path).expanduser(), "rb", opener=_without_waiting) as file:
            if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                raise OSError("not a file")
            return file.read(MAX_SECRET_BYTES + 1).decode().strip()
    except (OSError, ValueError, RuntimeError) as exc:
        raise ValueError(f"'{kind}': {path} can't be read") from exc


def _without_waiting(path: str, flags: int) -> int:
    return os.open(path, flags | os.O_NONBLOCK)
