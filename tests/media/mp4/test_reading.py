"""Reading files: whole, broken and foreign ones. Writing: tests/recording/test_mp4_container."""

from __future__ import annotations

import functools
import itertools
import operator
import struct
from array import array
from fractions import Fraction
from pathlib import Path

import av
import pytest

from pet_stream.errors import BitstreamError
from pet_stream.media.access_unit import AccessUnit
from pet_stream.media.h264.avcc import length_prefixed
from pet_stream.media.h264.nal_unit import is_idr, split_annex_b
from pet_stream.media.mp4 import writing as mp4
from pet_stream.media.mp4.boxes import ReadAt
from pet_stream.media.mp4.reading import read_movie, read_summary
from pet_stream.media.mp4.sample_table import Sample, SampleTable
from pet_stream.media.mp4.video_format import VideoFormat
from tests.footage import encode

GOP = 5
DURATION = 3000


def units(profile: str = "baseline", count: int = 4 * GOP) -> list[AccessUnit]:
    return [
        AccessUnit(
            nal_units=(nal_units := split_annex_b(data)),
            sequence=number,
            capture_ns=0,
            is_idr=is_idr(nal_units),
            is_discontinuity=False,
            width=320,
            height=240,
            camera_id=0,
            frame_number=number,
        )
        for number, data in enumerate(encode(gop=GOP, pictures=count, profile=profile))
    ]


def reader(data: bytes) -> ReadAt:
    return lambda offset, size: data[offset : offset + size]


