from __future__ import annotations

import io
import itertools
import random
from pathlib import Path

import pytest

from pet_stream.library.crash_recovery import repair
from pet_stream.library.library import Library
from pet_stream.media.access_unit import AccessUnit
from pet_stream.media.mp4.writing import PLACEHOLDER_AT
from pet_stream.recording.containers import AnnexBContainer, Mp4Container

from ..recording.mp4_files import expected_pictures, expected_times_s, film
from ..recording.playback import GOP, annex_b, decoded_count
from ..recording.test_mp4_container import timed

TRUNCATIONS = 40
"""`make soak-recording` makes 200."""
HOLES = 30
"""Also 200 there."""


def truncate_and_repair(folder: Path, units: list[AccessUnit], count: int, seed: int) -> None:
    """Break off a finished and an unfinished file at random bytes: what is whole of it plays."""
    source = folder / "source.mp4"
    gop_ends: list[int] = []
    with io.FileIO(source, "xb+") as file:
        container = Mp4Container(file)
        for begin in range(0, len(units), GOP):
            container.write(units[begin : begin + GOP])
            gop_ends.append(container.bytes_written)
        gop_ends.append(container.bytes_written)
        unfinished = source.read_bytes()
        container.close()
    finished = source.read_bytes()
    ends = gop_ends[1:-1]  # a GOP is in the file once the next one begins
    random_ = random.Random(seed)
    for number in range(count):
        whole_file = (unfinished, finished)[number % 2]
        first = len(unfinished) if number % 8 == 1 else 1  # often in the middle of the index
        size = random_.randrange(first, len(whole_file))
        part = folder / f"cut_{number}.mp4.part"
        part.write_bytes(whole_file[:size])
        path = repair(part)
        whole_gops = sum(end <= size for end in ends)
        if not whole_gops:
            assert path.name == f"cut_{number}.mp4.unplayable"
            assert path.stat().st_size == size
        else:
            assert path.name == f"cut_{number}_recovered.mp4"
            shown = film(path)
            assert len(shown.pictures) >= whole_gops * GOP
            assert shown.pictures == expected_pictures(units[: len(shown.pictures)])
            assert shown.decoded_count == len(shown.pictures)
            assert shown.duration_s == pytest.approx(len(shown.pictures) / 30, abs=0.01)
        assert not part.exists()


@pytest.mark.slow
def test_everything_up_to_the_last_whole_fragment_plays(
    tmp_path: Path, pictures: list[AccessUnit]
) -> None:
    truncate_and_repair(tmp_path, timed(pictures), TRUNCATIONS, seed=1)


def write_fragments(path: Path, units: list[AccessUnit]) -> tuple[bytes, bytes, list[int]]:
    """A GOP each: the file before it is completed, and after; where the fragments begin, and the
    last one ends."""
    bounds = []
    with io.FileIO(path, "xb+") as file:
        container = Mp4Container(file)
        for begin in range(0, len(units), GOP):
            container.write(units[begin : begin + 1])
            bounds.append(container.bytes_written)
            container.write(units[begin + 1 : begin + GOP])
            container.flush()
        bounds.append(container.bytes_written)
        unfinished = path.read_bytes()
        container.close()
    return unfinished, path.read_bytes(), bounds


