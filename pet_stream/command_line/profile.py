"""`pet-stream profile`: where a server that runs spends its time."""

from __future__ import annotations

import functools
import json
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

import click

from .browser import is_at_desktop
from .failures import Unreachable, json_option
from .options import number_from
from .output import STDOUT, new_file
from .server_options import server_options

if TYPE_CHECKING:
    from .http_client import Client

F = TypeVar("F", bound=Callable[..., Any])

MAX_PROFILE_BYTES = 50_000_000
PATIENCE_S = 15.0
"""For an answer, beyond the seconds of the profile."""


def address_argument(command: F) -> F:
    """Add the argument URL, which says the same as `--url`."""

    @functools.wraps(command)
    def with_url(address: str | None, url: str, **others: Any) -> Any:
        return command(url=address or url, **others)

    argument = click.argument("address", metavar="[URL]", required=False)
    return argument(with_url)  # type: ignore[return-value]


@click.command(
    "profile",
    short_help="show where a server that runs spends its time",
    help="Save a profile of all threads of the server at URL, and show it in the browser, where "
    "there is one. The token in PET_STREAM_TOKEN needs the right to operate; without accounts only "
    "this machine has it, as the server's user or root.",
)
@address_argument
@click.option(
    "--seconds",
    type=number_from(0.1, 60),
    metavar="S",
    default=10.0,
    help="how long to look (10)",
)
@click.option(
    "--output",
    metavar="FILE",
    help="where to save it; -: print it (pet-stream-DATE-TIME.speedscope.json)",
)
@click.option("--open/--no-open", "shows", default=None, help="show it, or not, in the browser")
@server_options
@json_option
def command(
    client: Client, seconds: float, output: str | None, shows: bool | None, is_json: bool
) -> None:
    destination = output or time.strftime("pet-stream-%Y%m%d-%H%M%S.speedscope.json")
    with new_file(destination) as file:
        click.echo(f"Looking for {seconds:g} s …", err=True)
        body = client.get(
            f"/api/debug/profile?seconds={seconds:g}",
            timeout_s=seconds + PATIENCE_S,
            max_bytes=MAX_PROFILE_BYTES,
        ).body
        if b"speedscope.app" not in body[:1000]:
            raise Unreachable(f"{client.url} is no server of pet_stream: no profile came")
        file.write(body)
    if destination == STDOUT:
        return
    if is_json:
        click.echo(json.dumps({"file": destination, "bytes": len(body)}))
    else:
        click.echo(destination)
    if shows if shows is not None else is_at_desktop():
        from .speedscope import show  # lazy: an HTTP server

        show(destination)
