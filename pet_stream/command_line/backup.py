"""`pet-stream backup | restore | factory-reset`: people, settings and stars of this machine."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from ..errors import ConfigError
from .failures import Failure, json_option, printable
from .folder_lock import owning
from .output import STDOUT, new_file
from .this_machine import config_of, record_path_option, settings_option
from .tls import SELF_SIGNED_NAME

if TYPE_CHECKING:
    from ..backup.machine import Machine
    from ..config import Config
    from ..config_source import Source
    from ..settings import Settings

F = TypeVar("F", bound=Callable[..., Any])

RESET_WORD = "reset"

yes_option = click.option("--yes", is_flag=True, help="don't ask")


@click.command("backup", short_help="save people, settings and stars to a file")
@click.argument("destination", metavar="FILE.tar.gz", type=click.Path(allow_dash=True))
@record_path_option
@settings_option
@json_option
def backup(destination: str, record_path: str | None, settings: Settings, is_json: bool) -> None:
    """Save people, settings and stars of this machine to the new file FILE.tar.gz, mode 600; -:
    print it. Whoever has the file can sign in as anybody. Recordings are not in it."""
    from ..backup.content import Backup

    found = _machine(settings, config_of(settings, record_path)).collect()
    data = found.to_bytes(int(time.time()))
    Backup.from_bytes(data)  # what can't be restored is no backup
    with new_file(destination, 0o600) as file:
        file.write(data)
    people = len(found.book.people) if found.book else 0
    told = {"people": people, "settings": found.settings is not None, "stars": len(found.stars)}
    told["page_settings"] = found.page_settings is not None
    if is_json and destination != STDOUT:
        click.echo(json.dumps({"file": destination, **told}))
    elif destination != STDOUT:
        settings_too = "the settings' file" if found.settings is not None else "no settings' file"
        click.echo(f"{people} people, {settings_too}, {len(found.stars)} stars: {destination}")


@click.command("restore", short_help="put a backup in place of what is here")
@click.argument("source", metavar="FILE.tar.gz", type=click.Path(path_type=Path))
@click.option("--without-settings", is_flag=True, help="leave the settings as they are")
@yes_option
@record_path_option
@settings_option
@json_option
def restore(
    source: Path,
    without_settings: bool,
    yes: bool,
    record_path: str | None,
    settings: Settings,
    is_json: bool,
) -> None:
    """Put people and settings of a backup in place of those of this machine, and add its stars; all
    of it, or nothing. Where they belong, the backup's settings say. The server must not run."""
    from ..backup.content import Backup
    from ..backup.machine import Machine

    _check_can_ask(yes, is_json)
    found = Backup.from_bytes(_read(source))
    if without_settings:
        found = replace(found, settings=None, page_settings=None)
    config = config_of(settings, record_path, _as_file(found.settings, settings.file))
    machine = Machine(config, settings.file, _accounts_of(settings))
    machine.check(found)
    with owning(config.record_path, is_made=True):
        if not yes:
            replaced = [str(config.accounts)] if found.book else []
            replaced += [str(settings.file)] if found.settings is not None else []
            replaced += ["what owners have set on the page"] if found.page_settings else []
            what = " and ".join(map(printable, replaced)) or "nothing"
            click.confirm(f"This replaces {what}. Go on?", abort=True, err=True)
        restored = machine.replace(found)
    if is_json:
        click.echo(json.dumps(asdict(restored)))
        return
    click.echo(f"Restored: {restored.people} people, {restored.tokens} tokens, ", nl=False)
    click.echo(f"{'the settings, ' if restored.has_settings else ''}", nl=False)
    click.echo(f"{'those of the page, ' if restored.has_page_settings else ''}", nl=False)
    click.echo(f"{restored.stars} stars.")
    if restored.missing:
        click.echo(f"{restored.missing} stars are of recordings that are not here.", err=True)


@click.command("factory-reset", short_help="forget people and settings, and recordings if asked")
@click.option("--recordings", is_flag=True, help="delete all recordings, too, with their stars")
@yes_option
@record_path_option
@settings_option
@json_option
def factory_reset(
    recordings: bool, yes: bool, record_path: str | None, settings: Settings, is_json: bool
) -> None:
    """Forget everybody who could sign in, the settings' file and those of the page, the pause and
    the certificate of our own. Recordings stay, and their stars, unless --recordings. The server
    must not run."""
    _check_can_ask(yes, is_json)
    config = config_of(settings, record_path)
    with owning(config.record_path, is_made=True):
        if not yes:
            what = "people, settings and ALL RECORDINGS" if recordings else "people and settings"
            question = f"This deletes {what} for good. Type {RESET_WORD} to go on"
            if click.prompt(question, default="", show_default=False, err=True) != RESET_WORD:
                raise Failure("Nothing was deleted", "not_confirmed")
        certificate = config.accounts.with_name(SELF_SIGNED_NAME)
        gone = _machine(settings, config).reset([certificate], with_recordings=recordings)
    if is_json:
        click.echo(json.dumps({"deleted": gone}))
    else:
        click.echo("\n".join([*(f"deleted: {printable(path)}" for path in gone), "As new."]))


def _as_file(data: bytes | None, path: Path | None) -> Source | None:
    """Returns the settings that count when `data` stands in the file."""
    from ..config_file import parse_settings

    return None if data is None or path is None else parse_settings(data, path)


def _accounts_of(settings: Settings) -> Path | None:
    """Returns where the account file is now; None where the settings can't be read."""
    try:
        return settings.read().accounts
    except ConfigError:
        return None


def _machine(settings: Settings, config: Config) -> Machine:
    from ..backup.machine import Machine

    return Machine(config, settings.file)


def _check_can_ask(yes: bool, is_json: bool) -> None:
    if is_json and not yes:
        raise click.UsageError("--json needs --yes: nobody is asked")


def _read(path: Path) -> bytes:
    """Returns no more than a byte too much. Does not wait for a pipe."""
    from ..backup.content import MAX_FILE_BYTES

    try:
        with open(os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC), "rb") as file:
            return file.read(MAX_FILE_BYTES + 1)
    except OSError as exc:
        raise Failure(f"{path} can't be read: {exc.strerror}", "not_found") from exc
