"""`pet-stream people | invite | token`: who may sign in, also where no page can be opened."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from .failures import json_option
from .options import DEFAULTS
from .this_machine import settings_option

if TYPE_CHECKING:
    from ..accounts.accounts import Accounts
    from ..accounts.book import Entry
    from ..settings import Settings

F = TypeVar("F", bound=Callable[..., Any])

BY = "the command line"
_ROLES = ("owner", "family", "guest", "monitor")
_RIGHTS = ("view", "replay", "record", "manage", "operate", "metrics")
_DAY_S = 86_400


def accounts_option(command: F) -> F:
    """Add `--accounts`, and `--config`, which may name that file."""
    option = click.option(
        "--accounts",
        "path",
        type=click.Path(path_type=Path),
        metavar="FILE",
        help=f"the account file ({DEFAULTS['accounts']})",
    )
    return option(settings_option(command))


days_option = click.option(
    "--days", type=click.FloatRange(0, 3650, min_open=True), metavar="N", help="for how long (ever)"
)


@click.command("invite", short_help="print a link by which somebody signs in")
@click.option("--role", type=click.Choice(_ROLES), default="owner", help="what for (owner)")
@click.option("--name", help="who is invited")
@days_option
@click.option(
    "--url",
    metavar="URL",
    help="where the page is (this machine's address, port 8080)",
)
@accounts_option
@json_option
def invite(
    role: str,
    name: str | None,
    days: float | None,
    url: str | None,
    path: Path | None,
    settings: Settings,
    is_json: bool,
) -> None:
    """Print a link, and its QR code, by which somebody signs in. It is good once, for ten minutes.

    It also helps whoever has lost everything, since only people of this machine can run it.
    """
    from .addresses import page_urls
    from .announcement import invitation_link, print_invitation

    here, elsewhere = page_urls("0.0.0.0", 8080)
    below = (elsewhere or here)[0].rstrip("/") + settings.read().url_prefix
    secret = _open(path, settings).invite(role, name=name, person_ends_at=_ends_at(days), by=BY)
    if is_json:
        click.echo(json.dumps({"url": invitation_link(url or below, secret)}))
    else:
        print_invitation(url or below, secret)


@click.command("people", short_help="list who may sign in; revoke")
@click.option("--revoke", "entry_ids", multiple=True, metavar="ID", help="delete this entry")
@click.option("--revoke-all", is_flag=True, help="sign everybody out, delete all tokens and links")
@accounts_option
@json_option
def people(
    entry_ids: tuple[str, ...],
    revoke_all: bool,
    path: Path | None,
    settings: Settings,
    is_json: bool,
) -> None:
    """List people with their devices, and tokens. What is revoked ends within ten seconds."""
    accounts = _open(path, settings)
    if revoke_all:
        accounts.revoke_all(by=BY)
    for entry_id in entry_ids:
        accounts.revoke_any(entry_id, by=BY)
    book = accounts.book()
    if is_json:
        kinds = {"people": book.people, "devices": book.devices, "tokens": book.tokens}
        click.echo(json.dumps({kind: [*map(_public, rows)] for kind, rows in kinds.items()}))
        return
    for person in book.people:
        click.echo(f"{person.id}  {person.name} ({person.role}){_until(person.ends_at)}")
        for device in book.devices:
            if device.person_id == person.id:
                click.echo(f"  {device.id}  {device.name}, seen {_day(device.seen_at)}")
    for token in book.tokens:
        rights = ", ".join(token.rights)
        click.echo(f"{token.id}  token {token.name} ({rights}){_until(token.ends_at)}")
    if not book.people:
        click.echo("Nobody can sign in yet: pet-stream invite")


@click.command("token", short_help="print a token for a program")
@click.argument("name")
@click.option(
    "--right", "rights", type=click.Choice(_RIGHTS), multiple=True, required=True, help="repeatable"
)
@days_option
@accounts_option
@json_option
def token(
    name: str,
    rights: tuple[str, ...],
    days: float | None,
    path: Path | None,
    settings: Settings,
    is_json: bool,
) -> None:
    """Print a token for the program NAME, which sends it as `Authorization: Bearer`. It is shown
    this once."""
    secret = _open(path, settings).add_token(name, rights, ends_at=_ends_at(days), by=BY)
    click.echo(json.dumps({"token": secret}) if is_json else secret)


def _public(entry: Entry) -> dict[str, object]:
    """Returns it without the hash of its secret."""
    return {name: value for name, value in entry.to_json().items() if not name.endswith("_hash")}


def _open(path: Path | None, settings: Settings) -> Accounts:
    from ..accounts.accounts import Accounts

    return Accounts(path.expanduser().absolute() if path else settings.read().accounts)


def _ends_at(days: float | None) -> int | None:
    return None if days is None else int(time.time() + days * _DAY_S)


def _until(ends_at: int | None) -> str:
    return "" if ends_at is None else f", until {_day(ends_at)}"


def _day(moment: int) -> str:
    return datetime.fromtimestamp(moment).date().isoformat()
