"""The options by which `run` and `demo` speak TLS, and the certificate that they name."""

from __future__ import annotations

import re
import socket
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from .addresses import lan_addresses, page_hosts
from .this_machine import settings_here

if TYPE_CHECKING:
    from ..web_server.certificate import Certificate

SELF_SIGNED_NAME = "pet_stream_tls.pem"
_FILE = click.Path(path_type=Path)
_NAME = re.compile(r"[a-z0-9_-]{1,63}(\.[a-z0-9_-]{1,63})*", re.IGNORECASE | re.ASCII)

F = TypeVar("F", bound=Callable[..., Any])


def tls_options(command: F) -> F:
    """Add `--tls-cert`, `--tls-key` and `--tls-self-signed`, whose values certificate_of takes."""
    for option in (
        click.option(
            "--tls-self-signed",
            "is_self_signed",
            is_flag=True,
            help=f"speak HTTPS by a certificate of our own, made once ({SELF_SIGNED_NAME}, beside "
            "the account file)",
        ),
        click.option("--tls-key", type=_FILE, metavar="FILE", help="its key (in the same file)"),
        click.option(
            "--tls-cert",
            type=_FILE,
            metavar="FILE",
            help="speak HTTPS by this certificate (PEM), read anew when it is renewed",
        ),
    ):
        command = option(command)
    return command


def certificate_of(
    host: str,
    tls_cert: Path | None,
    tls_key: Path | None,
    is_self_signed: bool,
    config: Path | None = None,
) -> Certificate | None:
    """Returns the certificate that the options name; None: plain HTTP. One of our own lies beside
    the account file, which the settings name.

    Raises CertificateUnusable, ConfigError, UsageError.
    """
    if tls_key is not None and tls_cert is None:
        raise click.UsageError("--tls-key needs --tls-cert")
    if tls_cert is not None and is_self_signed:
        raise click.UsageError("Either --tls-cert or --tls-self-signed")
    if tls_cert is None and not is_self_signed:
        return None
    from ..web_server.certificate import Certificate
    from ..web_server.self_signed import SelfSigned

    if tls_cert is not None:
        return Certificate(tls_cert, tls_key)
    path = settings_here(config).read().accounts.with_name(SELF_SIGNED_NAME)
    return Certificate(path, renew=SelfSigned(path, names_of(host)).renew)


def names_of(host: str) -> list[str]:
    """Returns the names and addresses under which browsers find us on `host`; that in the page's
    URL first."""
    here, elsewhere = page_hosts(host)
    machine = socket.gethostname().partition(".")[0]
    addresses = [*lan_addresses(socket.AF_INET), *lan_addresses(socket.AF_INET6)]
    names = [
        *elsewhere,
        *here,
        machine,
        f"{machine}.local",
        "localhost",
        "127.0.0.1",
        "::1",
        *addresses,
    ]
    return [name for name in dict.fromkeys(names) if ":" in name or _NAME.fullmatch(name)]
