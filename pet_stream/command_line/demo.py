"""`pet-stream demo`: a host app with a camera of its own."""

from __future__ import annotations

import logging
from pathlib import Path

import click

from .defaults import HOST_DEFAULTS
from .log_options import serving_log_options
from .options import OTHER_SETTINGS, host_options, segment
from .proxy import Proxy, proxy_option
from .tls import certificate_of, tls_options


@click.command(
    "demo",
    short_help="serve an embedded camera: nothing else needed",
    help="Serve an embedded camera that shows a cat: nothing else is needed.",
    epilog=OTHER_SETTINGS,
)
@click.option(
    "--shm",
    type=segment,
    metavar="NAME",
    help="the shared memory to make and write (default: named after the process)",
)
@host_options
@tls_options
@proxy_option
@click.option("--no-open", is_flag=True, help="don't open the page in this desktop's browser")
@serving_log_options(logging.WARNING)
def command(
    host: str,
    port: int,
    shm: str | None,
    tls_cert: Path | None,
    tls_key: Path | None,
    is_self_signed: bool,
    proxy: Proxy | None,
    config: Path | None,
    no_open: bool,
    **options: object,
) -> None:
    from ..demo.embedded_camera import EmbeddedCamera
    from ..demo.film import PICTURE_HEIGHT, PICTURE_WIDTH, RATE_FPS
    from ..process.stop_signals import StopSignals
    from ..web_server import WebServer
    from .browser import open_page
    from .hosting import serve, settings_of

    certificate = certificate_of(host, tls_cert, tls_key, is_self_signed, config)
    with StopSignals() as stop_signals:
        server = WebServer(host, port, certificate=certificate)
        camera = None
        try:
            camera = EmbeddedCamera(shm)
            segments = {"shm": camera.ring_name, "detections_shm": camera.detections_name}
            camera.start()
            click.echo(
                f"Embedded camera: {PICTURE_WIDTH}×{PICTURE_HEIGHT} at {RATE_FPS} fps "
                f"in shared memory {camera.ring_name}"
            )
            serve(
                server,
                settings_of(host, {**options, **segments, "config": config}, proxy),
                HOST_DEFAULTS,
                stop_signals,
                proxy=proxy,
                on_start=None if no_open else open_page,
            )
        finally:
            server.stop()
            if camera is not None:
                camera.stop()
