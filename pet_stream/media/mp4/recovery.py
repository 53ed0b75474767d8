"""Finds what can be shown of a growing MP4 file after a crash or a power cut.

Such a file is truncated, or it has holes: where the file system recorded the size but did not write
all the blocks, they are zeros (ext4, FAT). So a fragment counts only if its data is well-formed,
too.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

from ...errors import BitstreamError
from .boxes import MAX_BOX_BYTES, ReadAt, boxes
from .fragments import Fragment, read_fragment
from .reading import Movie
from .sample_table import SampleTable
from .track import read_track
from .writing import FIRST_MOVIE_AT

_HOLE = bytes(64)
"""The shortest hole: a disk block has at least this many zeros, a NAL unit never three in a row
(H.264 7.4.1)."""
_SEARCH_BYTES = 64 * 1024
_MAX_READINGS = 8
"""How often the whole file may be read. Broken fragments are searched again, which a hostile file
could repeat without end."""
_LEAST_READ_BYTES = 64 * 1024 * 1024


def recover_movie(read_at: ReadAt, size: int) -> Movie:
    """Returns what can be shown of a file written by this program, with or without an index: all
    complete fragments, but after a hole only from the next IDR on.

    `whole_bytes` is where the last of them ends. Reads the whole file, a few times at most. Raises
    BitstreamError when its beginning is lost, or there is no picture in it.
    """
    read_at = _at_most(_MAX_READINGS * size + _LEAST_READ_BYTES, read_at)
    moov = next(boxes(read_at, FIRST_MOVIE_AT, size), None)
    if moov is None or moov.kind != b"moov":
        raise BitstreamError("The file has lost its beginning")
    track = read_track(read_at, moov)
    video_format = track.video_format
    if not all(map(_is_whole, (*video_format.sps, *video_format.pps))):
        raise BitstreamError("The file has lost its parameter sets")
    table = SampleTable()
    first_time, end = 0, moov.end
    with contextlib.suppress(_ReadEnough):
        for fragment in _fragments(read_at, moov.end, size):
            if not len(table):
                first_time = fragment.start_time
            table.end_at(fragment.start_time - first_time)
            table.append_chunk(fragment.data_offset, fragment.samples)
            end = fragment.end
    if not len(table):
        raise BitstreamError("No picture in it is whole")
    return Movie(video_format, track.timescale, table, end)


class _ReadEnough(Exception):
    pass


def _at_most(max_bytes: int, read_at: ReadAt) -> ReadAt:
    """Returns a `read_at` that raises _ReadEnough once `max_bytes` were read."""
    left = max_bytes

    def read(offset: int, size: int) -> bytes:
        nonlocal left
        data = read_at(offset, size)
        left -= len(data)
        if left < 0:
            raise _ReadEnough
        return data

    return read


def _fragments(read_at: ReadAt, start: int, size: int) -> Iterator[Fragment]:
    position, last_time = start, -1
    awaits_idr = True
    while position < size:
        fragment = _fragment_at(read_at, position, size)
        if fragment is None:
            awaits_idr = True
            position = _find(b"moof", read_at, position + 8, size) - 4
            continue
        is_good = fragment.start_time > last_time and _holds_pictures(read_at, fragment)
        awaits_idr = not is_good or (awaits_idr and not fragment.samples[0].is_sync)
        if not awaits_idr:
            yield fragment
            last_time = fragment.start_time
        position = fragment.end


def _fragment_at(read_at: ReadAt, position: int, size: int) -> Fragment | None:
    """Returns the fragment at `position`; None if its `moof` is broken, or does not fit its `mdat`.
    So where it ends is known even if its pictures are broken."""
    moof = next(boxes(read_at, position, size), None)
    if moof is None or moof.kind != b"moof":
        return None
    mdat = next(boxes(read_at, moof.end, size), None)
    if mdat is None or mdat.kind != b"mdat" or mdat.end - mdat.start > MAX_BOX_BYTES:
        return None
    return read_fragment(read_at, moof, mdat)


def _holds_pictures(read_at: ReadAt, fragment: Fragment) -> bool:
    offset = fragment.data_offset
    for sample in fragment.samples:
        if not sample.duration or not _holds_nal_units(read_at(offset, sample.size_bytes)):
            return False
        offset += sample.size_bytes
    return True


def _holds_nal_units(sample: bytes) -> bool:
    """Whether `sample` is a sequence of lengths and NAL units (ISO/IEC 14496-15, 5.3.4.2)."""
    position = 0
    while position < len(sample):
        end = position + 4 + int.from_bytes(sample[position : position + 4], "big")
        if end > len(sample) or not _is_whole(sample[position + 4 : end]):
            return False
        position = end
    return bool(sample)


def _is_whole(nal_unit: bytes) -> bool:
    if not nal_unit or nal_unit[0] & 0x80 or not nal_unit[0] & 0x1F:
        return False
    return nal_unit[-1] != 0 and _HOLE not in nal_unit


def _find(text: bytes, read_at: ReadAt, start: int, size: int) -> int:
    """Returns the offset of the next `text` from `start` on; beyond `size` if none."""
    while start < size:
        found = read_at(start, _SEARCH_BYTES).find(text)
        if found >= 0:
            return start + found
        start += _SEARCH_BYTES - len(text) + 1
    return size + 4
