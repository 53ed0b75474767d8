"""What the bounds are computed from: measured by this program, or quoted from a page of docs/."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from pet_stream.config import SETTINGS

from ..children import CHECKOUT

KEPT = Path(__file__).with_name("measured.json")
"""What the tables of docs/sizing.md are made of."""
SEGMENTS = 8
"""A picture between two IDRs of 2 Mbit/s, about."""


@dataclass(frozen=True, slots=True)
class Load:
    """A server with some viewers of a stream, all by WebRTC."""

    bits_per_second: int
    viewers: int
    cpu_percent: float
    """Of one core."""
    packets_per_s: float
    """To each viewer."""
    rss_mb: float
    """Without what is kept for clips."""


@dataclass(frozen=True, slots=True)
class Disk:
    """One recording on an ext4 file system of its own; the device counts, journal included."""

    bits_per_second: int
    sync_s: float
    """From one sync to the next."""
    cpu_percent: float
    """What the recording adds to the process, nobody watching."""
    bytes_per_sync: float
    """Beside those of the file."""
    flushes_per_sync: float
    """How often the device was told to keep what it has."""
    bytes_per_file: float
    """What its beginning and end write beside that."""
    idle_bytes: int
    """What the server wrote in the seconds before, with nobody there."""
    bytes_per_event: float
    """To be told by a webhook: kept, sent, forgotten."""
    flushes_per_event: float


@dataclass(frozen=True, slots=True)
class Calls:
    """Processor time of what each packet needs at least."""

    encrypt_us: float
    """A packet of 1 200 bytes, by the fastest cipher here."""
    packet_us: float
    """A `sendmsg` of one packet, over loopback."""
    segmented_us: float
    """A `sendmsg` of SEGMENTS packets, which the kernel cuts apart."""


@dataclass(frozen=True, slots=True)
class Slowed:
    """The server itself, allowed a share of a core's time."""

    bits_per_second: int
    viewers: int
    slower: float
    given_percent: float
    """Of a core's time that it could have had."""
    cpu_percent: float
    missing: int
    """Pictures, of all viewers."""
    of_pictures: int
    p95_ms: float


@dataclass(frozen=True, slots=True)
class Measured:
    machine: str
    loads: tuple[Load, ...]
    disk: Disk
    calls: Calls
    connect_ms: float
    """Of a core, for a viewer who comes and goes."""
    slowed: tuple[Slowed, ...] = ()

    def load(self, bits_per_second: int, viewers: int) -> Load:
        return next(
            load
            for load in self.loads
            if (load.bits_per_second, load.viewers) == (bits_per_second, viewers)
        )

    def save(self, path: Path = KEPT) -> None:
        path.write_text(json.dumps(asdict(self), indent=1, ensure_ascii=False) + "\n")


def read(path: Path = KEPT) -> Measured:
    told = json.loads(path.read_text())
    return Measured(
        machine=told["machine"],
        loads=tuple(Load(**load) for load in told["loads"]),
        disk=Disk(**told["disk"]),
        calls=Calls(**told["calls"]),
        connect_ms=told["connect_ms"],
        slowed=tuple(Slowed(**each) for each in told["slowed"]),
    )


DEFAULTS: dict[str, Any] = {setting.name: setting.default for setting in SETTINGS}


@dataclass(frozen=True, slots=True)
class Quoted:
    """A figure that another page has; a test looks whether it still says so."""

    value: float
    page: str
    words: str

    def is_still_there(self) -> bool:
        text = " ".join((CHECKOUT / "docs" / self.page).read_text().split())
        return self.words in text


HLS_PERCENT = Quoted(0.19, "http.md", "Ten players that fetch segments cost 1.9 % of a core")
HLS_PARTS_PERCENT = Quoted(0.8, "http.md", "ten that fetch parts, by 45 requests a second, 8 %")
"""Of a core, for each viewer of 2 Mbit/s."""
DETECTIONS_PERCENT = Quoted(0.9, "detections.md", "0.48 % | 1.2 to 1.5 %")
"""Of a core: a recording with a detector costs this much more than one without."""
MP4_FACTOR = Quoted(1.0024, "recording.md", "thumbnail included | 1.0024")
"""Bytes of a file for each byte of H.264."""
SLOWER = (
    Quoted(5, "small-boards.md", "such a core is taken to be 5 to 7 times slower"),
    Quoted(7, "small-boards.md", "such a core is taken to be 5 to 7 times slower"),
)
"""A Cortex-A55 core, at best and at worst, compared with the one that was measured. An estimate."""
