"""Makes the bytes of MP4 files with one H.264 track (ISO/IEC 14496-12 and 14496-15).

1. `file_start`, then for each GOP a `fragment_start` and the pictures, each NAL unit behind its
   length (`length_prefixed`). The file can be played at every moment, and after a crash.
2. When it is complete, `index` is appended.
3. `as_one_mdat` is written over the placeholder near the beginning: everything between, fragment
   headers included, becomes one `mdat` box. The file is now an ordinary MP4 that players can seek.

Nothing else is moved or written twice. `whole_file_start` is for files written in one go.
"""

from __future__ import annotations

import itertools
import struct
import sys
from array import array
from collections.abc import Iterable, Sequence

from ..clip_mark import MARK_BOX
from ..gaps import gaps_in
from ..h264.avcc import length_prefixed
from .gap_box import gap_box
from .sample_table import Sample, SampleTable
from .video_format import VideoFormat

TIMESCALE = 90_000
"""Ticks a second of the files written here."""
EPOCH_OFFSET_S = 2_082_844_800
"""From 1904, where MP4's clock begins, to 1970."""

_TRACK_ID = 1
_SYNC = 0x02000000  # sample_depends_on = 2: on no other
_NOT_SYNC = 0x01010000  # sample_depends_on = 1, sample_is_non_sync_sample
_MATRIX = struct.pack(">9I", 0x10000, 0, 0, 0, 0x10000, 0, 0, 0, 0x40000000)
_FTYP = struct.pack(">4sI", b"isom", 0x200) + b"isomiso6avc1mp41"

PLACEHOLDER_AT = 8 + len(_FTYP) + len(MARK_BOX)
"""Offset of the placeholder box, which becomes the header of the `mdat`."""
_PLACEHOLDER_SIZE = 16
FIRST_MOVIE_AT = PLACEHOLDER_AT + _PLACEHOLDER_SIZE
"""Offset of the `moov` box of a growing file."""
_MAX_SMALL_DATA_BYTES = 2**32 - 2**26  # leaves 64 MB of 32-bit offsets to the index


def file_start(video_format: VideoFormat, created_at: float, *, is_clip: bool) -> bytes:
    """Returns the beginning of a growing file; `created_at` in epoch seconds."""
    mark = MARK_BOX if is_clip else _box(b"free", bytes(len(MARK_BOX) - 8))
    placeholder = _box(b"free", bytes(_PLACEHOLDER_SIZE - 8))
    extends = _box(b"mvex", _full_box(b"trex", 0, struct.pack(">5I", _TRACK_ID, 1, 0, 0, 0)))
    movie = _movie(video_format, _sample_boxes(SampleTable()), 0, created_at, extends)
    return _box(b"ftyp", _FTYP) + mark + placeholder + movie


def fragment_start(number: int, start_time: int, samples: Sequence[Sample]) -> bytes:
    """Returns what stands in front of the data of `samples`, the next ones of the file.

    `number` counts the fragments from 1; `start_time` in ticks since the file's first sample. Only
    the first sample may be an entry point.
    """
    # data offset, first sample's flags; each one's duration and size
    version, flags, layout = 0, 0x000305, struct.Struct(">II")
    entries = b"".join(layout.pack(s.duration, s.size_bytes) for s in samples)
    if any(s.composition_offset for s in samples):  # and its composition offset, signed
        version, flags, layout = 1, 0x000B05, struct.Struct(">IIi")
        entries = b"".join(
            layout.pack(s.duration, s.size_bytes, s.composition_offset) for s in samples
        )
    size = 8 + 16 + 8 + 20 + 20 + 24 + len(entries)  # of the moof
    first_flags = _SYNC if samples[0].is_sync else _NOT_SYNC
    moof = _box(
        b"moof",
        _full_box(b"mfhd", 0, struct.pack(">I", number)),
        _box(
            b"traf",
            # default-base-is-moof, default-sample-flags-present
            _full_box(b"tfhd", 0x020020, struct.pack(">II", _TRACK_ID, _NOT_SYNC)),
            _full_box(b"tfdt", 0, struct.pack(">Q", start_time), version=1),
            _full_box(
                b"trun",
                flags,
                struct.pack(">IiI", len(samples), size + 8, first_flags),
                entries,
                version=version,
            ),
        ),
    )
    return moof + struct.pack(">I4s", 8 + sum(s.size_bytes for s in samples), b"mdat")


def index(video_format: VideoFormat, table: SampleTable, created_at: float) -> bytes:
    """Returns the `moov` box with all that a player needs to seek, and the file's gaps; offsets are
    those of the file."""
    gaps = gaps_in(array("B", [1]) * len(table), table.durations, TIMESCALE)
    box = gap_box(gaps, TIMESCALE)
    return _movie(video_format, _sample_boxes(table), table.total_duration, created_at, box)


def as_one_mdat(end: int) -> bytes:
    """Returns what to write at PLACEHOLDER_AT when the index stands at `end`."""
    return struct.pack(">I4sQ", 1, b"mdat", end - PLACEHOLDER_AT)


def whole_file_start(
    video_format: VideoFormat,
    tables: Sequence[SampleTable],
    created_at: float,
    *,
    is_clip: bool = False,
) -> bytes:
    """Returns what stands in front of the data of a file written in one go, the index first.

    The data of all `tables` follows it without gaps, in their order; their chunks are ignored.
    Where the format of a part differs, its IDRs must carry their parameter sets
    (`parameter_sets`).
    """
    mark = MARK_BOX if is_clip else b""
    whole = SampleTable()
    positions: list[int] = []
    for table in tables:
        positions.append(sum(whole.sizes))
        whole.extend(table)
    data_bytes = sum(whole.sizes)
    has_large_offsets = data_bytes > _MAX_SMALL_DATA_BYTES
    if has_large_offsets:
        mdat = struct.pack(">I4sQ", 1, b"mdat", 16 + data_bytes)
    else:
        mdat = struct.pack(">I4s", 8 + data_bytes, b"mdat")

    def start(data_offset: int) -> bytes:
        whole.chunk_offsets = array("Q", (data_offset + position for position in positions))
        whole.chunk_counts = array("I", map(len, tables))
        boxes = _sample_boxes(whole, has_large_offsets=has_large_offsets)
        movie = _movie(video_format, boxes, whole.total_duration, created_at)
        return _box(b"ftyp", _FTYP) + mark + movie + mdat

    return start(len(start(0)))  # its length does not depend on the offsets in it


