"""`pet-stream snapshot`: the current picture, as JPEG, of a server that runs."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import click

from .failures import Unreachable, json_option
from .output import STDOUT, destination_argument, new_file
from .server_options import server_options

if TYPE_CHECKING:
    from .http_client import Client

MAX_JPEG_BYTES = 20_000_000


@click.command(
    "snapshot",
    short_help="save the current picture of a server that runs",
    help="Save the current picture of a server that runs as the JPEG file DEST; -: print it. A "
    "file that is there already is left as it is.",
)
@destination_argument
@server_options
@json_option
def command(destination: str, client: Client, is_json: bool) -> None:
    with new_file(destination) as file:
        answer = client.get("/api/snapshot.jpg", max_bytes=MAX_JPEG_BYTES)
        if not answer.body.startswith(b"\xff\xd8"):
            raise Unreachable(f"{client.url} is no server of pet_stream: no JPEG came")
        file.write(answer.body)
    if is_json and destination != STDOUT:
        click.echo(json.dumps({"file": destination, "bytes": len(answer.body)}))
