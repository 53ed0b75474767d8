"""Where settings stand: in the app's own code, in the environment, in a file."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

KEY_PREFIX = "PET_STREAM_"
ENVIRONMENT_PREFIX = "FLASK_"
"""In front of a key, in the environment."""
FILE_KEY = KEY_PREFIX + "CONFIG"
"""Names the file; alone of all keys, it stands in the environment without prefix, too."""
_SECRET = re.compile("cred|pass|secret|token", re.IGNORECASE)
_URL_PATH = re.compile(r"(?<=[^/:])[/?#].+", re.DOTALL)
EMPTY: Mapping[str, object] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Source:
    """Some settings, by key."""

    origin: str
    """The place, for people."""
    values: Mapping[str, object]
    spell: Callable[[str], str] = str
    """Returns what a person has written there for a key."""
    kind: str = "app_default"
    """The place, for programs: `app`, `environment`, `file`, `page` or `app_default`."""


def app_source(mapping: Mapping[str, object], environment: Mapping[str, object] = EMPTY) -> Source:
    """`app.config`, but for what the host has read from the environment."""
    values = {
        key: value
        for key, value in mapping.items()
        if isinstance(key, str)
        and key.startswith(KEY_PREFIX)
        and not (key in environment and environment[key] == value)
    }
    return Source("app.config", values, kind="app")


def environment_source(environment: Mapping[str, object]) -> Source:
    return Source("environment", environment, lambda key: ENVIRONMENT_PREFIX + key, "environment")


def file_source(path: Path, values: Mapping[str, object]) -> Source:
    return Source(str(path), values, lambda key: f"{path}: {name_of(key)}", "file")


def name_of(key: str) -> str:
    """Returns a setting's name, as it stands in a file."""
    return key.removeprefix(KEY_PREFIX).lower()


def without_credentials(value: object) -> Any:
    """Returns `value` without credentials, as it may be shown: also of a text that was meant to be
    JSON, and of a URL's path and query."""
    if isinstance(value, Mapping):
        return {key: _shown(str(key), item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [without_credentials(item) for item in value]
    if isinstance(value, str) and value.lstrip()[:1] in ("[", "{") and _SECRET.search(value):
        return "…"
    return value


def _shown(key: str, value: object) -> Any:
    if value is not None and _SECRET.search(key):
        return "…"
    if key == "url" and isinstance(value, str):
        return _URL_PATH.sub("/…", value)
    return without_credentials(value)


def shown(key: str, value: object) -> Any:
    """Returns the value of a setting as it may be shown."""
    return without_credentials({key: value})[key]
