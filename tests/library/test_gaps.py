"""What a finished recording tells of its gaps, whoever has written it."""

from __future__ import annotations

import io
import struct
from array import array
from dataclasses import replace
from pathlib import Path

import pytest

from pet_stream.library.crash_recovery import repair
from pet_stream.library.gaps import count_gaps
from pet_stream.library.library import Library
from pet_stream.media.access_unit import AccessUnit
from pet_stream.media.gaps import Gap, Gaps
from pet_stream.media.mp4 import writing as mp4
from pet_stream.media.mp4.sample_table import SampleTable
from pet_stream.media.mp4.video_format import VideoFormat
from pet_stream.recording.containers import AnnexBContainer, Mp4Container

from ..recording.mp4_files import film
from ..recording.playback import FRAME_NS, GOP
from ..recording.test_mp4_container import timed, write_gop_by_gop

HOLE_S = 12


def with_hole(units: list[AccessUnit], at: int, hole_s: float = HOLE_S) -> list[AccessUnit]:
    """`units` with nothing for so long before the one `at`."""
    hole_ns = round(hole_s * 1e9)
    return [
        replace(unit, capture_ns=unit.capture_ns + hole_ns * (number >= at))
        for number, unit in enumerate(timed(units))
    ]


def record(path: Path, units: list[AccessUnit], *, is_closed: bool = True) -> None:
    with io.FileIO(path, "xb") as file:
        container = Mp4Container(file)
        write_gop_by_gop(container, units)
        container.flush()
        if is_closed:
            container.close(units[-1].capture_ns + FRAME_NS)


def gaps_of(folder: Path, name: str) -> Gaps | None:
    library = Library(folder)
    return library.details(library.find(name)).gaps


def approximately(gap: Gap) -> object:
    return pytest.approx((gap.from_s, gap.to_s), abs=0.001)


@pytest.fixture
def holey(pictures: list[AccessUnit]) -> list[AccessUnit]:
    return with_hole(pictures, at=2 * GOP)


EXPECTED = Gap((2 * GOP - 1) * FRAME_NS / 1e9, 2 * GOP * FRAME_NS / 1e9 + HOLE_S)


def assert_expected(gaps: Gaps | None, start_s: float = 0) -> None:
    assert gaps is not None
    assert gaps.count == 1
    (gap,) = gaps.longest
    expected = Gap(start_s + EXPECTED.from_s, start_s + EXPECTED.to_s)
    assert (gap.from_s, gap.to_s) == approximately(expected)
    assert gaps.missing_s == pytest.approx(expected.duration_s, abs=0.001)


def test_a_hole_of_a_dead_camera_is_a_gap(tmp_path: Path, holey: list[AccessUnit]) -> None:
    record(tmp_path / "cat.mp4", holey)
    assert_expected(gaps_of(tmp_path, "cat.mp4"))
    assert film(tmp_path / "cat.mp4").decoded_count == len(holey)


def test_a_repaired_file_knows_its_gaps(tmp_path: Path, holey: list[AccessUnit]) -> None:
    record(tmp_path / "cat.mp4.part", holey, is_closed=False)
    assert_expected(gaps_of(tmp_path, repair(tmp_path / "cat.mp4.part").name))


def test_of_several_files_the_gaps_lie_behind_each_other(
    tmp_path: Path, pictures: list[AccessUnit], holey: list[AccessUnit]
) -> None:
    record(tmp_path / "cat.001.mp4", timed(pictures))
    record(tmp_path / "cat.002.mp4", holey)
    assert_expected(gaps_of(tmp_path, "cat.mp4"), len(pictures) * FRAME_NS / 1e9)
    (row,) = Library(tmp_path).recordings()
    told = row.to_json(Library(tmp_path).details(row))
    assert told["gap_count"] == 1
    assert told["missing_s"] == pytest.approx(HOLE_S, abs=0.1)
    assert told["gaps"][0].keys() == {"from_s", "to_s"}


@pytest.mark.parametrize("other", ["cat.002.h264", "cat.002.mp4"])
def test_with_a_file_of_which_nobody_knows_none_are_known(
    tmp_path: Path, holey: list[AccessUnit], other: str
) -> None:
    record(tmp_path / "cat.001.mp4", holey)
    (tmp_path / other).write_bytes(b"?")
    name = "cat.mp4" if other.endswith("mp4") else other
    assert gaps_of(tmp_path, name) is None


def test_raw_pictures_have_no_times(tmp_path: Path, holey: list[AccessUnit]) -> None:
    with io.FileIO(tmp_path / "cat.h264", "xb") as file:
        AnnexBContainer(file).write(holey)
    assert gaps_of(tmp_path, "cat.h264") is None


def without_told_gaps(data: bytes) -> bytes:
    """A file of before, which does not tell its gaps: the id of its box is somebody else's."""
    at = data.rindex(b"uuid") + 4
    return data[:at] + b"X" * 16 + data[at + 16 :]


def test_of_a_file_of_before_they_are_found_in_its_index(
    tmp_path: Path, holey: list[AccessUnit]
) -> None:
    path = tmp_path / "cat.mp4"
    record(path, holey)
    path.write_bytes(without_told_gaps(path.read_bytes()))
    assert_expected(gaps_of(tmp_path, "cat.mp4"))


@pytest.mark.parametrize(("count", "is_known"), [(30_000, True), (40_000, False)])
def test_but_a_list_does_not_read_a_large_index(
    tmp_path: Path, pictures: list[AccessUnit], count: int, is_known: bool
) -> None:
    table = SampleTable(
        sizes=array("I", [4]) * count,
        durations=array("I", [3000, 3001]) * (count // 2),
        sync_indexes=array("I", [0]),
        chunk_offsets=array("Q", [100]),
        chunk_counts=array("I", [count]),
        total_duration=6001 * (count // 2),
    )
    index = mp4.index(VideoFormat.of(pictures[0]), table, 0)
    path = tmp_path / "cat.mp4"
    mdat = struct.pack(">I4s", 8 + 5 * count, b"mdat") + bytes(5 * count)
    path.write_bytes(without_told_gaps(mdat + index))
    assert gaps_of(tmp_path, "cat.mp4") == (Gaps() if is_known else None)
    assert count_gaps([path]) == 0, "who looks at one file may read all of it"
