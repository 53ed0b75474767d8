"""The options by which a command finds a server, and what asks it."""

from __future__ import annotations

import functools
import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from .options import DEFAULT_HOST, DEFAULT_PORT, number_from

if TYPE_CHECKING:
    from .http_client import Client

F = TypeVar("F", bound=Callable[..., Any])

DEFAULT_URL = f"http://{DEFAULT_HOST}:{DEFAULT_PORT}"
TOKEN_VARIABLE = "PET_STREAM_TOKEN"
"""Not an option: other users of this machine see what a command line says."""


def server_options(command: F) -> F:
    """Add `--url`, `--ca`, `--fingerprint` and `--timeout`; the command gets a `client` of them."""

    @functools.wraps(command)
    def with_client(
        url: str, ca: Path | None, fingerprint: str | None, timeout: float, **others: Any
    ) -> Any:
        return command(client=client_of(url, ca, fingerprint, timeout), **others)

    for option in (
        click.option(
            "--timeout",
            type=number_from(0.1, 600),
            metavar="S",
            default=10.0,
            help="how long an answer may take (10)",
        ),
        click.option(
            "--fingerprint",
            metavar="SHA256",
            help="trust this certificate only: what `run --tls-self-signed` shows",
        ),
        click.option(
            "--ca",
            type=click.Path(path_type=Path),
            metavar="FILE",
            help="trust what the certificates in this file sign, and these",
        ),
        click.option(
            "--url",
            envvar="PET_STREAM_URL",
            metavar="URL",
            default=DEFAULT_URL,
            help=f"the server ({DEFAULT_URL}); its token is in {TOKEN_VARIABLE}",
        ),
    ):
        with_client = option(with_client)
    return with_client  # type: ignore[return-value]


def client_of(url: str, ca_file: Path | None, fingerprint: str | None, timeout_s: float) -> Client:
    """Returns what asks the server at `url`. Raises UsageError."""
    from .http_client import Client
    from .trust import Trust, parse_fingerprint

    try:
        pinned = None if fingerprint is None else parse_fingerprint(fingerprint)
        token = os.environ.get(TOKEN_VARIABLE) or None
        return Client(url, token, trust=Trust(ca_file, pinned), timeout_s=timeout_s)
    except ValueError as exc:
        raise click.UsageError(str(exc)) from exc
