"""What happens to the camera and its shared memory."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from pathlib import Path

from .disturbance import Disturbance, table
from .site import Site

RESTARTS = 100
CAMERA: list[Disturbance] = []
disturbance = table(CAMERA)


@disturbance("camera killed", is_mild=True, is_short=True, starts_again=True)
def kill(site: Site) -> Iterator[None]:
    site.camera.kill()
    yield
    site.restart_camera()


@disturbance("camera killed 100 times", starts_again=True)
def kill_again_and_again(site: Site) -> Iterator[None]:
    for _ in range(RESTARTS):
        site.camera.kill()
        site.restart_camera()
        time.sleep(0.05)
    yield


@disturbance("camera stops", is_mild=True)
def stall(site: Site) -> Iterator[None]:
    site.camera.command("stall 1500")
    time.sleep(1.5)
    yield


@disturbance("camera segment replaced", is_mild=True, is_short=True)
def replace(site: Site) -> Iterator[None]:
    site.camera.command("restart-unlink 300")
    yield


@disturbance("camera segment begun anew", is_mild=True)
def begin_anew(site: Site) -> Iterator[None]:
    site.camera.command("restart-inplace")
    yield


@disturbance("camera segment truncated", is_mild=True, is_short=True)
def truncate(site: Site) -> Iterator[None]:
    site.camera.command("truncate 4096")
    time.sleep(0.5)
    yield
    site.camera.command("restart-unlink")


@disturbance("camera segment zeroed", is_mild=True, is_short=True)
def zero(site: Site) -> Iterator[None]:
    """By somebody else, while the camera writes on."""
    path = _path(site)
    with path.open("r+b") as segment:
        segment.write(bytes(path.stat().st_size))
    yield
    site.camera.command("restart-inplace")


@disturbance("camera segment foreign", is_mild=True)
def foreign(site: Site) -> Iterator[None]:
    """Another program's segment lies under the camera's name for a while."""
    path = _path(site)
    other = path.with_name(f"{path.name}_foreign")
    other.write_bytes(os.urandom(1 << 20))
    other.replace(path)
    time.sleep(0.6)
    yield
    site.camera.command("restart-unlink")


def _path(site: Site) -> Path:
    return Path("/dev/shm") / site.segment.removeprefix("/")
