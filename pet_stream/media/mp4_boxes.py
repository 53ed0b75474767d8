"""The boxes that an MP4 file consists of, whatever they hold (ISO/IEC 14496-12, 4.2).

Files come from this program, a crash of it, or anywhere: nothing in them is trusted, each step is
bounded by the file's size.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass

ReadAt = Callable[[int, int], bytes]
"""Offset and size → that many bytes, or fewer at the end of the file. May raise OSError."""

MAX_BOX_BYTES = 64 * 1024 * 1024
"""Of a box that is read into memory: the index of days of video."""
_CONTAINERS = (b"trak", b"mdia", b"minf", b"stbl")


@dataclass(frozen=True, slots=True)
class Box:
    """Where a box stands in the file: offsets in bytes."""

    kind: bytes
    start: int
    payload: int
    """Where its header ends."""
    end: int


def boxes(read_at: ReadAt, start: int, end: int) -> Iterator[Box]:
    """Those between two offsets, one after the other, up to the first that is not whole."""
    while start + 8 <= end:
        header = read_at(start, 16)
        if len(header) < 8:
            return
        size, kind = struct.unpack_from(">I4s", header)
        header_size = 8
        if size == 1 and len(header) == 16:
            size, header_size = struct.unpack_from(">Q", header, 8)[0], 16
        elif size == 0:  # up to the end of the file
            size = end - start
        if size < header_size or start + size > end:
            return
        yield Box(kind, start, start + header_size, start + size)
        start += size


def children(read_at: ReadAt, parent: Box, kind: bytes) -> Iterator[Box]:
    """Those of `kind` directly in `parent`."""
    return (b for b in boxes(read_at, parent.payload, parent.end) if b.kind == kind)


def descendants(read_at: ReadAt, parent: Box) -> Iterator[Box]:
    """Those that lie in `parent`, and in the containers in it, without these."""
    for box in boxes(read_at, parent.payload, parent.end):
        if box.kind in _CONTAINERS:
            yield from descendants(read_at, box)
        else:
            yield box
