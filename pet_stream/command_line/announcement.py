"""Tells a person where the page is when a host app has started."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Mapping
from pathlib import Path

import click

from ..qr_code import qr_text
from ..web_server import WebServer
from .addresses import is_loopback, page_urls
from .proxy import Proxy


def announce(
    server: WebServer,
    config: Mapping[str, object],
    invitation: str | None,
    proxy: Proxy | None = None,
) -> None:
    """Print where the page is, for this machine and for phones, and where recordings go. With
    `invitation`, the page's link signs its owner in."""
    here, elsewhere = page_urls(server.host, server.port, server.scheme)
    lines = [f"  On this machine:  {url}" for url in here]
    lines += [f"  On your network:  {url}" for url in elsewhere]
    if proxy is not None:
        lines.append(f"  By the proxy:     {proxy.url}")
        elsewhere = [proxy.url]
    elif is_loopback(server.host):
        command = shlex.join([*sys.argv, "--host", "0.0.0.0"])
        lines.append("  Only this machine can open it. For phones and others on your network:")
        lines.append(f"    {command}")
    lines.append(f"  Recordings:       {Path(str(config['PET_STREAM_RECORD_PATH'])).absolute()}")
    if elsewhere and config["PET_STREAM_AUTH"] == "off":
        lines.append("  Warning: everybody who can open it may watch, record and delete.")
    if free_mb := config["PET_STREAM_KEEP_FREE_MB"]:
        lines.append(f"  The oldest are deleted while less than {free_mb} MB are free on the disk.")
    click.echo("\n" + "\n".join(lines))
    page_url = [*elsewhere, *here][0]
    if invitation is not None:
        print_invitation(page_url.rstrip("/") + str(config["PET_STREAM_URL_PREFIX"]), invitation)
    elif elsewhere:
        _print_qr_code(page_url)
    if server.certificate is not None and server.certificate.is_self_signed:
        _print_fingerprint(server.certificate.fingerprint)
    click.echo("\nCtrl-C stops it.")


def invitation_link(base_url: str, secret: str) -> str:
    """Returns the link by which somebody signs in once. The secret stands behind `#`, which
    browsers send to nobody. `base_url`: what our routes are below."""
    return f"{base_url.rstrip('/')}/pet-stream/#invitation={secret}"


def print_invitation(base_url: str, secret: str) -> None:
    """Print that link, and its QR code."""
    link = invitation_link(base_url, secret)
    click.echo("\nThis link signs you in, once, within ten minutes:\n")
    click.echo(f"  {link}")
    _print_qr_code(link)


def _print_fingerprint(fingerprint: str) -> None:
    half = len(fingerprint) // 2 + 1  # at a colon
    click.echo(
        "\nNo authority has signed the certificate, so browsers warn. Go on if they show this"
    )
    click.echo(f"SHA-256 fingerprint of it:\n\n  {fingerprint[:half]}\n  {fingerprint[half:]}")


def _print_qr_code(url: str) -> None:
    code = qr_text(url)
    if _can_print(code):
        click.echo(f"\n{code}", nl=False)


def _can_print(text: str) -> bool:
    try:
        text.encode(sys.stdout.encoding or "ascii")
    except UnicodeEncodeError:
        return False
    return True
