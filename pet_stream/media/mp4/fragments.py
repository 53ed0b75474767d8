"""Reads the fragments of a growing MP4 file, as `writing` makes them (ISO/IEC 14496-12, 8.8)."""

from __future__ import annotations

import struct
import sys
from array import array
from collections.abc import Iterator
from dataclasses import dataclass

from .boxes import MAX_BOX_BYTES, Box, ReadAt, boxes, top_boxes
from .sample_table import Sample, SampleTable

MAX_SAMPLES = 100_000
"""Limit for one fragment. Ours hold two seconds, or what the queue to a slow disk holds."""
_MAX_BOXES = 8
"""Boxes in a `moof`, and in a `traf`; ours have two and three."""
_NON_SYNC = 0x10000
_LAYOUTS = {0x305: struct.Struct(">II"), 0x1000B05: struct.Struct(">IIi")}
"""Of a sample in `trun`, by its version and flags: duration, size, composition offset."""


@dataclass(frozen=True, slots=True)
class Fragment:
    """Some samples of a file that grows, from one `moof` box and the `mdat` box behind it."""

    start_time: int
    """Ticks."""
    data_offset: int
    """Offset of the first sample in the file, in bytes; `end` is where the last one ends."""
    samples: list[Sample]
    end: int


def growing_table(read_at: ReadAt, size: int) -> tuple[SampleTable, int]:
    """Returns the samples of the complete fragments, and the offset where the last of them ends."""
    table = SampleTable()
    first_time: int | None = None
    end = 0
    for fragment in fragments(read_at, size):
        first_time = fragment.start_time if first_time is None else first_time
        table.end_at(fragment.start_time - first_time)
        table.append_chunk(fragment.data_offset, fragment.samples)
        end = fragment.end
    return table, end


def fragments(read_at: ReadAt, size: int) -> Iterator[Fragment]:
    """Yields the complete fragments, up to the first incomplete one."""
    moof: Box | None = None
    for box in top_boxes(read_at, size):
        if box.kind == b"moof":
            moof = box
        elif box.kind == b"mdat" and moof is not None:
            fragment = read_fragment(read_at, moof, box)
            if fragment is None:
                return
            yield fragment
            moof = None


def read_fragment(read_at: ReadAt, moof: Box, mdat: Box) -> Fragment | None:
    """Returns a fragment as `writing` makes them; None for any other."""
    if moof.end - moof.start > MAX_BOX_BYTES:
        return None
    inner = boxes(read_at, moof.payload, moof.end, _MAX_BOXES)
    trafs = [box for box in inner if box.kind == b"traf"]
    if len(trafs) != 1:
        return None
    found = list(boxes(read_at, trafs[0].payload, trafs[0].end, _MAX_BOXES))
    truns = [box for box in found if box.kind == b"trun"]
    tfdts = [box for box in found if box.kind == b"tfdt"]
    if (len(truns), len(tfdts)) != (1, 1):
        return None
    run_size = truns[0].end - truns[0].payload
    if run_size > 16 + 12 * MAX_SAMPLES:
        return None
    run = read_at(truns[0].payload, run_size)
    decode_time = read_at(tfdts[0].payload, 12)
    if len(run) < 16 or len(decode_time) < 12 or decode_time[0] != 1:
        return None
    flags, count, _, first_flags = struct.unpack_from(">IIiI", run)
    layout = _LAYOUTS.get(flags)
    if layout is None or len(run) != 16 + layout.size * count:
        return None
    sizes = array("I", run[16:])
    if sys.byteorder == "little":
        sizes.byteswap()
    if not count or sum(sizes[1 :: layout.size // 4]) != mdat.end - mdat.payload:
        return None
    samples = [
        Sample(size, duration, number == 0 and not first_flags & _NON_SYNC, *offset)
        for number, (duration, size, *offset) in enumerate(layout.iter_unpack(run[16:]))
    ]
    start_time = int.from_bytes(decode_time[4:], "big")
    return Fragment(start_time, mdat.payload, samples, mdat.end)