def zero_and_repair(folder: Path, units: list[AccessUnit], count: int, seed: int) -> None:
    """Leave holes of whole sectors in a finished and an unfinished file: all GOPs without a hole in
    them play."""
    unfinished, finished, bounds = write_fragments(folder / "source.mp4", units)
    random_ = random.Random(seed)
    for number in range(count):
        data = bytearray((unfinished, finished)[number % 2])
        begin = random_.randrange(bounds[0], len(data) - 512)
        if number % 3:
            begin = max(begin // 512 * 512, -(-bounds[0] // 512) * 512)
        end = len(data) if number % 5 == 0 else begin + 512 * random_.randint(1, 16)
        end = min(end, len(data))
        data[begin:end] = bytes(end - begin)
        part = folder / f"hole_{number}.mp4.part"
        part.write_bytes(data)
        path = repair(part)
        whole = [
            units[n * GOP : (n + 1) * GOP]
            for n, (first, behind) in enumerate(itertools.pairwise(bounds))
            if behind <= begin or end <= first
        ]
        expected = [unit for gop in whole for unit in gop]
        if not expected:
            assert path.name == f"hole_{number}.mp4.unplayable"
            assert path.read_bytes() == data
            continue
        assert path.name == f"hole_{number}_recovered.mp4"
        shown = film(path)
        assert shown.pictures == expected_pictures(expected)
        assert shown.times_s == pytest.approx(expected_times_s(expected), abs=0.001)
        assert shown.decoded_count == len(expected)
        assert shown.keyframes == list(range(0, len(expected), GOP))
        path.unlink()


def test_everything_without_a_hole_plays(tmp_path: Path, pictures: list[AccessUnit]) -> None:
    zero_and_repair(tmp_path, timed(pictures * 2), HOLES, seed=3)


def test_behind_a_hole_it_goes_on_at_an_idr(tmp_path: Path, pictures: list[AccessUnit]) -> None:
    units = timed(pictures)
    part = tmp_path / "cat.mp4.part"
    bounds = []
    with io.FileIO(part, "xb+") as file:
        container = Mp4Container(file)
        for begin in range(0, len(units), GOP // 2):  # every second fragment begins in mid-GOP
            container.write(units[begin : begin + GOP // 2])
            container.flush()
            bounds.append(container.bytes_written)
        file.seek(bounds[2] - 600)
        file.write(bytes(100))
    expected = units[:GOP] + units[2 * GOP :]
    shown = film(repair(part))
    assert shown.pictures == expected_pictures(expected)
    assert shown.times_s == pytest.approx(expected_times_s(expected), abs=0.001)
    assert shown.decoded_count == len(expected)


def test_a_hole_in_the_beginning_makes_no_wrong_picture(
    tmp_path: Path, pictures: list[AccessUnit]
) -> None:
    units = timed(pictures)
    unfinished, _, bounds = write_fragments(tmp_path / "source.mp4", units)
    for begin in range(0, bounds[0], 16):
        data = bytearray(unfinished)
        data[begin : bounds[0]] = bytes(bounds[0] - begin)
        part = tmp_path / f"hole_{begin}.mp4.part"
        part.write_bytes(data)
        path = repair(part)
        if path.suffix == ".mp4":
            assert film(path).pictures == expected_pictures(units)
            assert film(path).decoded_count == len(units)
        else:
            assert path.read_bytes() == data


def test_a_raw_stream_that_ends_in_zeros_keeps_the_rest(
    tmp_path: Path, pictures: list[AccessUnit]
) -> None:
    part = tmp_path / "cat.h264.part"
    part.write_bytes(annex_b(pictures) + bytes(9_000_000))
    path = repair(part)
    assert path.name == "cat_recovered.h264"
    assert path.read_bytes() == annex_b(pictures[:-1])


def test_a_raw_stream_loses_at_most_its_last_picture(
    tmp_path: Path, pictures: list[AccessUnit]
) -> None:
    data = annex_b(pictures)
    first = len(pictures[0].to_annex_b())
    random_ = random.Random(2)
    for number in range(30):
        size = random_.randrange(first + 100, len(data))
        part = tmp_path / f"cut_{number}.h264.part"
        part.write_bytes(data[:size])
        path = repair(part)
        kept = path.read_bytes()
        assert path.name == f"cut_{number}_recovered.h264"
        assert data.startswith(kept)
        ends = [len(annex_b(pictures[: n + 1])) for n in range(len(pictures))]
        whole = sum(end <= size for end in ends)
        assert len(kept) in (ends[whole - 1], ends[whole - 2])
        assert decoded_count(path) in (whole, whole - 1)


@pytest.mark.parametrize(
    "content", [b"", b"\0" * 5000, b"not a film", b"\0\0\0\x18ftypisom\0\0\2\0isomiso6"]
)
@pytest.mark.parametrize("ending", ["mp4", "h264"])
def test_what_can_not_be_played_is_set_aside_and_never_deleted(
    tmp_path: Path, content: bytes, ending: str
) -> None:
    for number in (1, 2):
        part = tmp_path / f"cat.{ending}.part"
        part.write_bytes(content)
        path = repair(part)
        assert path.read_bytes() == content
        assert not part.exists()
        assert len(list(tmp_path.iterdir())) == number


def test_a_link_is_not_followed(tmp_path: Path, pictures: list[AccessUnit]) -> None:
    target = tmp_path / "elsewhere"
    target.write_bytes(annex_b(pictures))
    part = tmp_path / "cat.h264.part"
    part.symlink_to(target)
    assert repair(part).name == "cat.h264.unplayable"
    assert target.read_bytes() == annex_b(pictures)


def test_a_repaired_file_overwrites_nothing(tmp_path: Path, pictures: list[AccessUnit]) -> None:
    (tmp_path / "cat_recovered.h264").write_bytes(b"an earlier one")
    part = tmp_path / "cat.h264.part"
    part.write_bytes(annex_b(pictures))
    assert repair(part).name == "cat_recovered_2.h264"
    assert (tmp_path / "cat_recovered.h264").read_bytes() == b"an earlier one"


def test_a_repaired_file_of_several_keeps_its_place(
    tmp_path: Path, pictures: list[AccessUnit]
) -> None:
    units = timed(pictures)
    for name in ("cat.001.mp4", "cat.002.mp4.part"):
        with io.FileIO(tmp_path / name, "xb+") as file:
            container = Mp4Container(file)
            container.write(units)
            if name.endswith(".mp4"):
                container.close()
            else:
                container.flush()
    assert repair(tmp_path / "cat.002.mp4.part").name == "cat.002_recovered.mp4"
    library = Library(tmp_path)
    (row,) = library.recordings()
    assert (row.name, row.state) == ("cat.mp4", "recovered")
    assert row.files == ("cat.001.mp4", "cat.002_recovered.mp4")
    with library.open("cat.mp4").file as joined:
        assert film(joined.read()).pictures == 2 * expected_pictures(units)


@pytest.mark.parametrize("step", ["index", "placeholder"])
def test_a_crash_while_finishing_costs_nothing(
    tmp_path: Path, pictures: list[AccessUnit], step: str
) -> None:
    units = timed(pictures)
    part = tmp_path / "cat.mp4.part"
    with io.FileIO(part, "xb+") as file:
        container = Mp4Container(file)
        container.write(units)
        container.close()
        if step == "index":  # written, but the header of the mdat is not
            file.seek(PLACEHOLDER_AT)
            assert file.read(8) == b"\0\0\0\1mdat"
            file.seek(PLACEHOLDER_AT)
            file.write(b"\0\0\0\x10free" + bytes(8))
    path = repair(part)
    assert film(path).pictures == expected_pictures(units)
    assert film(path).duration_s == pytest.approx(len(units) / 30, abs=0.001)


def test_a_foreign_file_is_set_aside_as_it_is(tmp_path: Path, pictures: list[AccessUnit]) -> None:
    part = tmp_path / "download.mp4.part"
    with io.FileIO(part, "xb+") as file:
        container = Mp4Container(file)
        container.write(timed(pictures))
        container.close()
    data = part.read_bytes().replace(b"uuid", b"free", 1).replace(b"mdat", b"MDAT", 1)
    part.write_bytes(data)
    assert repair(part).read_bytes() == data


def test_a_raw_stream_of_one_picture_is_set_aside(
    tmp_path: Path, pictures: list[AccessUnit]
) -> None:
    part = tmp_path / "cat.h264.part"
    with io.FileIO(part, "xb") as file:
        AnnexBContainer(file).write(pictures[:1])
    assert repair(part).name == "cat.h264.unplayable"
