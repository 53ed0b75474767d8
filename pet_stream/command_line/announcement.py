"""Tells a person where the page is when a host app has started."""

from __future__ import annotations

import io
import shlex
import sys
from collections.abc import Mapping
from pathlib import Path

import click
import segno

from ..web_server import WebServer
from .addresses import is_loopback, page_urls


def announce(server: WebServer, config: Mapping[str, object]) -> None:
    """Print where the page is, for this machine and for phones, and where recordings go."""
    here, elsewhere = page_urls(server.host, server.port)
    lines = [f"  On this machine:  {url}" for url in here]
    lines += [f"  On your network:  {url}" for url in elsewhere]
    if is_loopback(server.host):
        command = shlex.join([*sys.argv, "--host", "0.0.0.0"])
        lines.append("  Only this machine can open it. For phones and others on your network:")
        lines.append(f"    {command}")
    lines.append(f"  Recordings:       {Path(str(config['PET_STREAM_RECORD_PATH'])).absolute()}")
    if free_mb := config["PET_STREAM_KEEP_FREE_MB"]:
        lines.append(f"  The oldest are deleted while less than {free_mb} MB are free on the disk.")
    click.echo("\n" + "\n".join(lines))
    if elsewhere:
        code = qr_code(elsewhere[0])
        if _can_print(code):
            click.echo(f"\n{code}", nl=False)
    click.echo("\nCtrl-C stops it.")


def qr_code(url: str) -> str:
    """Returns `url` as a QR code of block characters, for a terminal."""
    output = io.StringIO()
    segno.make(url, micro=False).terminal(output, border=2, compact=True)
    return output.getvalue()


def _can_print(text: str) -> bool:
    try:
        text.encode(sys.stdout.encoding or "ascii")
    except UnicodeEncodeError:
        return False
    return True
