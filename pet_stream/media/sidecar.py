"""The bytes of a sidecar: what a detector saw in the pictures of one recorded file. Pure.

It begins with `START`. Chunks follow, each complete in itself, of a few seconds::

    4 bytes  "seen"                     marker
    u32      size of the body
    u32      CRC-32 of body and times   little endian, as all numbers
    u32, u32 first and last time        ms from the first picture of the file
    …        body                       zlib, of JSON: {"classes": ["cat"], "rows": [[…], …]}

A row is one update of the detector: its time, and six numbers for each box, of them the index of
its class, the confidence in percent, and x, y, width and height in pixels. Each number is written
as the difference to the one in its place in the row before; where there is none, to 0.

Whoever looks for a time reads headers only, and a diary may go from chunk to chunk by their
classes.
"""

from __future__ import annotations

import json
import struct
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, repeat
from operator import add, sub
from typing import Any, NamedTuple

from ..errors import BitstreamError
from .detections import MAX_SIDE, Detection
from .ring import MAX_DETECTIONS

START = b"pet-stream seen\x01"
"""Its last byte is the version."""
MAX_TIME_MS = (1 << 32) - 1
MAX_CHUNK_BYTES = 65_536
MAX_UNPACKED_BYTES = 1 << 18
_HEADER = struct.Struct("<4sIIII")
HEADER_BYTES = _HEADER.size
_TIMES = struct.Struct("<II")
_MARKER = b"seen"
_NUMBERS = 6
_MAX_ROW = 1 + _NUMBERS * MAX_DETECTIONS
_MAX_CLASS_CHARACTERS = 32
_LEVEL = 6


class Box(NamedTuple):
    """A detection as it is kept."""

    class_name: str
    percent: int
    x: int
    y: int
    width: int
    height: int

    @classmethod
    def of(cls, seen: Detection) -> Box:
        percent = round(100 * seen.confidence)
        return cls(seen.class_name, percent, seen.x, seen.y, seen.width, seen.height)

    @property
    def is_possible(self) -> bool:
        """As a detector's own must be."""
        return (
            0 <= self.percent <= 100
            and 0 < self.width <= MAX_SIDE
            and 0 < self.height <= MAX_SIDE
            and -self.width < self.x < MAX_SIDE
            and -self.height < self.y < MAX_SIDE
        )


class Update(NamedTuple):
    """All that was seen in one picture."""

    time_ms: int
    """From the first picture of the file."""
    boxes: tuple[Box, ...]


@dataclass(frozen=True, slots=True)
class ChunkHeader:
    body_bytes: int
    checksum: int
    first_ms: int
    last_ms: int

    @classmethod
    def parse(cls, data: bytes) -> ChunkHeader:
        """Raises BitstreamError, also for one that was not written to its end."""
        if len(data) != HEADER_BYTES:
            raise BitstreamError("The sidecar ends in the middle of a chunk")
        marker, *numbers = _HEADER.unpack(data)
        header = cls(*numbers)
        if marker != _MARKER or not header.body_bytes <= MAX_CHUNK_BYTES:
            raise BitstreamError("There is no chunk where one should begin")
        return header


def pack_chunk(updates: Sequence[Update]) -> bytes:
    """Returns `updates`, which are in order, as one chunk."""
    classes = list(dict.fromkeys(box.class_name for update in updates for box in update.boxes))
    indexes = {name: index for index, name in enumerate(classes)}
    rows = []
    before: Sequence[int] = ()
    for update in updates:
        row = [update.time_ms]
        for class_name, *numbers in update.boxes:
            row += (indexes[class_name], *numbers)
        rows.append(list(map(sub, row, chain(before, repeat(0)))))
        before = row
    text = json.dumps({"classes": classes, "rows": rows}, separators=(",", ":"))
    body = zlib.compress(text.encode(), _LEVEL)
    first_ms, last_ms = updates[0].time_ms, updates[-1].time_ms
    checksum = _checksum(body, first_ms, last_ms)
    return _HEADER.pack(_MARKER, len(body), checksum, first_ms, last_ms) + body


def unpack_chunk(header: ChunkHeader, body: bytes) -> list[Update]:
    """Raises BitstreamError for whatever pack_chunk() does not make."""
    checksum = _checksum(body, header.first_ms, header.last_ms)
    if len(body) != header.body_bytes or checksum != header.checksum:
        raise BitstreamError("A chunk of the sidecar is damaged")
    try:
        unpacked = zlib.decompressobj().decompress(body, MAX_UNPACKED_BYTES)
        content = json.loads(unpacked)
        return list(_updates(content["classes"], content["rows"]))
    except (zlib.error, ValueError, TypeError, LookupError, RecursionError) as exc:
        raise BitstreamError("A chunk of the sidecar has what none of ours has") from exc


def _updates(classes: Any, rows: Any) -> Iterator[Update]:
    if not all(isinstance(name, str) and _is_class_name(name) for name in classes):
        raise ValueError("not a class")
    before: Sequence[int] = ()
    for differences in rows:
        if len(differences) > _MAX_ROW or not all(type(number) is int for number in differences):
            raise ValueError("not a row")
        before = row = list(map(add, differences, chain(before, repeat(0))))
        if any(index < 0 for index in row[1::_NUMBERS]) or not 0 <= row[0] <= MAX_TIME_MS:
            raise ValueError("not an index, or no time")
        boxes = tuple(
            Box(classes[row[at]], *row[at + 1 : at + _NUMBERS])
            for at in range(1, len(row), _NUMBERS)
        )
        if not all(box.is_possible for box in boxes):
            raise ValueError("not a box")
        yield Update(row[0], boxes)


def _is_class_name(name: str) -> bool:
    return 0 < len(name) <= _MAX_CLASS_CHARACTERS and name.isprintable()


def _checksum(body: bytes, first_ms: int, last_ms: int) -> int:
    return zlib.crc32(_TIMES.pack(first_ms, last_ms), zlib.crc32(body))
