"""Reads the boxes that an MP4 file consists of, whatever they hold (ISO/IEC 14496-12, 4.2).

Nothing in a file is trusted: it may come from anywhere. The number of boxes is bounded, inner boxes
are read only where the standard puts them, and so is the size of what is read into memory.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass

ReadAt = Callable[[int, int], bytes]
"""Offset and size → that many bytes, or fewer at the end of the file. May raise OSError."""

MAX_BOX_BYTES = 64 * 1024 * 1024
"""The largest box that is read into memory: enough for the index of days of video."""
MAX_TOP_BOXES = 1 << 19
"""In a file, boxes in other boxes not counted: two for each fragment, for days."""
MAX_INNER_BOXES = 64
"""Directly in another box; a `moov` has one for each track and a few more."""
_INNER = {b"trak": b"mdia", b"mdia": b"minf", b"minf": b"stbl"}


@dataclass(frozen=True, slots=True)
class Box:
    """Where a box stands in the file: offsets in bytes."""

    kind: bytes
    start: int
    payload: int
    """Where its header ends."""
    end: int


def top_boxes(read_at: ReadAt, size: int) -> Iterator[Box]:
    """Yields the boxes of a file of `size` bytes that lie in no other box."""
    return boxes(read_at, 0, size, MAX_TOP_BOXES)


def boxes(read_at: ReadAt, start: int, end: int, max_count: int = MAX_INNER_BOXES) -> Iterator[Box]:
    """Yields the boxes between two offsets, in order: up to the first incomplete one, and at most
    `max_count`."""
    for _ in range(max_count):
        header = read_at(start, 16) if start + 8 <= end else b""
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
    """Yields the boxes of `kind` directly in `parent`."""
    return (b for b in boxes(read_at, parent.payload, parent.end) if b.kind == kind)


def track_boxes(read_at: ReadAt, trak: Box) -> Iterator[Box]:
    """Yields the boxes in a `trak`, its `mdia`, its `minf` and its `stbl`, without these three.

    Each stands once in the other (8.4.1, 8.4.4, 8.5.1); of several the first counts.
    """
    inner: Box | None = None
    for box in boxes(read_at, trak.payload, trak.end):
        if box.kind != _INNER.get(trak.kind):
            yield box
        elif inner is None:
            inner = box
            yield from track_boxes(read_at, box)  # three levels down at most
