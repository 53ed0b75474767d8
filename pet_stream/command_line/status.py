"""`pet-stream status`: how a server that runs is."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

import click

from .failures import ExitCode, Unreachable, json_option, printable
from .server_options import server_options

if TYPE_CHECKING:
    from .http_client import Client


@click.command(
    "status",
    short_help="say how a server that runs is",
    help="Say how a server that runs is. The exit code is 0 if it is well, 1 if it is not, and 3 "
    "if none answers.",
)
@server_options
@json_option
@click.pass_context
def command(context: click.Context, client: Client, is_json: bool) -> None:
    health = client.get_json("/health")
    if not isinstance(health.get("status"), str):
        raise Unreachable(f"{client.url} is no server of pet_stream: /health has no status")
    click.echo(
        json.dumps(health, indent=2) if is_json else "\n".join(map(printable, _lines(health)))
    )
    context.exit(ExitCode.WELL if health["status"] == "ok" else ExitCode.TROUBLE)


def _lines(health: Mapping[str, Any]) -> Iterator[str]:
    yield f"status      {health['status']}"
    if "webrtc_clients" not in health:
        yield "            more is told to whoever may view: set PET_STREAM_TOKEN"
        return
    camera = health.get("camera")
    if isinstance(camera, dict):
        yield f"camera      {_camera(camera)}"
    yield f"viewers     {health['webrtc_clients']} of {health.get('max_clients')}"
    yield f"recording   {'yes' if health.get('recording') else 'no'}"
    yield f"running for {health.get('uptime_s')} s, version {health.get('version')}"
    for kind in ("reasons", "notices"):
        texts = health.get(kind)
        yield from (f"→ {text}" for text in (texts if isinstance(texts, list) else ()))


def _camera(camera: Mapping[str, Any]) -> str:
    words = [str(camera.get("state"))]
    if camera.get("width"):
        words.append(f"{camera['width']}×{camera.get('height')}")
    if camera.get("fps"):
        words.append(f"{camera['fps']} fps")
    return ", ".join([*words, str(camera.get("segment"))])
