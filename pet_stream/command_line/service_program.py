"""What a service of ours starts: `run` or `demo`, by their own options."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import click

from ..config_file import read_settings_file
from ..service.obstacles import inside
from ..service.program import Program
from . import demo, run
from .options import DEFAULTS


def own_program(
    program: Path, arguments: tuple[str, ...], name: str | None, root: Path, *, is_demo: bool
) -> Program:
    """Returns what starts `run` or `demo` with these arguments. Raises UsageError."""
    chosen = demo.command if is_demo else run.command
    options = chosen.make_context(chosen.name, list(arguments)).params
    files = [value for value in options.values() if isinstance(value, Path)]
    settings = _settings_in(options["config"], root)
    folders = _folders_of(settings, options["record_path"])
    for path in (*files, *folders):
        if not path.is_absolute():
            raise click.UsageError(
                f"A service has a folder of its own: give the whole path of {path}"
            )
    kind = ["demo", "--no-open"] if is_demo else ["run"]
    return Program(
        name or f"pet-stream{'-demo' if is_demo else ''}",
        "pet_stream, a camera in the browser" + (" (demo)" if is_demo else ""),
        (str(program.absolute()), *kind, *arguments),
        port=options["port"],
        folders=folders,
        reads=tuple(files),
        segment=None if is_demo else options["shm"] or settings.get("shm") or str(DEFAULTS["shm"]),
    )


def _settings_in(file: Path | None, root: Path) -> dict[str, str]:
    """Returns the texts in the settings' file of the service, by name; none if it is not there.

    Raises ConfigFileUnusable, ConfigError.
    """
    if file is None or not file.is_absolute() or not inside(root, file).exists():
        return {}
    values = read_settings_file(inside(root, file)).values
    texts = {key: value for key, value in values.items() if isinstance(value, str)}
    return {key.removeprefix("PET_STREAM_").lower(): value for key, value in texts.items()}


def _folders_of(settings: Mapping[str, str], record_path: str | None) -> tuple[Path, ...]:
    """Returns where it writes: `record_path`, and what the settings name outside its own folder."""
    named = [Path(settings.get(name, "")).parent for name in ("accounts", "pause_file")]
    if record_path is None:
        named.insert(0, Path(settings.get("record_path", "")))
    folders = [Path(record_path)] if record_path else []
    folders += [folder for folder in named if folder.is_absolute()]
    return tuple(dict.fromkeys(folders))
