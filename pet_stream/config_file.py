"""Reads settings from a TOML file: their names in lower case, such as `max_clients = 4`."""

from __future__ import annotations

import errno
import os
import stat
import sys
from pathlib import Path

from .config import SETTINGS, nearest_setting
from .config_source import Source, file_source, shown
from .errors import ConfigError, ConfigFileUnusable

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

MAX_FILE_BYTES = 65_536


def read_settings_file(path: Path) -> Source:
    """Raises ConfigFileUnusable, and ConfigError for a name that is no setting's."""
    try:
        return parse_settings(_read(path), path)
    except OSError as exc:
        raise ConfigFileUnusable(path, f"can't be read: {exc.strerror}") from exc


def parse_settings(data: bytes, path: Path) -> Source:
    """Returns what the file `path` says if it holds `data`. Raises the same."""
    if len(data) > MAX_FILE_BYTES:
        raise ConfigFileUnusable(path, f"has more than {MAX_FILE_BYTES} bytes")
    try:
        table = tomllib.loads(data.decode("utf-8-sig"))
    except (ValueError, RecursionError) as exc:
        raise ConfigFileUnusable(path, f"is not TOML: {exc}") from exc
    keys = {setting.name: setting.key for setting in SETTINGS}
    for name, value in table.items():
        if name not in keys:
            nearest = nearest_setting(name.lower().removeprefix("pet_stream_"), list(keys))
            expected = f"the name of a setting; the nearest is {nearest}"
            raise ConfigError(f"{path}: {name}", shown(name, value), expected)
    return file_source(path, {keys[name]: value for name, value in table.items()})


def _read(path: Path) -> bytes:
    """Returns no more than a byte too much. Raises OSError."""
    # Not blocking, because what lies there may be a FIFO.
    with open(os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC), "rb") as file:
        if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
            raise OSError(errno.EINVAL, "it is no file")
        return file.read(MAX_FILE_BYTES + 1)
