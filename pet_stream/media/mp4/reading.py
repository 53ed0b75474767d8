"""Reads MP4 files: what they show, for how long, and the complete part of a truncated one.

Every function raises BitstreamError for a malformed file, OSError only if `read_at` does.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from ...errors import BitstreamError
from ..gaps import Gaps, gaps_in
from ..h264.avcc import split_length_prefixed
from .boxes import MAX_BOX_BYTES, Box, ReadAt, top_boxes
from .duration import read_duration
from .fragments import Fragment, fragments, growing_table
from .gap_box import read_gap_box
from .index import has_samples, read_durations, read_index
from .sample_table import SampleTable
from .track import Track, read_track
from .video_format import VideoFormat

MAX_PICTURE_BYTES = 8 * 1024 * 1024
"""More than twice the largest picture of the camera."""

_MAX_SUMMARY_BYTES = 256 * 1024
"""Of the durations of pictures, for a list of recordings: a quarter of an hour."""


@dataclass(frozen=True, slots=True)
class Summary:
    """What a list of recordings shows about a file."""

    duration_s: float | None
    """None: unknown."""
    width: int
    height: int
    codec: str
    """Such as "avc1.42c01f"."""
    gaps: Gaps | None
    """None: unknown."""


@dataclass(frozen=True, slots=True)
class Movie:
    """The video track of a file, and where each of its samples lies."""

    video_format: VideoFormat
    timescale: int
    """Ticks a second."""
    table: SampleTable
    whole_bytes: int
    """Where the last complete fragment ends, for a file without an index."""


def read_summary(read_at: ReadAt, size: int) -> Summary:
    """Returns duration, size, codec and gaps. Reads a few kilobytes, up to 256 more of a file that
    does not tell its gaps, and of a growing or fragmented one the sizes of its boxes."""
    _, moov = _movie_boxes(read_at, size)
    track = read_track(read_at, moov)
    duration = read_duration(read_at, size, moov, track)
    return Summary(
        duration_s=None if duration is None else duration / track.timescale,
        width=track.video_format.width,
        height=track.video_format.height,
        codec=track.video_format.codec,
        gaps=_gaps(read_at, moov, track, _MAX_SUMMARY_BYTES),
    )


def read_gaps(read_at: ReadAt, size: int) -> Gaps | None:
    """Returns the gaps of a file, from its index if it does not tell them itself; None without an
    index."""
    _, moov = _movie_boxes(read_at, size)
    track = read_track(read_at, moov)
    return _gaps(read_at, moov, track, MAX_BOX_BYTES)


def _gaps(read_at: ReadAt, moov: Box, track: Track, max_bytes: int) -> Gaps | None:
    """`max_bytes`: of a list of durations that is read."""
    told = read_gap_box(read_at, moov, track.timescale, track.duration)
    stts = track.boxes.get(b"stts")
    if told is not None or stts is None or not has_samples(read_at, moov):
        return told
    if stts.end - stts.payload > max_bytes:
        return None
    counts, durations = read_durations(read_at, track.boxes)
    return gaps_in(counts[: len(durations)], durations, track.timescale)


def growing_format(read_at: ReadAt, size: int) -> VideoFormat:
    """Returns the format of a file without an index. Raises BitstreamError also if no picture is in
    it."""
    moov = next((box for box in top_boxes(read_at, size) if box.kind == b"moov"), None)
    if moov is None or next(fragments(read_at, size), None) is None:
        raise BitstreamError("No picture in it is whole")
    return read_track(read_at, moov).video_format


def read_movie(read_at: ReadAt, size: int) -> Movie:
    """With the whole index, or, where there is none yet, that of the fragments that are whole.

    Raises BitstreamError also for what was never written here: several tracks that are video,
    lengths of NAL units other than 4 bytes.
    """
    first, last = _movie_boxes(read_at, size)
    if has_samples(read_at, last):
        track = read_track(read_at, last)
        table = read_index(read_at, track.boxes, size)
        return Movie(track.video_format, track.timescale, table, size)
    track = read_track(read_at, first)
    table, whole_bytes = growing_table(read_at, size)
    whole_bytes = max(first.end, whole_bytes)
    return Movie(track.video_format, track.timescale, table, whole_bytes)


def first_pictures(
    read_at: ReadAt, size: int, *, from_middle: bool = False
) -> Iterator[tuple[bytes, ...]]:
    """Yields the NAL units of each picture from the first entry point on, or from that before the
    middle of a file with an index; in front of the first one stand the parameter sets of the file.
    Raises BitstreamError."""
    first, last = _movie_boxes(read_at, size)
    if has_samples(read_at, last):
        track = read_track(read_at, last)
        places = _places(read_index(read_at, track.boxes, size), from_middle=from_middle)
    else:
        track = read_track(read_at, first)
        places = _growing_places(fragments(read_at, size))
    in_front = (*track.video_format.sps, *track.video_format.pps)
    for offset, sample_size in places:
        if sample_size > MAX_PICTURE_BYTES:
            raise BitstreamError("A picture is too large")
        yield (*in_front, *split_length_prefixed(read_at(offset, sample_size)))
        in_front = ()
    if in_front:
        raise BitstreamError("There is nothing to begin with in it")


def _places(table: SampleTable, *, from_middle: bool) -> Iterator[tuple[int, int]]:
    """Yields offset and size in bytes of each sample from the first sync sample on, or from that
    before the middle."""
    begin = table.sync_indexes[0] if table.sync_indexes else len(table)
    if from_middle and table.sync_indexes:
        middle = table.total_duration / 2
        begin = max(begin, table.gops_between(middle, middle + 1)[0])
    for offset, first, count in table.chunks():
        for index in range(first, first + count):
            if index >= begin:
                yield offset, table.sizes[index]
            offset += table.sizes[index]


def _growing_places(found: Iterable[Fragment]) -> Iterator[tuple[int, int]]:
    for fragment in itertools.dropwhile(lambda f: not f.samples[0].is_sync, found):
        offset = fragment.data_offset
        for sample in fragment.samples:
            yield offset, sample.size_bytes
            offset += sample.size_bytes


def _movie_boxes(read_at: ReadAt, size: int) -> tuple[Box, Box]:
    """Returns the first and the last `moov` box. A recording of ours begins with one and, once it
    is complete, ends with a second one. Raises BitstreamError if there is none."""
    first = last = None
    for box in top_boxes(read_at, size):
        if box.kind == b"moov":
            first, last = first or box, box
    if first is None or last is None:
        raise BitstreamError("The file has no moov box")
    return first, last
