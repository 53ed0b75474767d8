"""The settings of one app: what is said about them, and where."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from .config import Config
from .config_source import (
    EMPTY,
    ENVIRONMENT_PREFIX,
    FILE_KEY,
    KEY_PREFIX,
    Source,
    app_source,
    environment_source,
)
from .config_values import file
from .errors import ConfigError


class Settings:
    """Where the settings of one app stand. Any thread may use it.

    What counts, from the first on: `app.config`, where commands put their options; the environment;
    the file; what the app says by `defaults`; the table's defaults. The first two are as they were
    when this was made, the file as it is when it is read.
    """

    def __init__(
        self,
        app_config: Mapping[str, object] = EMPTY,
        environment: Mapping[str, object] = EMPTY,
        defaults: Mapping[str, object] = EMPTY,
    ) -> None:
        """Raises ConfigError if what names the file is no path."""
        self._above = app_source(app_config, environment), environment_source(environment)
        self._below = Source("the app's default", defaults)
        self.file = _file_of({FILE_KEY: os.environ.get(FILE_KEY), **environment, **app_config})

    def sources(self, file: Source | None = None) -> tuple[Source, ...]:
        """Returns them, those that count more first; reads the file, unless its content is given.
        Raises ConfigError. What a page of settings keeps would stand behind the file."""
        from_file = self._from_file() if file is None else (file,)
        return *self._above, *from_file, self._below

    def read(self, file: Source | None = None) -> Config:
        """`file`: as if this stood in it. Raises ConfigError."""
        return Config.from_sources(self.sources(file))

    def said(self) -> dict[str, object]:
        """Returns what environment and file say, by key. Raises ConfigError."""
        _, environment = self._above
        return {
            key: value
            for source in (*self._from_file(), environment)
            for key, value in source.values.items()
        }

    def _from_file(self) -> tuple[Source, ...]:
        if self.file is None:
            return ()
        from .config_file import read_settings_file  # lazy: most apps have none

        return (read_settings_file(self.file),)


def read_environment() -> dict[str, object]:
    """Returns the settings in the environment, by their keys, read as Flask reads its own."""
    import flask  # lazy: help needs no settings

    environment = flask.Config("")
    environment.from_prefixed_env((ENVIRONMENT_PREFIX + KEY_PREFIX).removesuffix("_"))
    return {KEY_PREFIX + name: value for name, value in environment.items()}


def _file_of(values: Mapping[str, object]) -> Path | None:
    named = values[FILE_KEY]
    if named is None or named == "":
        return None
    try:
        return file(named)
    except ValueError as exc:
        raise ConfigError(FILE_KEY, named, str(exc)) from exc
