"""Reading MP4 files: what they show, for how long, and what is whole of one that broke off.

Files come from this program, a crash of it, or anywhere: nothing in them is trusted, each step is
bounded by the file's size. Everything raises BitstreamError for what is not as ISO/IEC 14496-12
says, OSError only if `read_at` does.
"""

from __future__ import annotations

import struct
import sys
from array import array
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from ..errors import BitstreamError
from .avcc import DecoderConfiguration
from .mp4 import VideoFormat
from .parameter_sets import parse_sps
from .sample_table import Sample, SampleTable

ReadAt = Callable[[int, int], bytes]
"""Offset and size → that many bytes, or fewer at the end of the file."""

MAX_BOX_BYTES = 64 * 1024 * 1024
"""Of a box that is read into memory: the index of days of video."""
MAX_DESCRIPTION_BYTES = 64 * 1024
_CONTAINERS = (b"trak", b"mdia", b"minf", b"stbl")
_AVC1_HEADER = 8 + 78  # of the sample entry, in front of the boxes in it
_NON_SYNC = 0x10000


@dataclass(frozen=True, slots=True)
class Box:
    kind: bytes
    start: int
    payload: int
    """Where its header ends."""
    end: int


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
    track = _read_track(read_at, moovs[-1])
    duration = track.duration
    if not duration:
        duration = _growing_table(read_at, size)[0].total_duration
    return Summary(
        duration_s=duration / track.timescale,
        width=track.video_format.width,
        height=track.video_format.height,
        codec=track.video_format.codec,
    )


def growing_format(read_at: ReadAt, size: int) -> VideoFormat:
    """Of a file that has no index yet. Raises BitstreamError also if no picture is in it."""
    moov = next((box for box in boxes(read_at, 0, size) if box.kind == b"moov"), None)
    if moov is None or next(_fragments(read_at, size), None) is None:
        raise BitstreamError("No picture in it is whole")
    return _read_track(read_at, moov).video_format


def read_movie(read_at: ReadAt, size: int) -> Movie:
    """The whole index, or, where there is none yet, that of the fragments that are whole.

    Raises BitstreamError also for what was never written here: several tracks that are video,
    pictures out of order, lengths of NAL units other than 4 bytes.
    """
    top = list(boxes(read_at, 0, size))
    indexed = [b for b in top if b.kind == b"moov" and _has_samples(read_at, b)]
    if indexed:
        track = _read_track(read_at, indexed[-1])
        table = _read_sample_boxes(read_at, track.sample_boxes, size)
        return Movie(track.video_format, track.timescale, table, size, has_index=True)
    first = next((box for box in top if box.kind == b"moov"), None)
    if first is None:
        raise BitstreamError("The file has no moov box")
    track = _read_track(read_at, first)
    table, whole_bytes = _growing_table(read_at, size)
    whole_bytes = max(first.end, whole_bytes)
    return Movie(track.video_format, track.timescale, table, whole_bytes, has_index=False)


def boxes(read_at: ReadAt, start: int, end: int) -> Iterator[Box]:
    """The boxes one after the other, up to the first that is not whole."""
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


@dataclass(frozen=True, slots=True)
class _Track:
    video_format: VideoFormat
    timescale: int
    duration: int
    sample_boxes: dict[bytes, Box]


def _read_track(read_at: ReadAt, moov: Box) -> _Track:
    """The first track that is H.264."""
    for trak in _children(read_at, moov, b"trak"):
        found = {box.kind: box for box in _descendants(read_at, trak)}
        if b"mdhd" not in found or b"stsd" not in found:
            continue
        video_format = _read_description(read_at, found[b"stsd"])
        if video_format is None:
            continue
        mdhd = read_at(found[b"mdhd"].payload, 36)
        try:
            layout = ">4x16xIQ" if mdhd[:1] == b"\1" else ">4x8xII"
            timescale, duration = struct.unpack_from(layout, mdhd)
        except struct.error as exc:
            raise BitstreamError("The mdhd box is cut off") from exc
        if not timescale:
            raise BitstreamError("The track's timescale is 0")
        return _Track(video_format, timescale, duration, found)
    raise BitstreamError("The file has no H.264 track")


def read_video_track(read_at: ReadAt, moov: Box) -> tuple[VideoFormat, int]:
    """Format and timescale."""
    track = _read_track(read_at, moov)
    return track.video_format, track.timescale


def _children(read_at: ReadAt, parent: Box, kind: bytes) -> Iterator[Box]:
    return (b for b in boxes(read_at, parent.payload, parent.end) if b.kind == kind)


def _descendants(read_at: ReadAt, parent: Box) -> Iterator[Box]:
    for box in boxes(read_at, parent.payload, parent.end):
        if box.kind in _CONTAINERS:
            yield from _descendants(read_at, box)
        else:
            yield box


def _read_description(read_at: ReadAt, stsd: Box) -> VideoFormat | None:
    for entry in boxes(read_at, stsd.payload + 8, stsd.end):
        if entry.kind not in (b"avc1", b"avc3"):
            continue
        for box in boxes(read_at, entry.start + _AVC1_HEADER, entry.end):
            if box.kind == b"avcC" and box.end - box.payload <= MAX_DESCRIPTION_BYTES:
                record = read_at(box.payload, box.end - box.payload)
                configuration = DecoderConfiguration.parse(record)
                sps = parse_sps(configuration.sps[0])
                return VideoFormat(configuration.sps, configuration.pps, sps.width, sps.height)
    return None


# ---- files with an index


