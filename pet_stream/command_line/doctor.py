"""`pet-stream doctor`: checks everything, and says what to do about what is wrong."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import TYPE_CHECKING

import click

from .failures import ExitCode, json_option
from .log_options import log_options
from .options import DEFAULTS, address_options, number_from, segment
from .this_machine import settings_option

if TYPE_CHECKING:
    from ..settings import Settings

DEFAULT_SECONDS = 3.0


@click.command(
    "doctor",
    short_help="check camera, ports, folder, and say what to do",
    help="Check everything that has to be right, and say what to do where it isn't.",
)
@click.option(
    "--shm",
    type=segment,
    metavar="NAME",
    help=f"the stream's shared memory ({DEFAULTS['shm']})",
)
@address_options
@click.option(
    "--record-path",
    metavar="FOLDER",
    help=f"folder of the recordings ({DEFAULTS['record_path']})",
)
@click.option(
    "--seconds",
    type=number_from(0.5, 60),
    metavar="S",
    default=DEFAULT_SECONDS,
    help=f"how long to watch the camera ({DEFAULT_SECONDS})",
)
@settings_option
@json_option
@log_options(logging.WARNING)
@click.pass_context
def command(
    context: click.Context,
    settings: Settings,
    shm: str | None,
    host: str,
    port: int,
    record_path: str | None,
    seconds: float,
    is_json: bool,
) -> None:
    from ..doctor.report import as_json, as_text, examine, is_well

    config = settings.read()
    folder = config.record_path if record_path is None else Path(record_path)
    findings = examine(
        shm or config.shm, seconds, host=host, port=port, folder=folder, config=config
    )
    click.echo(as_json(findings) if is_json else as_text(findings))
    context.exit(ExitCode.WELL if is_well(findings) else ExitCode.TROUBLE)
