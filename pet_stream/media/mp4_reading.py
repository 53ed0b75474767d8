"""Reading MP4 files: what they show, for how long, and what is whole of one that broke off.

Everything raises BitstreamError for what is not as ISO/IEC 14496-12 says, OSError only if `read_at`
does.
"""

from __future__ import annotations

from dataclasses import dataclass

from ..errors import BitstreamError
from .mp4_boxes import ReadAt, boxes
from .mp4_fragments import fragments, growing_table
from .mp4_index import has_samples, read_index
from .mp4_track import read_track
from .sample_table import SampleTable
from .video_format import VideoFormat


@dataclass(frozen=True, slots=True)
class Summary:
    """What a list of recordings tells about a file."""

    duration_s: float
    width: int
    height: int
    codec: str
    """Such as "avc1.42c01f"."""


@dataclass(frozen=True, slots=True)
class Movie:
    """The video track of a file, and where each of its samples lies."""

    video_format: VideoFormat
    timescale: int
    """Ticks a second."""
    table: SampleTable
    whole_bytes: int
    """Where the last whole fragment ends, of a file that has no index."""
    has_index: bool
    """False: a file that grows, or that a crash cut off."""


def read_summary(read_at: ReadAt, size: int) -> Summary:
    """Reads a few kilobytes of a complete file, and the headers of all fragments otherwise."""
    moovs = [box for box in boxes(read_at, 0, size) if box.kind == b"moov"]
    if not moovs:
        raise BitstreamError("The file has no moov box")
    track = read_track(read_at, moovs[-1])
    duration = track.duration
    if not duration:
        duration = growing_table(read_at, size)[0].total_duration
    return Summary(
        duration_s=duration / track.timescale,
        width=track.video_format.width,
        height=track.video_format.height,
        codec=track.video_format.codec,
    )


def growing_format(read_at: ReadAt, size: int) -> VideoFormat:
    """Of a file that has no index yet. Raises BitstreamError also if no picture is in it."""
    moov = next((box for box in boxes(read_at, 0, size) if box.kind == b"moov"), None)
    if moov is None or next(fragments(read_at, size), None) is None:
        raise BitstreamError("No picture in it is whole")
    return read_track(read_at, moov).video_format


def read_movie(read_at: ReadAt, size: int) -> Movie:
    """With the whole index, or, where there is none yet, that of the fragments that are whole.

    Raises BitstreamError also for what was never written here: several tracks that are video,
    pictures out of order, lengths of NAL units other than 4 bytes.
    """
    top = list(boxes(read_at, 0, size))
    indexed = [b for b in top if b.kind == b"moov" and has_samples(read_at, b)]
    if indexed:
        track = read_track(read_at, indexed[-1])
        table = read_index(read_at, track.boxes, size)
        return Movie(track.video_format, track.timescale, table, size, has_index=True)
    first = next((box for box in top if box.kind == b"moov"), None)
    if first is None:
        raise BitstreamError("The file has no moov box")
    track = read_track(read_at, first)
    table, whole_bytes = growing_table(read_at, size)
    whole_bytes = max(first.end, whole_bytes)
    return Movie(track.video_format, track.timescale, table, whole_bytes, has_index=False)
