"""Reads the sample table of a complete MP4 file (ISO/IEC 14496-12, 8.6 and 8.7)."""

from __future__ import annotations

import struct
import sys
from array import array
from collections.abc import Mapping
from functools import partial

from ...errors import BitstreamError
from .boxes import MAX_BOX_BYTES, Box, ReadAt, children, track_boxes
from .sample_table import SampleTable

MAX_SAMPLES = MAX_BOX_BYTES // 4
"""The number of sizes that fit into a box."""


def has_samples(read_at: ReadAt, moov: Box) -> bool:
    """Whether `moov` is an index, not the empty one at the start of a growing file."""
    for trak in children(read_at, moov, b"trak"):
        for box in track_boxes(read_at, trak):
            if box.kind == b"stsz" and read_at(box.payload + 8, 4) not in (b"", bytes(4)):
                return True
    return False


def read_durations(read_at: ReadAt, found: Mapping[bytes, Box]) -> tuple[array[int], array[int]]:
    """Returns how long samples are shown, in ticks, as runs: how many samples each has, and the
    duration of each of these. It takes a fifth of the time of the whole index. Raises
    BitstreamError."""
    runs = _values(read_at, found, b"stts")
    return runs[::2], runs[1::2]


def read_index(read_at: ReadAt, found: Mapping[bytes, Box], size: int) -> SampleTable:
    """Returns the sample table in the boxes `found` of a file of `size` bytes. Raises
    BitstreamError."""
    values = partial(_values, read_at, found)
    table = SampleTable(sizes=_sizes(read_at, found, size))
    count = len(table.sizes)
    run_lengths = values(b"stts")
    for number, duration in zip(run_lengths[::2], run_lengths[1::2], strict=False):
        if len(table.durations) + number > count:
            raise BitstreamError("The stts box has more pictures than the file")
        table.durations.extend(array("I", [duration]) * number)
    offset_runs = values(b"ctts")
    for number, offset in zip(offset_runs[::2], offset_runs[1::2], strict=False):
        if len(table.composition_offsets) + number > count:
            raise BitstreamError("The ctts box has more pictures than the file")
        # Version 0 has them unsigned, but no file has offsets that long.
        signed = offset - (1 << 32) if offset >> 31 else offset
        table.composition_offsets.extend(array("i", [signed]) * number)
    if b"stss" in found:
        table.sync_indexes = array("I", (n - 1 for n in values(b"stss") if 0 < n <= count))
    else:
        table.sync_indexes = array("I", range(count))
    table.chunk_offsets = values(b"co64", code="Q") or array("Q", values(b"stco"))
    table.chunk_counts = _chunk_counts(values(b"stsc"), len(table.chunk_offsets), count)
    table.total_duration = sum(table.durations)
    if table.composition_offsets and len(table.composition_offsets) != count:
        raise BitstreamError("The index contradicts itself")
    if not len(table.durations) == sum(table.chunk_counts) == count:
        raise BitstreamError("The index contradicts itself")
    if len(table.chunk_counts) != len(table.chunk_offsets):
        raise BitstreamError("The index contradicts itself")
    if any(offset + extent > size for offset, extent in table.extents()):
        raise BitstreamError("The index points behind the end of the file")
    return table


def _sizes(read_at: ReadAt, found: Mapping[bytes, Box], size: int) -> array[int]:
    if b"stsz" not in found:
        raise BitstreamError("The file has no stsz box")
    header = read_at(found[b"stsz"].payload + 4, 8)
    same_size, count = struct.unpack(">II", header) if len(header) == 8 else (0, 0)
    if count > MAX_SAMPLES or same_size * count > size:
        raise BitstreamError("The file has more pictures than bytes")
    sizes = array("I", [same_size]) * count if same_size else _values(read_at, found, b"stsz", 8)
    if len(sizes) != count or sum(sizes) > size:
        raise BitstreamError("The index contradicts itself")
    return sizes


def _chunk_counts(stsc: array[int], chunk_count: int, sample_count: int) -> array[int]:
    """Returns the number of samples in each chunk; `stsc` lists runs of chunks of equal length."""
    counts: array[int] = array("I")
    ends = (*stsc[3::3], chunk_count + 1)
    for first, samples, description, end in zip(
        stsc[::3], stsc[1::3], stsc[2::3], ends, strict=False
    ):
        if description != 1 or not first <= end <= chunk_count + 1 or samples > sample_count:
            raise BitstreamError("The stsc box is invalid, or has several kinds of video")
        counts.extend(array("I", [samples]) * (end - first))
    return counts


def _values(
    read_at: ReadAt, found: Mapping[bytes, Box], kind: bytes, skip: int = 4, code: str = "I"
) -> array[int]:
    """Returns the numbers in a box after version, flags and `skip` bytes; none without such a box.
    `code` is the type code of `array`."""
    box = found.get(kind)
    if box is None:
        return array(code)
    start = box.payload + 4 + skip
    if not 0 <= box.end - start <= MAX_BOX_BYTES:
        raise BitstreamError(f"The {kind.decode('latin-1')} box has an impossible size")
    data = read_at(start, box.end - start)
    numbers = array(code, data[: len(data) - len(data) % array(code).itemsize])
    if sys.byteorder == "little":
        numbers.byteswap()
    return numbers