@functools.cache
def built(profile: str = "baseline") -> tuple[bytes, bytes, SampleTable, VideoFormat]:
    """A growing file, the same complete, and its table."""
    pictures = units(profile)
    video_format = VideoFormat.of(pictures[0])
    file = mp4.file_start(video_format, 0, is_clip=False)
    table = SampleTable()
    for number in range(0, len(pictures), GOP):
        data = [length_prefixed(unit.nal_units) for unit in pictures[number : number + GOP]]
        samples = [Sample(len(d), DURATION, n == 0) for n, d in enumerate(data)]
        file += mp4.fragment_start(1 + number // GOP, table.total_duration, samples)
        table.append_chunk(len(file), samples)
        file += b"".join(data)
    whole = file + mp4.index(video_format, table, 0)
    at = mp4.PLACEHOLDER_AT
    mdat = mp4.as_one_mdat(len(file))
    return file, whole[:at] + mdat + whole[at + len(mdat) :], table, video_format


@pytest.mark.parametrize("profile", ["baseline", "main", "high"])
@pytest.mark.parametrize("is_complete", [False, True])
def test_what_was_written_is_read(profile: str, is_complete: bool) -> None:
    growing, complete, table, video_format = built(profile)
    data = complete if is_complete else growing
    movie = read_movie(reader(data), len(data))
    assert movie.table == table
    assert movie.video_format == video_format
    summary = read_summary(reader(data), len(data))
    assert summary.duration_s == pytest.approx(4 * GOP / 30)
    assert (summary.width, summary.height) == (320, 240)
    assert summary.codec == f"avc1.{video_format.sps[0][1:4].hex()}"


def test_a_list_reads_a_few_kilobytes_of_a_file_and_not_the_whole_index() -> None:
    _, complete, table, video_format = built()
    large = SampleTable()
    for _ in range(2000):
        large.extend(table)
    large.chunk_offsets, large.chunk_counts = array("Q", [0]), array("I", [len(large)])
    index = mp4.index(video_format, large, 0)
    data = complete[: mp4.PLACEHOLDER_AT] + index
    read_bytes = 0

    def read_at(offset: int, size: int) -> bytes:
        nonlocal read_bytes
        read_bytes += size
        return data[offset : offset + size]

    assert read_summary(read_at, len(data)).duration_s == pytest.approx(2000 * 4 * GOP / 30)
    assert read_bytes < 4096 < len(index)


def test_a_file_that_breaks_off_anywhere_is_read_up_to_its_last_whole_fragment() -> None:
    growing, _, table, _ = built()
    ends = [offset + size for offset, size in table.extents()]
    for size in range(0, len(growing), 7):
        try:
            movie = read_movie(reader(growing[:size]), size)
        except BitstreamError:
            assert size < ends[0]
            continue
        whole = sum(end <= size for end in ends)
        assert len(movie.table) == whole * GOP
        if whole:
            assert movie.whole_bytes == ends[whole - 1]


def foreign(path: Path, options: dict[str, str], bframes: int = 0) -> bytes:
    """A file of FFmpeg's own muxer, in another timescale."""
    with av.open(str(path), "w", format="mp4", options=options) as file:
        stream = file.add_stream("libx264", rate=25)
        stream.width, stream.height, stream.pix_fmt = 160, 120, "yuv420p"
        stream.options = {
            "x264-params": f"bframes={bframes}:b-adapt=0:keyint=10:min-keyint=10:scenecut=0:log=-1"
        }
        for number in range(25):
            frame = av.VideoFrame(160, 120, "yuv420p")
            frame.pts, frame.time_base = number, Fraction(1, 25)
            file.mux(stream.encode(frame))
        file.mux(stream.encode(None))
    return path.read_bytes()


@pytest.mark.parametrize("options", [{}, {"movflags": "faststart"}])
def test_files_of_others_are_read(tmp_path: Path, options: dict[str, str]) -> None:
    data = foreign(tmp_path / "a.mp4", options)
    summary = read_summary(reader(data), len(data))
    assert summary.duration_s == pytest.approx(1.0, abs=0.05)
    assert (summary.width, summary.height) == (160, 120)
    movie = read_movie(reader(data), len(data))
    assert len(movie.table) == 25
    assert list(movie.table.sync_indexes) == [0, 10, 20]


def test_pictures_out_of_order_have_composition_offsets(tmp_path: Path) -> None:
    data = foreign(tmp_path / "a.mp4", {}, bframes=2)
    table = read_movie(reader(data), len(data)).table
    assert len(set(table.composition_offsets)) > 1
    starts = itertools.accumulate(table.durations, initial=0)
    shown = sorted(map(operator.add, starts, table.composition_offsets))
    assert len(set(shown)) == len(table) == 25
    table.begin_at_zero()
    starts = itertools.accumulate(table.durations, initial=0)
    assert min(map(operator.add, starts, table.composition_offsets)) == 0


@pytest.mark.parametrize(
    "runs", [[(26, 0)], [(24, 0)], [(2**32 - 1, 1)], [(20, 5), (20, 5)]], ids=str
)
def test_composition_offsets_of_other_pictures_are_refused(
    tmp_path: Path, runs: list[tuple[int, int]]
) -> None:
    data = bytearray(foreign(tmp_path / "a.mp4", {}, bframes=2))
    at = data.rindex(b"ctts") + 8
    packed = b"".join(struct.pack(">II", *run) for run in runs)
    data[at : at + 4 + len(packed)] = struct.pack(">I", len(runs)) + packed
    size = int.from_bytes(data[at - 12 : at - 8], "big")
    data[at + 4 + len(packed) : at - 12 + size] = bytes(size - 16 - len(packed))
    with pytest.raises(BitstreamError):
        read_movie(reader(bytes(data)), len(data))


@pytest.mark.parametrize("offset", [2**31 - 1, -(2**31), -1])
def test_no_offset_is_too_large_to_be_moved(offset: int) -> None:
    table = SampleTable()
    table.append_chunk(0, [Sample(1, 2**31, is_sync=True), Sample(1, 2**31, False, offset)])
    other = SampleTable()
    other.append_chunk(0, [Sample(1, 1, is_sync=True)])
    for made in (table.part(0, 2), table.part(1, 2)):
        made.begin_at_zero()
        made.extend(other)
        assert len(made.composition_offsets) == len(made)


@pytest.mark.parametrize(
    ("start", "end", "gops"),
    [
        (0, 10**9, (0, 20)),
        (0, 1, (0, 5)),
        (4 * DURATION, 5 * DURATION, (0, 5)),
        (5 * DURATION, 6 * DURATION, (5, 10)),
        (7 * DURATION, 11 * DURATION, (5, 15)),
        (19 * DURATION, 10**9, (15, 20)),
        (20 * DURATION, 10**9, (20, 20)),
        (5, 5, (20, 20)),
    ],
)
def test_a_cut_takes_whole_gops(start: int, end: int, gops: tuple[int, int]) -> None:
    first, behind = built()[2].gops_between(start, end)
    assert (first, behind) == gops or (first == behind and gops[0] == gops[1])


def test_a_part_of_a_table_knows_where_its_samples_are() -> None:
    table = built()[2]
    part = table.part(7, 13)
    assert list(part.sizes) == list(table.sizes[7:13])
    assert list(part.sync_indexes) == [3]
    starts = [offset for offset, _ in table.extents()]
    assert list(part.extents()) == [
        (starts[1] + sum(table.sizes[5:7]), sum(table.sizes[7:10])),
        (starts[2], sum(table.sizes[10:13])),
    ]
