"""The settings of one app: what is said about them, and where."""

from __future__ import annotations

import copy
import os
from collections.abc import Mapping, Sequence
from pathlib import Path

from .config import SETTINGS, Config, read_setting
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
from .page_settings import PageSettings
from .reason import Reason

_RECORD_PATH = next(setting for setting in SETTINGS if setting.name == "record_path")


class Settings:
    """Where the settings of one app stand. Any thread may use it.

    What counts, from the first on: options of a command; `app.config`, where `run` and `demo` put
    theirs; the environment; the file; what owners have changed on the page, beside the recordings;
    what the app says by `defaults`; the table's defaults. The first three are as they were when
    this was made, the file as it is when it is read.
    """

    def __init__(
        self,
        app_config: Mapping[str, object] = EMPTY,
        environment: Mapping[str, object] = EMPTY,
        defaults: Mapping[str, object] = EMPTY,
    ) -> None:
        """Raises ConfigError if what names the file is no path."""
        self._above: tuple[Source, ...] = (
            app_source(app_config, environment),
            environment_source(environment),
        )
        self._below = Source("the app's default", defaults)
        self._file_source: tuple[Source, ...] = ()
        self._page: PageSettings | None = None
        self.file = _file_of({FILE_KEY: os.environ.get(FILE_KEY), **environment, **app_config})

    def below(self, options: Mapping[str, object]) -> Settings:
        """Returns the same, below `options` of a command."""
        settings = copy.copy(self)
        settings._above = Source("command line", options, kind="command_line"), *self._above
        settings._page = None  # an option may name another folder
        return settings

    def sources(self, file: Source | None = None) -> tuple[Source, ...]:
        """Returns them, those that count more first; reads the file, unless its content is given.
        Raises ConfigError."""
        self._file_source = self._from_file() if file is None else (file,)
        return self.counting_sources()

    def counting_sources(self) -> tuple[Source, ...]:
        """Returns them as they were read last, but what stands on the page as it is now."""
        above = *self._above, *self._file_source
        return *above, self._page_of((*above, self._below)).read(), self._below

    @property
    def page(self) -> PageSettings:
        """What owners have changed; there from the first read on."""
        assert self._page is not None, "the settings are read first"
        return self._page

    @property
    def faults(self) -> tuple[Reason, ...]:
        """What is wrong with what owners have changed, as of the last look."""
        fault = None if self._page is None else self._page.fault
        return () if fault is None else (fault,)

    def handle_fork(self) -> None:
        """Forget, in a forked child, what a thread of the parent was just doing."""
        if self._page is not None:
            self._page = self._page.anew()

    def read(self, file: Source | None = None) -> Config:
        """`file`: as if this stood in it. Raises ConfigError."""
        return Config.from_sources(self.sources(file))

    def said(self) -> dict[str, object]:
        """Returns what environment and file say, by key. Raises ConfigError."""
        environment = self._above[-1]
        return {
            key: value
            for source in (*self._from_file(), environment)
            for key, value in source.values.items()
        }

    def _page_of(self, others: Sequence[Source]) -> PageSettings:
        """Returns that in the folder that counted at the first read: it does not change while
        anything runs. Raises ConfigError."""
        if self._page is None:
            self._page = PageSettings(read_setting(_RECORD_PATH, others))
        return self._page

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