def _has_samples(read_at: ReadAt, moov: Box) -> bool:
    for trak in _children(read_at, moov, b"trak"):
        for box in _descendants(read_at, trak):
            if box.kind == b"stsz" and read_at(box.payload + 8, 4) not in (b"", bytes(4)):
                return True
    return False


def _read_sample_boxes(read_at: ReadAt, found: dict[bytes, Box], size: int) -> SampleTable:
    if b"ctts" in found:
        raise BitstreamError("The pictures are not in the order of showing")

    def values(kind: bytes, skip: int = 4, code: str = "I") -> array[int]:
        """The numbers of a box, behind version, flags and `skip` bytes."""
        box = found.get(kind)
        if box is None:
            return array(code)
        start = box.payload + 4 + skip
        if not 0 <= box.end - start <= MAX_BOX_BYTES:
            raise BitstreamError(f"The {kind.decode('latin-1')} box has no sensible size")
        data = read_at(start, box.end - start)
        numbers = array(code, data[: len(data) - len(data) % array(code).itemsize])
        if sys.byteorder == "little":
            numbers.byteswap()
        return numbers

    if b"stsz" not in found:
        raise BitstreamError("The file has no stsz box")
    header = read_at(found[b"stsz"].payload + 4, 8)
    same_size, count = struct.unpack(">II", header) if len(header) == 8 else (0, 0)
    if count > size:
        raise BitstreamError("The file has more pictures than bytes")
    table = SampleTable(sizes=array("I", [same_size]) * count if same_size else values(b"stsz", 8))
    run_lengths = values(b"stts")
    for number, duration in zip(run_lengths[::2], run_lengths[1::2], strict=False):
        if len(table.durations) + number > count:
            raise BitstreamError("The stts box has more pictures than the file")
        table.durations.extend(array("I", [duration]) * number)
    if b"stss" in found:
        table.sync_indexes = array("I", (n - 1 for n in values(b"stss") if 0 < n <= count))
    else:
        table.sync_indexes = array("I", range(count))
    table.chunk_offsets = values(b"co64", code="Q") or array("Q", values(b"stco"))
    table.chunk_counts = _chunk_counts(values(b"stsc"), len(table.chunk_offsets), count)
    table.total_duration = sum(table.durations)
    if not len(table.sizes) == len(table.durations) == sum(table.chunk_counts) == count:
        raise BitstreamError("The index contradicts itself")
    if any(offset + extent > size for offset, extent in table.extents()):
        raise BitstreamError("The index points behind the end of the file")
    return table


def _chunk_counts(stsc: array[int], chunk_count: int, sample_count: int) -> array[int]:
    runs = list(zip(stsc[::3], stsc[1::3], stsc[2::3], strict=False))
    counts: array[int] = array("I")
    for number, (first, samples, description) in enumerate(runs):
        end = runs[number + 1][0] if number + 1 < len(runs) else chunk_count + 1
        if description != 1 or not first <= end <= chunk_count + 1 or samples > sample_count:
            raise BitstreamError("The stsc box is not of one kind of video")
        counts.extend(array("I", [samples]) * (end - first))
    return counts


# ---- files without


def _growing_table(read_at: ReadAt, size: int) -> tuple[SampleTable, int]:
    """What the fragments that are whole hold, and where the last of them ends."""
    table = SampleTable()
    first_time: int | None = None
    end = 0
    for fragment in _fragments(read_at, size):
        first_time = fragment.start_time if first_time is None else first_time
        table.end_at(fragment.start_time - first_time)
        table.append_chunk(fragment.data_offset, fragment.samples)
        end = fragment.end
    return table, end


@dataclass(frozen=True, slots=True)
class Fragment:
    """Some samples of a file that grows, from one `moof` box and the `mdat` box behind it."""

    start_time: int
    """Ticks."""
    data_offset: int
    samples: list[Sample]
    end: int


def _fragments(read_at: ReadAt, size: int) -> Iterator[Fragment]:
    """Those that are whole, up to the first that is not."""
    moof: Box | None = None
    for box in boxes(read_at, 0, size):
        if box.kind == b"moof":
            moof = box
        elif box.kind == b"mdat" and moof is not None:
            fragment = read_fragment(read_at, moof, box)
            if fragment is None:
                return
            yield fragment
            moof = None


def read_fragment(read_at: ReadAt, moof: Box, mdat: Box) -> Fragment | None:
    """One that was written here; None for any other."""
    if moof.end - moof.start > MAX_BOX_BYTES:
        return None
    trafs = list(_children(read_at, moof, b"traf"))
    found = [box for traf in trafs for box in boxes(read_at, traf.payload, traf.end)]
    truns = [box for box in found if box.kind == b"trun"]
    tfdts = [box for box in found if box.kind == b"tfdt"]
    if (len(trafs), len(truns), len(tfdts)) != (1, 1, 1):
        return None
    run = read_at(truns[0].payload, truns[0].end - truns[0].payload)
    decode_time = read_at(tfdts[0].payload, 12)
    if len(run) < 16 or len(decode_time) < 12 or decode_time[0] != 1:
        return None
    flags, count, _, first_flags = struct.unpack_from(">IIiI", run)
    if flags & 0xFFFFFF != 0x305 or len(run) != 16 + 8 * count:
        return None
    samples = [
        Sample(size, duration, is_sync=number == 0 and not first_flags & _NON_SYNC)
        for number, (duration, size) in enumerate(struct.iter_unpack(">II", run[16:]))
    ]
    if not samples or sum(s.size_bytes for s in samples) != mdat.end - mdat.payload:
        return None
    start_time = int.from_bytes(decode_time[4:], "big")
    return Fragment(start_time, mdat.payload, samples, mdat.end)