def parameter_sets(video_format: VideoFormat) -> bytes:
    """Returns what is put in front of an IDR's sample in a file whose format changes.

    The standard has one sample description for each format, but Chromium fails at the second one
    after a seek. And FFmpeg's decoder, after a seek, keeps the sets that it read last.
    """
    return length_prefixed((*video_format.sps, *video_format.pps))


def _movie(
    video_format: VideoFormat,
    sample_boxes: bytes,
    duration: int,
    created_at: float,
    more: bytes = b"",
) -> bytes:
    """`more`: boxes behind those of the track."""
    created = int(created_at) + EPOCH_OFFSET_S
    times = struct.pack(">QQ", created, created)
    mvhd = struct.pack(">IQ", TIMESCALE, duration) + struct.pack(">IH10x", 0x10000, 0x100)
    mvhd += _MATRIX + struct.pack(">24xI", _TRACK_ID + 1)
    tkhd = struct.pack(">I4xQ16x", _TRACK_ID, duration) + _MATRIX
    tkhd += struct.pack(">II", video_format.width << 16, video_format.height << 16)
    description = struct.pack(">I", 1) + _sample_entry(video_format)
    return _box(
        b"moov",
        _full_box(b"mvhd", 0, times, mvhd, version=1),
        _box(
            b"trak",
            _full_box(b"tkhd", 3, times, tkhd, version=1),  # enabled, in movie
            _box(
                b"mdia",
                _full_box(
                    b"mdhd",
                    0,
                    times,
                    struct.pack(">IQHH", TIMESCALE, duration, 0x55C4, 0),  # language "und"
                    version=1,
                ),
                _full_box(b"hdlr", 0, struct.pack(">I4s12x", 0, b"vide"), b"VideoHandler\0"),
                _box(
                    b"minf",
                    _full_box(b"vmhd", 1, bytes(8)),
                    _box(
                        b"dinf",
                        _full_box(b"dref", 0, struct.pack(">I", 1), _full_box(b"url ", 1)),
                    ),
                    _box(b"stbl", _full_box(b"stsd", 0, description), sample_boxes),
                ),
            ),
        ),
        more,
    )


def _sample_entry(video_format: VideoFormat) -> bytes:
    """Returns the `avc1` box, with `avcC` in it."""
    return _box(
        b"avc1",
        struct.pack(
            ">6xH16xHH", 1, video_format.width, video_format.height
        ),  # data_reference_index 1
        struct.pack(">IIIH", 0x480000, 0x480000, 0, 1),  # 72 dpi, one picture a sample
        struct.pack(">32xHh", 24, -1),
        _box(b"avcC", video_format.decoder_configuration.serialize()),
    )


def _sample_boxes(table: SampleTable, *, has_large_offsets: bool = False) -> bytes:
    """Returns `stts`, `ctts` if needed, `stss`, `stsc`, `stsz` and the chunk offsets."""
    durations = [(len(list(group)), key) for key, group in itertools.groupby(table.durations)]
    chunks = itertools.groupby(enumerate(table.chunk_counts, 1), key=lambda item: item[1])
    chunk_runs = [(next(group)[0], count, 1) for count, group in chunks]
    if table.chunk_offsets and table.chunk_offsets[-1] >= 2**32:
        has_large_offsets = True
    return b"".join(
        (
            _counted_box(b"stts", len(durations), itertools.chain.from_iterable(durations)),
            _composition_offsets(table.composition_offsets),
            _counted_box(b"stss", len(table.sync_indexes), (i + 1 for i in table.sync_indexes)),
            _counted_box(b"stsc", len(chunk_runs), itertools.chain.from_iterable(chunk_runs)),
            _full_box(b"stsz", 0, struct.pack(">II", 0, len(table)), _big_endian("I", table.sizes)),
            _counted_box(
                b"co64" if has_large_offsets else b"stco",
                len(table.chunk_offsets),
                table.chunk_offsets,
                "Q" if has_large_offsets else "I",
            ),
        )
    )


def _composition_offsets(offsets: Sequence[int]) -> bytes:
    if not offsets:
        return b""
    runs = [(len(list(group)), offset) for offset, group in itertools.groupby(offsets)]
    packed = b"".join(struct.pack(">Ii", *run) for run in runs)
    return _full_box(b"ctts", 0, struct.pack(">I", len(runs)), packed, version=1)


def _counted_box(kind: bytes, count: int, values: Iterable[int], code: str = "I") -> bytes:
    return _full_box(kind, 0, struct.pack(">I", count), _big_endian(code, values))


def _big_endian(code: str, values: Iterable[int]) -> bytes:
    swapped = array(code, values)
    if sys.byteorder == "little":
        swapped.byteswap()
    return swapped.tobytes()


def _box(kind: bytes, *payload: bytes) -> bytes:
    body = b"".join(payload)
    return struct.pack(">I4s", 8 + len(body), kind) + body


def _full_box(kind: bytes, flags: int, *payload: bytes, version: int = 0) -> bytes:
    return _box(kind, struct.pack(">I", version << 24 | flags), *payload)
