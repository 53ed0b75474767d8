"""`pet-stream run`: a host app on a real camera."""

from __future__ import annotations

import logging
from pathlib import Path

import click

from .defaults import KEEP_FREE_MB, MAX_RECORDING_MINUTES, RUN_DEFAULTS
from .log_options import serving_log_options
from .options import DEFAULTS, OTHER_SETTINGS, host_options
from .proxy import Proxy, proxy_option
from .tls import certificate_of, tls_options


@click.command(
    "run",
    short_help="serve a camera's shared memory",
    help="Serve live view, recording and metrics of a camera's shared memory.\n\nThe oldest "
    f"recordings are deleted while less than {KEEP_FREE_MB} MB are free on the disk "
    "(FLASK_PET_STREAM_KEEP_FREE_MB; 0: never), and none is longer than "
    f"{MAX_RECORDING_MINUTES} minutes (FLASK_PET_STREAM_MAX_RECORDING_MINUTES; 0: no limit). "
    "After a crash or a restart a recording goes on (FLASK_PET_STREAM_RESUME_RECORDING).",
    epilog=OTHER_SETTINGS,
)
@click.option("--shm", metavar="NAME", help=f"the stream's shared memory ({DEFAULTS['shm']})")
@click.option(
    "--detections-shm",
    metavar="NAME",
    help=f"the detector's shared memory, or none ({DEFAULTS['detections_shm']})",
)
@host_options
@tls_options
@proxy_option
@serving_log_options(logging.INFO)
def command(
    host: str,
    port: int,
    tls_cert: Path | None,
    tls_key: Path | None,
    is_self_signed: bool,
    proxy: Proxy | None,
    config: Path | None,
    **options: object,
) -> None:
    from ..process.stop_signals import StopSignals
    from ..web_server import WebServer
    from .hosting import serve, settings_of

    certificate = certificate_of(host, tls_cert, tls_key, is_self_signed, config)
    with StopSignals() as stop_signals:
        server = WebServer(host, port, certificate=certificate)
        try:
            settings = settings_of(host, {**options, "config": config}, proxy)
            serve(server, settings, RUN_DEFAULTS, stop_signals, proxy=proxy)
        finally:
            server.stop()
