"""`pet-stream demo` and `pet-stream run`: the host, with and without a camera of its own."""

from __future__ import annotations

import argparse
import logging
import os
import shlex
import subprocess
import sys
import threading
from collections.abc import Mapping
from pathlib import Path

from ..addresses import is_loopback, page_urls, qr_code
from ..host_names import is_name
from ..stop_signals import StopSignals
from ..web_server import WebServer
from ..web_server.http_server import take_descriptors
from .defaults import HOST_DEFAULTS, RUN_DEFAULTS
from .embedded_camera import EmbeddedCamera
from .film import PICTURE_HEIGHT, PICTURE_WIDTH, RATE_FPS
from .host import create_host

logger = logging.getLogger(__name__)

_ANY_INTERFACE_AND_LOOPBACK = ("0.0.0.0/0", "::/0")
_BROWSER_PROGRAM = (
    "import signal, sys, webbrowser; signal.pthread_sigmask(signal.SIG_SETMASK, ()); "
    "webbrowser.open(sys.argv[1])"
)


def run_demo(arguments: argparse.Namespace) -> int:
    """Serve the embedded camera until a signal. Raises PetStreamError."""
    with StopSignals() as stop_signals:
        server = WebServer(arguments.host, arguments.port)
        camera = None
        try:
            camera = EmbeddedCamera(arguments.shm)
            settings = _settings(arguments)
            settings["PET_STREAM_SHM"] = camera.ring_name
            settings["PET_STREAM_DETECTIONS_SHM"] = camera.detections_name
            camera.start()
            print(
                f"Embedded camera: {PICTURE_WIDTH}×{PICTURE_HEIGHT} at {RATE_FPS} fps "
                f"in shared memory {camera.ring_name}"
            )
            _serve(server, arguments, settings, stop_signals)
        finally:
            server.stop()
            if camera is not None:
                camera.stop()
    return 0


def run_host(arguments: argparse.Namespace) -> int:
    """Serve a real camera's segment until a signal. Raises PetStreamError."""
    with StopSignals() as stop_signals:
        server = WebServer(arguments.host, arguments.port)
        try:
            _serve(server, arguments, _settings(arguments), stop_signals, RUN_DEFAULTS)
        finally:
            server.stop()
    return 0


def _serve(
    server: WebServer,
    arguments: argparse.Namespace,
    settings: dict[str, object],
    stop_signals: StopSignals,
    defaults: Mapping[str, object] = HOST_DEFAULTS,
) -> None:
    app, stream = create_host(settings, defaults)
    try:
        stream.start()
        take_descriptors()
        server.start(app, app.extensions["pet_stream"].connection_counts)
        _announce(arguments, server, app.config)
        if arguments.open:
            _open_browser(server)
        stop_signals.wait()
        print("\nStopping …", flush=True)
    finally:
        stream.stop()


def _settings(arguments: argparse.Namespace) -> dict[str, object]:
    """What was given on the command line; the rest comes from the environment or is default."""
    given = {
        "PET_STREAM_SHM": getattr(arguments, "shm", None),
        "PET_STREAM_DETECTIONS_SHM": getattr(arguments, "detections_shm", None),
        "PET_STREAM_RECORD_PATH": arguments.record_path,
        "PET_STREAM_MAX_CLIENTS": arguments.max_clients,
        "PET_STREAM_ICE_SERVERS": arguments.ice_server,
    }
    settings: dict[str, object] = {k: value for k, value in given.items() if value is not None}
    if is_loopback(arguments.host) and "FLASK_PET_STREAM_ICE_HOSTS" not in os.environ:
        # The browser is on this machine, which may have no other network than loopback.
        settings["PET_STREAM_ICE_HOSTS"] = list(_ANY_INTERFACE_AND_LOOPBACK)
    if is_name(arguments.host) and "FLASK_PET_STREAM_ALLOWED_HOSTS" not in os.environ:
        settings["PET_STREAM_ALLOWED_HOSTS"] = [arguments.host]  # the page is announced under it
    return settings


def _announce(
    arguments: argparse.Namespace, server: WebServer, config: Mapping[str, object]
) -> None:
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
    print("\n" + "\n".join(lines), flush=True)
    if elsewhere:
        code = qr_code(elsewhere[0])
        if _can_print(code):
            print(f"\n{code}", end="")
    print("\nCtrl-C stops it.", flush=True)


def _can_print(text: str) -> bool:
    try:
        text.encode(sys.stdout.encoding or "ascii")
    except UnicodeEncodeError:
        return False
    return True


def _open_browser(server: WebServer) -> None:
    """Show the page to a person who sits at this machine."""
    is_desktop = os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")
    here, _ = page_urls(server.host, server.port)
    if is_desktop and here and sys.stdout.isatty():
        threading.Thread(
            target=show_in_browser, args=(here[0],), name="demo-browser", daemon=True
        ).start()


def show_in_browser(url: str) -> None:
    """By a process of its own: a browser would inherit that signals are blocked here."""
    command = [sys.executable, "-c", _BROWSER_PROGRAM, url]
    subprocess.run(command, check=False, start_new_session=True)  # Ctrl-C is for this process
