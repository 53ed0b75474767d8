"""Recordings of pictures that are not shown in the order of decoding."""

from __future__ import annotations

import io
import math
from collections.abc import Iterator, Sequence
from itertools import pairwise
from pathlib import Path

import av
import pytest

from pet_stream.ingest.access_units import AccessUnits
from pet_stream.ingest.camera_stream import CameraStream, SlotCopy
from pet_stream.ingest.counts import CameraCounts
from pet_stream.ingest.ring_reader import Picture
from pet_stream.library.cutting import cut
from pet_stream.media.access_unit import AccessUnit
from pet_stream.media.mp4.reading import read_movie
from pet_stream.media.ring import FORMAT_H264, SlotHeader
from pet_stream.recording.containers import Mp4Container
from pet_stream.recording.open_file import OpenFile

from ..footage import decode, encode, open_gops
from .playback import FRAME_NS

GOP = 12
START_NS = 10**12

KINDS = {
    "one": {"bframes": 1},
    "two": {"bframes": 2},
    "three, a pyramid": {"bframes": 3, "x264": ("b-pyramid=normal",)},
    "none, but it might": {"bframes": 0, "x264": ("ref=2",)},
}
OPEN = {"bframes": 2, "x264": ("open-gop=1",)}


def units_of(footage: Sequence[bytes], start_ns: int = START_NS) -> list[AccessUnit]:
    """What the camera thread makes of `footage`, at even capture times."""
    stream, access_units, units = CameraStream(), AccessUnits(CameraCounts()), []
    for number, data in enumerate(footage):
        header = SlotHeader(number, 0, number, 0, 320, 240, FORMAT_H264, len(data))
        coded = stream.parse(SlotCopy(header, data))
        stream.advance(coded)
        picture = Picture(header, coded, is_discontinuity=False)
        unit = access_units.make(picture, start_ns + number * FRAME_NS)
        assert unit is not None
        units.append(unit)
    return units


def write(
    path: Path, units: Sequence[AccessUnit], *, flush_every: int = 0, is_closed: bool = True
) -> None:
    with io.FileIO(path, "xb+") as file:
        container = Mp4Container(file)
        for number, unit in enumerate(units, 1):
            container.write([unit])
            if flush_every and number % flush_every == 0:
                container.flush()
        if is_closed:
            container.close(units[-1].capture_ns + FRAME_NS)
        assert container.frame_count == len(units)


def shown(source: Path | bytes) -> tuple[list[bytes], list[float]]:
    """The pictures that a player shows, and when."""
    with av.open(io.BytesIO(source) if isinstance(source, bytes) else str(source)) as file:
        stream = file.streams.video[0]
        stream.codec_context.options = {"err_detect": "explode"}
        frames = list(file.decode(stream))
    assert not any(frame.is_corrupt for frame in frames)
    times = [float(frame.pts * frame.time_base) for frame in frames]
    return [bytes(frame.planes[0]) for frame in frames], times


def pictures(footage: Sequence[bytes]) -> list[bytes]:
    return [bytes(frame.planes[0]) for frame in decode(footage)]


def evenly(count: int) -> list[float]:
    return [number * FRAME_NS / 1e9 for number in range(count)]


def about(times: list[float]) -> object:
    return pytest.approx(times, abs=0.001)


@pytest.mark.parametrize("is_closed", [True, False], ids=["closed", "growing"])
@pytest.mark.parametrize("flush_every", [0, 1, 5])
@pytest.mark.parametrize("kind", KINDS)
def test_every_picture_is_shown_in_its_order_at_even_times(
    tmp_path: Path, kind: str, flush_every: int, is_closed: bool
) -> None:
    footage = encode(profile="high", gop=GOP, pictures=3 * GOP, **KINDS[kind])  # type: ignore[arg-type]
    path = tmp_path / "b.mp4"
    write(path, units_of(footage), flush_every=flush_every, is_closed=is_closed)
    found, times = shown(path)
    if is_closed:
        assert len(found) == len(footage)
    assert found == pictures(footage)[: len(found)]
    begin = times[0]  # FFmpeg moves all of a growing file, so that no time of decoding is negative
    assert not (is_closed and begin)
    assert [time - begin for time in times] == about(evenly(len(found)))


def test_what_a_growing_file_holds_back_is_not_much(tmp_path: Path) -> None:
    footage = encode(profile="high", gop=GOP, pictures=4 * GOP, bframes=3)
    write(tmp_path / "b.mp4", units_of(footage), flush_every=1, is_closed=False)
    assert len(shown(tmp_path / "b.mp4")[0]) >= len(footage) - 4


def test_long_gops_are_cut_where_no_picture_is_torn_from_its_place(tmp_path: Path) -> None:
    footage = encode(profile="high", gop=300, pictures=200, bframes=3)
    units = units_of(footage)
    write(tmp_path / "b.mp4", units)
    found, times = shown(tmp_path / "b.mp4")
    assert found == pictures(footage)
    assert times == about(evenly(len(footage)))
    data = (tmp_path / "b.mp4").read_bytes()
    assert data.count(b"moof") >= 3


def test_open_gops_show_the_pictures_in_front_of_an_i_picture_first(tmp_path: Path) -> None:
    footage = encode(profile="high", gop=GOP, pictures=4 * GOP, **OPEN)  # type: ignore[arg-type]
    units = units_of(footage)
    assert sum(unit.recovery_point is not None for unit in units) == 3
    write(tmp_path / "b.mp4", units)
    found, times = shown(tmp_path / "b.mp4")
    assert found == pictures(footage)
    assert times == about(evenly(len(footage)))


