"""Checks what pet_stream needs of its machine: packages, a port, a folder."""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from collections.abc import Iterable, Sequence
from importlib import metadata
from pathlib import Path

from ..errors import AddressUnavailable
from ..web_server import WebServer
from .finding import Finding, ok, problem, warning

DISTRIBUTIONS = (
    "flask",
    "flask-sock",
    "aiortc",
    "aioice",
    "pylibsrtp",
    "av",
    "prometheus-flask-exporter",
    "sysv-ipc",
    "segno",
    "ifaddr",
)
_LOW_SPACE_BYTES = 2_000_000_000
_NO_SPACE_BYTES = 100_000_000
_BYTES_PER_HOUR = 3_600 * 1_000_000  # 8 Mbit/s, the encoder's default


def check_dependencies(distributions: Sequence[str] = DISTRIBUTIONS) -> Iterable[Finding]:
    """Check what is installed, and whether it has the private names that we use."""
    versions = {name: _version(name) for name in distributions}
    missing = [name for name, version in versions.items() if version is None]
    python = ".".join(map(str, sys.version_info[:3]))
    if missing:
        yield problem(
            "dependencies",
            f"Not installed: {', '.join(missing)}.",
            f"pip install {' '.join(missing)} (or install pet_stream again).",
        )
        return
    installed = ", ".join(f"{name} {version}" for name, version in versions.items())
    yield ok("dependencies", f"Python {python}, {installed}.")
    from ..webrtc.private import missing_names  # lazy: it imports aiortc, which may be missing

    if names := missing_names():
        yield warning(
            "WebRTC library",
            f"This release lacks what live view uses: {', '.join(names)}.",
            "Live view may be slower or not filter addresses; install an older aiortc and aioice.",
        )
    else:
        yield ok("WebRTC library", "Everything that live view uses of it is there.")
    yield from _check_ciphers()


def check_port(host: str, port: int) -> Finding:
    """Check whether the web server could listen."""
    try:
        WebServer(host, port).stop()
    except AddressUnavailable as exc:
        return problem(
            "port",
            f"{exc}.",
            f"If that is pet-stream itself, all is well; otherwise find the program: ss -ltnp "
            f"'sport = :{port}'.",
        )
    return ok("port", f"{port} on {host} is free.")


def check_folder(folder: Path) -> Iterable[Finding]:
    """Check whether recordings can be written, and how many hours there is room for."""
    folder = folder.absolute()
    there = folder
    while not there.exists():
        there = there.parent
    if not there.is_dir():
        yield problem(
            "recordings", f"{there} is not a folder.", "Choose another folder by --record-path."
        )
        return
    try:
        with tempfile.TemporaryFile(dir=there):
            pass
    except OSError as exc:
        yield problem(
            "recordings",
            f"{there} can't be written: {os.strerror(exc.errno or 0)}.",
            "Change its owner or rights, or choose another folder by --record-path.",
        )
        return
    what = "can be written" if there == folder else "will be made"
    yield ok("recordings", f"{folder} {what}.")
    yield _free_space(there)


def _check_ciphers() -> Iterable[Finding]:
    from ..webrtc.private import cipher_costs

    costs = [f"{cost.name} {1e6 * cost.packet_s:.1f} µs" for cost in cipher_costs()]
    if costs:
        yield ok("encryption", f"A packet costs, the preferred cipher first: {', '.join(costs)}.")


def _version(distribution: str) -> str | None:
    try:
        return metadata.version(distribution)
    except metadata.PackageNotFoundError:
        return None


def _free_space(folder: Path) -> Finding:
    free_bytes = shutil.disk_usage(folder).free
    words = f"{free_bytes / 1e9:.1f} GB free, {free_bytes / _BYTES_PER_HOUR:.1f} hours at 8 Mbit/s"
    advice = "Delete old recordings, or choose another disk by --record-path."
    if free_bytes < _NO_SPACE_BYTES:
        return problem("free space", f"{words}.", advice)
    if free_bytes < _LOW_SPACE_BYTES:
        return warning("free space", f"{words}.", advice)
    return ok("free space", f"{words}.")
