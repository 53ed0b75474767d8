"""Options that several commands share, and checks of their values."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import click

from ..config import SETTINGS
from ..media.segment_url import parse_segment_url
from .this_machine import config_file_option

DEFAULTS = {setting.name: setting.default for setting in SETTINGS}
"""The settings' defaults, by the names in `Config`."""
DEFAULT_HOST = "127.0.0.1"
DEFAULT_PORT = 8080
OTHER_SETTINGS = (
    "Other settings come from the environment, such as FLASK_PET_STREAM_KEEP_DAYS=7, or from the "
    "file: pet-stream config shows them."
)

F = TypeVar("F", bound=Callable[..., Any])


def port(text: str) -> int:
    try:
        number = int(text)
    except ValueError:
        number = -1
    if not 0 <= number <= 65535:
        raise click.BadParameter(f"{text} is not a port (0 to 65535; 0: any free one)")
    return number


def segment(text: str) -> str:
    try:
        parse_segment_url(text)
    except ValueError as exc:
        raise click.BadParameter(f"{text!r}: expected {exc}") from exc
    return text


def number_from(minimum: float, maximum: float) -> Callable[[str], float]:
    def number(text: str) -> float:
        try:
            value = float(text)
        except ValueError:
            value = float("nan")
        if not minimum <= value <= maximum:
            raise click.BadParameter(f"{text} is not between {minimum:g} and {maximum:g}")
        return value

    return number


def ice_server(text: str) -> dict[str, str]:
    fields = text.split(",", 2)
    if len(fields) == 2:
        raise click.BadParameter(f"{fields[0]} needs both a user and a password")
    return dict(zip(("urls", "username", "credential"), fields, strict=False))


def address_options(command: F) -> F:
    """Add `--host` and `--port`."""
    return _with(
        command,
        click.option(
            "--host",
            metavar="HOST",
            default=DEFAULT_HOST,
            help=f"address to listen on; 0.0.0.0: everybody on your network ({DEFAULT_HOST})",
        ),
        click.option(
            "--port", type=port, metavar="PORT", default=DEFAULT_PORT, help=f"({DEFAULT_PORT})"
        ),
    )


def host_options(command: F) -> F:
    """Add the options of the commands that serve. An option named like a setting is that setting;
    None: not given."""
    return _with(
        command,
        address_options,
        config_file_option,
        click.option(
            "--record-path",
            metavar="FOLDER",
            help=f"folder of the recordings ({DEFAULTS['record_path']})",
        ),
        click.option(
            "--auth",
            type=click.Choice(["builtin", "off"]),
            help="who may do what: people sign in, or everybody everything (builtin, unless only "
            "this machine can open the page)",
        ),
        click.option(
            "--max-clients",
            type=int,
            metavar="N",
            help=f"viewers at the same time ({DEFAULTS['max_clients']})",
        ),
        click.option(
            "--ice-server",
            "ice_servers",
            type=ice_server,
            multiple=True,
            callback=lambda _context, _option, servers: servers or None,
            metavar="URL[,USER,PASSWORD]",
            help="a STUN or TURN server for viewers from outside, such as "
            "stun:stun.example.org:3478 (repeatable; none)",
        ),
    )


def _with(command: F, *options: Callable[[F], F]) -> F:
    """Add `options`, given in the order in which help shows them."""
    for option in reversed(options):
        command = option(command)
    return command