def sync_indexes(path: Path) -> list[int]:
    data = path.read_bytes()
    movie = read_movie(lambda offset, size: data[offset : offset + size], len(data))
    return list(movie.table.sync_indexes)


def test_players_seek_to_no_i_picture_that_leading_pictures_follow(tmp_path: Path) -> None:
    """Chromium ends with an error where these can't be decoded."""
    footage = encode(profile="high", gop=GOP, pictures=4 * GOP, **OPEN)  # type: ignore[arg-type]
    write(tmp_path / "b.mp4", units_of(footage), flush_every=1)
    assert sync_indexes(tmp_path / "b.mp4") == [0]
    write(tmp_path / "i.mp4", units_of(open_gops(gop=GOP, pictures=4 * GOP)))
    assert sync_indexes(tmp_path / "i.mp4") == [0, GOP, 2 * GOP, 3 * GOP]


@pytest.mark.parametrize("step", [1, 7, 1000])
def test_a_file_that_begins_in_open_gops_begins_without_leading_pictures(
    tmp_path: Path, step: int
) -> None:
    footage = encode(profile="high", gop=GOP, pictures=4 * GOP, **OPEN)  # type: ignore[arg-type]
    units = units_of(footage)[GOP + 1 :]
    begin = next(i for i, unit in enumerate(units) if unit.is_entry_point)
    played = units[begin:]
    part = tmp_path / "late.mp4"
    with io.FileIO(part, "xb+") as file:
        opened = OpenFile(part, file, Mp4Container(file))
        for first in range(0, len(played), step):
            for gop in gops_of(played[first : first + step]):
                opened.write(opened.without_leading(gop))
        opened.complete()
    left_out = [unit for unit in played[:GOP] if unit.is_leading]
    assert len(left_out) == 2
    found, _ = shown(part)
    assert found == pictures(footage)[-len(found) :]
    assert len(found) == len(played) - len(left_out)
    assert sync_indexes(part) == [0]


def gops_of(units: Sequence[AccessUnit]) -> Iterator[Sequence[AccessUnit]]:
    starts = [0, *(i for i, unit in enumerate(units) if i and unit.is_entry_point), len(units)]
    for begin, end in pairwise(starts):
        yield units[begin:end]


def test_a_cut_in_open_gops_begins_at_the_idr_before(tmp_path: Path) -> None:
    footage = encode(profile="high", gop=GOP, pictures=4 * GOP, **OPEN)  # type: ignore[arg-type]
    path = tmp_path / "b.mp4"
    write(path, units_of(footage))
    with cut([path], 1.5 * GOP / 30, 2.5 * GOP / 30, 0) as made:
        data = made.read()
    with av.open(io.BytesIO(data)) as file:
        frames = list(file.decode(video=0))
    found = [bytes(frame.planes[0]) for frame in frames]
    times = [float(frame.pts * frame.time_base) for frame in frames]
    assert found == pictures(footage)[: len(found)]
    assert len(found) >= 2.5 * GOP - 3
    assert [time - times[0] for time in times] == about(evenly(len(times)))
    assert times[0] <= 3 * FRAME_NS / 1e9


@pytest.mark.parametrize("kind", KINDS)
def test_a_cut_shows_its_gops_in_order_from_0_on(tmp_path: Path, kind: str) -> None:
    footage = encode(profile="high", gop=GOP, pictures=5 * GOP, **KINDS[kind])  # type: ignore[arg-type]
    path = tmp_path / "b.mp4"
    write(path, units_of(footage))
    with cut([path], 1.5 * GOP / 30, 2.5 * GOP / 30, 0) as made:
        found, times = shown(made.read())
    assert found == pictures(footage)[GOP : 3 * GOP]
    assert times == about(evenly(2 * GOP))


def test_files_are_joined_whether_their_pictures_are_reordered_or_not(tmp_path: Path) -> None:
    plain = encode(profile="high", gop=GOP, pictures=GOP)
    reordered = encode(profile="high", gop=GOP, pictures=2 * GOP, bframes=2)
    paths = [tmp_path / f"{number}.mp4" for number in range(3)]
    for path, footage in zip(paths, (plain, reordered, plain), strict=True):
        write(path, units_of(footage))
    with cut(paths, 0, math.inf, 0) as made:
        found, times = shown(made.read())
    assert found == [*pictures(plain), *pictures(reordered), *pictures(plain)]
    assert times == about(evenly(4 * GOP))


def test_a_film_of_another_program_with_b_pictures_can_be_cut(tmp_path: Path) -> None:
    path = tmp_path / "film.mp4"
    with av.open(str(path), "w") as file:
        stream = file.add_stream("libx264", rate=30)
        stream.width, stream.height, stream.pix_fmt = 64, 64, "yuv420p"
        stream.options = {"x264-params": f"keyint={GOP}:scenecut=0:bframes=2:b-adapt=0:log=-1"}
        for number in range(3 * GOP):
            frame = av.VideoFrame(64, 64, "yuv420p")
            for plane in frame.planes:
                plane.update(bytes([5 * number % 256]) * plane.buffer_size)
            frame.pts = number
            file.mux(stream.encode(frame))
        file.mux(stream.encode(None))
    whole, _ = shown(path)
    with path.open("rb") as opened:

        def read_at(offset: int, size: int) -> bytes:
            opened.seek(offset)
            return opened.read(size)

        assert read_movie(read_at, path.stat().st_size).table.composition_offsets
    with cut([path], 1.2 * GOP / 30, 1.5 * GOP / 30, 0) as made:
        found, times = shown(made.read())
    assert found == whole[GOP : 2 * GOP]
    assert times == about([number / 30 for number in range(GOP)])
