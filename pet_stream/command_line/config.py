"""`pet-stream config`: every setting, and where it comes from."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from .failures import json_option, printable
from .this_machine import settings_option

if TYPE_CHECKING:
    from ..settings import Settings


@click.command(
    "config",
    short_help="show the settings, and where each comes from",
    help="Show every setting: its value, where it comes from, and what it may be. What is printed "
    "is TOML for --config, with the defaults as comments; secrets are left out.",
)
@settings_option
@json_option
def command(settings: Settings, is_json: bool) -> None:
    rows = list(_rows(settings))
    click.echo(json.dumps({"settings": rows}, indent=2) if is_json else _as_toml(rows))


def _rows(settings: Settings) -> Iterator[dict[str, Any]]:
    """Raises ConfigError."""
    from ..config import SETTINGS, Config, source_of
    from ..config_source import shown

    sources = settings.sources()
    config = Config.from_sources(sources)
    for setting in SETTINGS:
        source = source_of(setting.key, sources)
        value = getattr(config, setting.name)
        if not isinstance(value, Path):
            value = setting.default if source is None else source.values[setting.key]
        yield {
            "name": setting.name,
            "key": setting.key,
            "value": _plain(shown(setting.name, value)),
            "origin": "default" if source is None else source.origin,
            "written": None if source is None else source.spell(setting.key),
            "default": setting.default,
            "expected": setting.expected,
            "live": setting.is_live,
            "meaning": setting.meaning,
        }


def _plain(value: object) -> object:
    """Returns `value` as JSON can hold it: an app may set anything that its parser takes."""
    if value is None or isinstance(value, bool | int | float | str):
        return value
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, Sequence | set | frozenset):
        return [_plain(item) for item in value]
    return str(value)


def _as_toml(rows: Sequence[Mapping[str, Any]]) -> str:
    lines = []
    for row in rows:
        words = [row["expected"], "live"] if row["live"] else [row["expected"]]
        line = f"{row['name']} = {toml_value(row['value'])}"
        if row["origin"] == "default":
            line = f"# {line}"
        else:
            words = [printable(row["origin"]), f"default {toml_value(row['default'])}", *words]
        lines.append(f"{line:50}  # {'; '.join(words)}")
    return "\n".join(lines)


def toml_value(value: object) -> str:
    """Returns a plain value as TOML writes it. There is no null: the settings take "None"."""
    if isinstance(value, Mapping):
        return f"{{{', '.join(f'{key} = {toml_value(item)}' for key, item in value.items())}}}"
    if isinstance(value, list):
        return f"[{', '.join(map(toml_value, value))}]"
    return json.dumps("None" if value is None else value, ensure_ascii=False)
