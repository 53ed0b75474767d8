"""The camera of a run: the tests' C writer, in a process of its own, with 720p30 at 2 Mbit/s."""

from __future__ import annotations

import os
import tempfile
from dataclasses import dataclass
from pathlib import Path

from tests.camera.camera import Camera, Log
from tests.footage import encode, write_source

WIDTH, HEIGHT, FPS, GOP = 1280, 720, 30, 14
BITS_PER_SECOND = 2_000_000


@dataclass(frozen=True, slots=True)
class Writing:
    """How pictures get into the ring."""

    name: str
    title: str
    is_relay: bool = False
    writes_per_s: int = 0
    """Of a relay; 0: as fast as it can."""


WRITINGS = {
    writing.name: writing
    for writing in (
        Writing("once", "each picture once"),
        Writing("relay", "relay, 606 writes/s", is_relay=True, writes_per_s=606),
        Writing("relay-free", "relay without a pause", is_relay=True),
    )
}
"""606 writes a second are what the real switcher was measured to make."""


def open_camera(
    writing: Writing, *, footage: Path | None = None, bits_per_second: int = BITS_PER_SECOND
) -> Camera:
    """A camera, not yet started. `footage`: pictures that can be decoded, with their sizes, instead
    of noise."""
    segment = f"/pet_bench_{os.getpid()}"
    source: dict[str, str] = {} if footage is None else {"source": str(footage)}
    return Camera(
        segment,
        fps=FPS,
        gop=GOP,
        width=WIDTH,
        height=HEIGHT,
        bitrate=bits_per_second,
        relay=writing.is_relay,
        relay_rate=writing.writes_per_s,
        **source,
    )


def make_footage(folder: Path, bits_per_second: int = BITS_PER_SECOND) -> Path:
    """Real H.264 with moving pictures, whole GOPs."""
    path = folder / "footage"
    write_source(
        path,
        encode(WIDTH, HEIGHT, fps=FPS, gop=GOP, pictures=4 * GOP, bit_rate=bits_per_second),
    )
    return path


def readable_since(log: Log, *, is_relay: bool) -> dict[int, int]:
    """When the last byte of each picture stood in the ring (for a relay: of its first whole copy),
    by capture time; nanoseconds of CLOCK_MONOTONIC."""
    since: dict[int, int] = {}
    if is_relay:
        for row in log.relayed:
            if row.is_whole:
                since.setdefault(row.capture_ns, row.end_ns)
    else:
        for picture in log.pictures:
            since.setdefault(picture.capture_ns, picture.end_ns)
    return since


def temporary_folder() -> tempfile.TemporaryDirectory[str]:
    return tempfile.TemporaryDirectory(prefix="pet_stream_bench_")
