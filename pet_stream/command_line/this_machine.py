"""The settings that count for commands that work on this machine's own files."""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from .failures import Failure

if TYPE_CHECKING:
    from flask import Flask

    from ..config import Config
    from ..config_source import Source
    from ..settings import Settings

F = TypeVar("F", bound=Callable[..., Any])

config_file_option = click.option(
    "--config",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="read settings from this TOML file, too (PET_STREAM_CONFIG)",
)
record_path_option = click.option(
    "--record-path", metavar="FOLDER", help="folder of the recordings (the setting)"
)


def settings_option(command: F) -> F:
    """Add `--config`; the command gets the `settings`."""

    @config_file_option
    @functools.wraps(command)
    def with_settings(config: Path | None, **others: Any) -> Any:
        return command(settings=settings_here(config), **others)

    return with_settings  # type: ignore[return-value]


def folder_option(command: F) -> F:
    """Add `--record-path` and `--config`; the command gets the `config`, with that folder."""

    @settings_option
    @record_path_option
    @functools.wraps(command)
    def with_config(settings: Settings, record_path: str | None, **others: Any) -> Any:
        return command(config=config_of(settings, record_path), **others)

    return with_config  # type: ignore[return-value]


def config_of(settings: Settings, record_path: str | None, file: Source | None = None) -> Config:
    """Returns what `settings` say, with that folder if one is given. `file`: as if this stood in
    the file. Raises ConfigError."""
    if record_path is not None:
        settings = settings.below({"PET_STREAM_RECORD_PATH": record_path})
    return settings.read(file)


def settings_here(file: Path | None = None) -> Settings:
    """Returns the settings of the host's app, in `flask pet-stream`; else those that
    `pet-stream run` has. Raises ConfigError, Failure."""
    context = click.get_current_context(silent=True)
    app = None if context is None else host_app(context)
    if app is None:
        from ..settings import Settings, read_environment
        from .defaults import RUN_DEFAULTS

        named = {} if file is None else {"PET_STREAM_CONFIG": file}
        return Settings(named, read_environment(), RUN_DEFAULTS)
    if file is not None:
        raise click.UsageError("The app has its settings already: leave --config out")
    if "pet_stream" not in app.extensions:
        raise Failure("pet_stream is not mounted in this app", "not_mounted")
    settings: Settings = app.extensions["pet_stream"].settings
    return settings


def host_app(context: click.Context) -> Flask | None:
    """Returns the app of `flask pet-stream`. Raises what Flask does if that can't be loaded."""
    info = _script_info(context)
    return None if info is None else info.load_app()


def is_in_host(context: click.Context) -> bool:
    """Whether this is `flask pet-stream`."""
    return _script_info(context) is not None


def _script_info(context: click.Context) -> Any:
    flask_cli = sys.modules.get("flask.cli")  # where it is not loaded, it is not what runs us
    return None if flask_cli is None else context.find_object(flask_cli.ScriptInfo)
