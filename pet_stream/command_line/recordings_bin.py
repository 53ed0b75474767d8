"""`pet-stream recordings delete | bin | restore`: beside a server that runs, or without one."""

from __future__ import annotations

import json
from datetime import datetime
from typing import TYPE_CHECKING

import click

from .failures import Failure, json_option, printable
from .this_machine import folder_option

if TYPE_CHECKING:
    from ..config import Config
    from ..library.library import Library


@click.command("delete", short_help="move a recording into the bin, or delete it for good")
@click.argument("name")
@click.option("--starred", is_flag=True, help="even if it has a star")
@click.option("--for-good", is_flag=True, help="not into the bin: it can't be restored")
@folder_option
@json_option
def delete(name: str, starred: bool, for_good: bool, config: Config, is_json: bool) -> None:
    """Delete the recording NAME, or one of its files. For PET_STREAM_BIN_HOURS it can be restored,
    and nothing else gets its name."""
    library = _library(config)
    if not starred and library.find(name).is_starred:
        raise Failure("It has a star: --starred, if it is meant", "starred")
    entry = library.delete(name, for_good=for_good)
    until = None if entry is None else entry.deleted_at + library.bin.keep_s
    if is_json:
        click.echo(json.dumps({"deleted": name, "restorable_until": until}))
    elif until is None:
        click.echo(f"{name} is gone.")
    else:
        click.echo(f"{name} can be restored until {_when(until)}.")


@click.command("restore", short_help="undo the deletion of a recording")
@click.argument("name")
@folder_option
@json_option
def restore(name: str, config: Config, is_json: bool) -> None:
    """Bring the recording NAME back from the bin, with its star."""
    _library(config).bin.restore(name)
    click.echo(json.dumps({"restored": name}) if is_json else f"{name} is back.")


@click.command("bin", short_help="what can be restored, or be gone for good")
@click.option("--empty", is_flag=True, help="delete all of it for good")
@folder_option
@json_option
def bin_(empty: bool, config: Config, is_json: bool) -> None:
    """List deleted recordings that can be restored, last deleted first."""
    library = _library(config)
    entries = library.bin.entries()
    if empty:
        library.bin.empty()
    if is_json:
        rows = [
            {
                "name": entry.name,
                "size_bytes": entry.size_bytes,
                "started_at": entry.started_at,
                "starred": entry.is_starred,
                "deleted_at": entry.deleted_at,
                "restorable_until": entry.deleted_at + library.bin.keep_s,
            }
            for entry in entries
        ]
        click.echo(json.dumps({"emptied": empty, "recordings": rows}, indent=2))
        return
    for entry in entries:
        fate = "gone" if empty else f"until {_when(entry.deleted_at + library.bin.keep_s)}"
        click.echo(f"{printable(entry.name)}  {entry.size_bytes / 1e6:.1f} MB  {fate}")
    if not entries:
        click.echo("The bin is empty.")


def _library(config: Config) -> Library:
    from ..library.library import Library

    return Library(config.record_path, bin_s=3600 * config.bin_hours)


def _when(at_s: float) -> str:
    return datetime.fromtimestamp(at_s).isoformat(" ", "seconds")
