"""The boxes that an MP4 file consists of, whatever they hold (ISO/IEC 14496-12, 4.2).

Files come from this program, a crash of it, or anywhere: nothing in them is trusted. Boxes are
counted, those inside of others are looked for where the standard puts them and nowhere deeper, and
what is read into memory is bounded.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass

ReadAt = Callable[[int, int], bytes]
"""Offset and size → that many bytes, or fewer at the end of the file. May raise OSError."""

MAX_BOX_BYTES = 64 * 1024 * 1024
"""Of a box that is read into memory: the index of days of video."""
MAX_TOP_BOXES = 1 << 20
"""In a file, those in others not counted: two for each fragment, days of them."""
MAX_INNER_BOXES = 256
"""Directly in another box."""
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
    """Those of a file of `size` bytes that lie in no other."""
    return boxes(read_at, 0, size, MAX_TOP_BOXES)


def boxes(read_at: ReadAt, start: int, end: int, max_count: int = MAX_INNER_BOXES) -> Iterator[Box]:
    """Those between two offsets, one after the other, up to the first that is not whole, and no
    more than `max_count`."""
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
    """Those of `kind` directly in `parent`."""
    return (b for b in boxes(read_at, parent.payload, parent.end) if b.kind == kind)


def track_boxes(read_at: ReadAt, trak: Box) -> Iterator[Box]:
    """Those that lie in a `trak`, its `mdia`, its `minf` and its `stbl`, without these."""
    for box in boxes(read_at, trak.payload, trak.end):
        if box.kind == _INNER.get(trak.kind):
            yield from track_boxes(read_at, box)  # three levels down at most
        else:
            yield box
