"""Cuts parts out of recordings and joins the files of one, without encoding anything again."""

from __future__ import annotations

import math
import os
from array import array
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import NamedTuple

from ..errors import BitstreamError, NotCuttable, NotFound
from ..media.mp4 import writing as mp4
from ..media.mp4.reading import Movie, read_movie
from ..media.mp4.sample_table import MAX_DURATION, SampleTable, within_bounds
from ..media.mp4.video_format import VideoFormat
from ..recording.disk import open_to_read, read_at
from .composite_file import Piece, PiecedFile, Span

_HALF_A_TICK = 0.5
"""The end of a GOP, told in seconds and given back, still is that end."""


class Part(NamedTuple):
    """What of one file belongs to a cut."""

    span: Span
    begins_s: float
    """In the recording, in seconds, as `ends_s`."""
    ends_s: float
    video_format: VideoFormat
    table: SampleTable


def joined(files: Sequence[Path], created_at: float) -> PiecedFile:
    """Returns all `files` of one recording as one file. Raises NotCuttable, NotFound."""
    if files[0].suffix == ".h264":
        return PiecedFile([Piece(path, 0, _size_of(path)) for path in files])
    return cut(files, 0, math.inf, created_at)


def cut(
    files: Sequence[Path], from_s: float, to_s: float, created_at: float, *, is_clip: bool = False
) -> PiecedFile:
    """Returns what `files` show from `from_s` to `to_s`, seconds from their beginning, as one MP4.

    It begins with the IDR at or before `from_s`, and ends with the GOP that `to_s` lies in. Raises
    NotCuttable for files without times, for files of other programs that can't be cut, and if
    nothing is shown between these times; and NotFound. `is_clip` marks it as one.
    """
    parts = parts_between(files, from_s, to_s)
    first_format = parts[0].video_format
    pieces: list[Piece | bytes] = []
    for part in parts:
        if all(other.video_format == first_format for other in parts):
            extents = part.table.extents()
            pieces += (Piece(part.span.path, offset, size) for offset, size in extents)
        else:
            sets = mp4.parameter_sets(part.video_format)
            pieces += _with_parameter_sets(part.span.path, sets, part.table)
    tables = [part.table for part in parts]
    start = mp4.whole_file_start(first_format, tables, created_at + from_s, is_clip=is_clip)
    return PiecedFile([start, *pieces], spans=[part.span for part in parts])


def parts_between(files: Sequence[Path], from_s: float, to_s: float) -> list[Part]:
    """Returns the GOPs that `files` show between these times. Raises as `cut` does."""
    parts: list[Part] = []
    begin_s = 0.0
    for path in files:
        movie = _read(path)
        duration_s = movie.table.total_duration / movie.timescale
        start = (from_s - begin_s) * movie.timescale + _HALF_A_TICK
        end = (to_s - begin_s) * movie.timescale - _HALF_A_TICK
        begin_s += duration_s
        first, behind = movie.table.gops_between(max(0, start), end)
        if first >= behind or end <= 0:
            continue
        table = movie.table.part(first, behind)
        skipped_s = sum(movie.table.durations[:first]) / movie.timescale
        part_s = table.total_duration / movie.timescale
        span = Span(path, skipped_s, skipped_s + part_s)
        begins_s = begin_s - duration_s + skipped_s
        table.begin_at_zero()
        table = _in_our_timescale(table, movie.timescale)
        parts.append(Part(span, begins_s, begins_s + part_s, movie.video_format, table))
    if not parts:
        raise NotCuttable("The recording shows nothing between these times")
    return parts


def _with_parameter_sets(
    path: Path, parameter_sets: bytes, table: SampleTable
) -> list[Piece | bytes]:
    """Returns the pieces of `table`'s samples, with `parameter_sets` in front of each IDR; enlarges
    the sizes in `table` by them.

    Ours stand there already; files of other programs, and of 0.1.0, have them in their header only.
    """
    pieces: list[Piece | bytes] = []
    syncs = set(table.sync_indexes)
    for offset, first, count in table.chunks():
        for index in range(first, first + count):
            size = table.sizes[index]
            if index in syncs:
                pieces.append(parameter_sets)
                table.sizes[index] += len(parameter_sets)
            last = pieces[-1] if pieces else None
            if isinstance(last, Piece) and last.offset + last.size == offset:
                pieces[-1] = Piece(path, last.offset, last.size + size)
            else:
                pieces.append(Piece(path, offset, size))
            offset += size
    return pieces


def _read(path: Path) -> Movie:
    if path.suffix != ".mp4" and not path.name.endswith(".mp4.part"):
        raise NotCuttable("A raw H.264 file has no times to cut it by")
    try:
        descriptor = open_to_read(path)
    except OSError as exc:
        raise NotFound("There is no such recording") from exc
    try:
        return read_movie(partial(read_at, descriptor), os.fstat(descriptor).st_size)
    except BitstreamError as exc:
        raise NotCuttable(f"This file can't be cut: {exc}") from exc
    finally:
        os.close(descriptor)


def _in_our_timescale(table: SampleTable, timescale: int) -> SampleTable:
    if timescale != mp4.TIMESCALE:
        scaled = (duration * mp4.TIMESCALE // timescale for duration in table.durations)
        table.durations = array("I", (min(d, MAX_DURATION) for d in scaled))
        table.total_duration = sum(table.durations)
        offsets = (offset * mp4.TIMESCALE // timescale for offset in table.composition_offsets)
        table.composition_offsets = within_bounds(offsets)
    return table


def _size_of(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError as exc:
        raise NotFound("There is no such recording") from exc
