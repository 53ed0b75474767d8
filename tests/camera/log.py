"""What the C writer says it wrote, and when (see log.h)."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True, slots=True)
class PictureRow:
    """A picture that a camera wrote, other formats included."""

    generation: int
    """How often the segment was begun anew before."""
    write: int
    camera_id: int
    number: int
    frame_number: int
    capture_ns: int
    format: int
    size: int
    crc: int
    is_idr: bool
    frame_num: int
    index_ns: int
    """CLOCK_MONOTONIC just before the index was raised."""
    end_ns: int
    """CLOCK_MONOTONIC after the last byte was copied."""

    @property
    def identity(self) -> tuple[int, int, int]:
        return (self.capture_ns, self.camera_id, self.frame_number)


@dataclass(frozen=True, slots=True)
class RelayRow:
    """A slot that the switcher relayed: what its header says, and whose bytes are in it."""

    generation: int
    write: int
    camera_id: int
    frame_number: int
    capture_ns: int
    format: int
    size: int
    stamp_camera_id: int
    stamp_number: int
    has_whole_bytes: bool
    """The bytes are exactly one picture's: that of the stamp."""
    is_whole: bool
    """And of the picture that the header names."""
    index_ns: int
    end_ns: int

    @property
    def identity(self) -> tuple[int, int, int]:
        return (self.capture_ns, self.camera_id, self.frame_number)


@dataclass(frozen=True, slots=True)
class Log:
    pictures: tuple[PictureRow, ...]
    """In the order in which each camera wrote them, camera 0 first."""
    relayed: tuple[RelayRow, ...]


def read_log(path: Path) -> Log:
    """Read the CSV file of the writer's `log` option."""
    pictures: list[PictureRow] = []
    relayed: list[RelayRow] = []
    with path.open() as file:
        for line in file:
            kind, *fields = line.split(",")
            values: list[Any] = [int(field) for field in fields]
            if kind == "picture":
                values[9] = bool(values[9])
                pictures.append(PictureRow(*values))
            else:
                values[9:11] = map(bool, values[9:11])
                relayed.append(RelayRow(*values))
    return Log(tuple(pictures), tuple(relayed))
