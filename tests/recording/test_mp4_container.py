from __future__ import annotations

import contextlib
import io
import itertools
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from pet_stream.media.access_unit import AccessUnit
from pet_stream.media.mp4.pending_pictures import MAX_FRAGMENT_NS
from pet_stream.media.mp4.reading import read_movie
from pet_stream.media.mp4.writing import as_one_mdat
from pet_stream.recording.containers import Mp4Container

from ..footage import encode
from .mp4_files import Film, expected_pictures, expected_times_s, film
from .playback import FRAME_NS, GOP, access_unit

TICK_S = 1 / 90_000


def timed(
    units: Sequence[AccessUnit], step_ns: int = FRAME_NS, start_ns: int = 10**12
) -> list[AccessUnit]:
    return [
        replace(unit, capture_ns=start_ns + number * step_ns, sequence=number)
        for number, unit in enumerate(units)
    ]


def write_gop_by_gop(container: Mp4Container, units: Sequence[AccessUnit]) -> None:
    for begin in range(0, len(units), GOP):
        container.write(units[begin : begin + GOP])


@contextmanager
def container_at(path: Path) -> Iterator[Mp4Container]:
    with io.FileIO(path, "xb+") as file:
        yield Mp4Container(file)


def assert_shows(shown: Film, units: Sequence[AccessUnit]) -> None:
    assert shown.pictures == expected_pictures(units)
    assert shown.times_s == pytest.approx(expected_times_s(units), abs=2 * TICK_S)
    assert shown.keyframes == [n for n, unit in enumerate(units) if unit.is_idr]
    assert shown.decoded_count == len(units)


@pytest.mark.parametrize("batch", [1, 5, GOP, 1000])
def test_a_file_holds_every_picture_at_its_capture_time(
    tmp_path: Path, pictures: list[AccessUnit], batch: int
) -> None:
    units = timed(pictures)
    path = tmp_path / "a.mp4"
    with container_at(path) as container:
        for begin in range(0, len(units), batch):
            container.write(units[begin : begin + batch])
        container.close()
    assert container.frame_count == len(units)
    assert container.bytes_written == path.stat().st_size
    shown = film(path)
    assert_shows(shown, units)
    assert (shown.width, shown.height) == (320, 240)
    assert shown.duration_s == pytest.approx(len(units) / 30, abs=0.001)


@pytest.mark.parametrize(
    ("profile", "name"), [("baseline", "Constrained Baseline"), ("main", "Main"), ("high", "High")]
)
def test_the_profile_and_the_cropped_size_are_told(tmp_path: Path, profile: str, name: str) -> None:
    encoded = encode(width=322, height=182, profile=profile, pictures=GOP)
    units = timed([replace(access_unit(d), width=322, height=182) for d in encoded])
    path = tmp_path / "a.mp4"
    with container_at(path) as container:
        container.write(units)
        container.close()
    shown = film(path)
    assert (shown.profile, shown.width, shown.height) == (name, 322, 182)
    assert shown.decoded_count == GOP


def test_a_file_plays_at_every_moment_while_it_grows(
    tmp_path: Path, pictures: list[AccessUnit]
) -> None:
    units = timed(pictures)
    path = tmp_path / "a.mp4"
    with container_at(path) as container:
        for number, unit in enumerate(units):
            container.write([unit])
            whole_gops = number // GOP * GOP
            if whole_gops and number % 5 == 0:
                assert_shows(film(path.read_bytes()), units[:whole_gops])


def test_a_slow_camera_reaches_the_file_before_its_gop_ends(
    tmp_path: Path, pictures: list[AccessUnit]
) -> None:
    units = timed(pictures, step_ns=500_000_000)  # 2 fps: a GOP lasts 7 s
    path = tmp_path / "a.mp4"
    with container_at(path) as container:
        for number, unit in enumerate(units[: 2 * GOP]):
            container.write([unit])
            waiting = number + 1 - in_file(path) if number >= 4 else 0
            assert waiting <= MAX_FRAGMENT_NS / 500_000_000
        container.close()
    assert_shows(film(path), units[: 2 * GOP])


@pytest.mark.parametrize("batch", [1, 3, GOP + 5])
def test_what_is_flushed_is_in_the_file_at_once_and_times_stay_true(
    tmp_path: Path, pictures: list[AccessUnit], batch: int
) -> None:
    units = jitter(a_gap(timed(pictures)))
    path = tmp_path / "a.mp4"
    with container_at(path) as container:
        for begin in range(0, len(units), batch):
            container.write(units[begin : begin + batch])
            container.flush()
            container.flush()
            assert_shows(film(path.read_bytes()), units[: begin + batch])
        growing = path.read_bytes()
        container.close()
    assert_shows(film(path), units)
    movie = read_movie(lambda offset, size: growing[offset : offset + size], len(growing))
    times = itertools.accumulate(movie.table.durations[:-1], initial=0)
    assert [t / 90_000 for t in times] == pytest.approx(expected_times_s(units), abs=2 * TICK_S)


def test_a_pause_of_the_camera_is_no_length_of_its_last_picture(
    tmp_path: Path, pictures: list[AccessUnit]
) -> None:
    units = timed(pictures[: GOP + 1])
    units[-1] = replace(units[-1], capture_ns=units[-2].capture_ns + 60_000_000_000)
    path = tmp_path / "a.mp4"
    with container_at(path) as container:
        container.write(units)
        container.close()
    assert film(path).duration_s == pytest.approx((GOP - 1) / 30 + 61, abs=0.001)


def test_the_next_file_goes_on_where_a_flushed_one_ends(
    tmp_path: Path, pictures: list[AccessUnit]
) -> None:
    units = timed(pictures)
    path = tmp_path / "a.mp4"
    with container_at(path) as container:
        container.write(units)
        container.flush()
        container.close(units[-1].capture_ns + 5_000_000_000)
    assert film(path).duration_s == pytest.approx((len(units) - 1) / 30 + 5, abs=0.001)


def in_file(path: Path) -> int:
    return len(film(path.read_bytes()).pictures)


def jitter(units: list[AccessUnit]) -> list[AccessUnit]:
    return [
        replace(unit, capture_ns=unit.capture_ns + number * number % 17 * 1_000_000)
        for number, unit in enumerate(units)
    ]


def a_gap(units: list[AccessUnit]) -> list[AccessUnit]:
    late = [replace(u, capture_ns=u.capture_ns + 90_000_000_000) for u in units[2 * GOP :]]
    return [*units[: 2 * GOP - 3], *late]


@pytest.mark.parametrize("change", [jitter, a_gap])
def test_odd_times_are_kept(
    tmp_path: Path,
    pictures: list[AccessUnit],
    change: Callable[[list[AccessUnit]], list[AccessUnit]],
) -> None:
    units = change(timed(pictures))
    path = tmp_path / "a.mp4"
    with container_at(path) as container:
        container.write(units)
        container.close()
    assert_shows(film(path), units)


def test_times_that_stand_still_or_fall_are_made_to_rise(
    tmp_path: Path, pictures: list[AccessUnit]
) -> None:
    units = [replace(unit, capture_ns=10**12 - number) for number, unit in enumerate(pictures)]
    path = tmp_path / "a.mp4"
    with container_at(path) as container:
        container.write(units)
        container.close()
    times_s = film(path).times_s
    assert all(earlier < later for earlier, later in itertools.pairwise(times_s))
    assert film(path).decoded_count == len(units)


class CountingFile(io.FileIO):
    written_bytes = 0

    def write(self, data: Any) -> int:
        count = super().write(data)
        self.written_bytes += count
        return count


def test_writing_an_mp4_costs_less_than_three_per_cent_more_than_its_h264(tmp_path: Path) -> None:
    """`python -m tests.recording.disk_bytes` measures what a disk gets, journal included."""
    encoded = encode(width=640, height=360, bit_rate=600_000, pictures=12 * GOP)
    units = timed([access_unit(data) for data in encoded])
    path = tmp_path / "a.mp4"
    with CountingFile(path, "xb+") as file:
        container = Mp4Container(file)
        for begin in range(0, len(units), 45):  # twice as many syncs as by default
            container.write(units[begin : begin + 45])
            container.flush()
        container.close()
        written_bytes = file.written_bytes + len(as_one_mdat(path.stat().st_size))
    assert written_bytes == path.stat().st_size + 16  # nothing but that is written twice
    assert written_bytes <= 1.03 * sum(map(len, encoded))


def test_what_a_full_disk_took_plays(small_disk: Path, pictures: list[AccessUnit]) -> None:
    path = small_disk / "a.mp4"
    units = timed(pictures * 20)
    with container_at(path) as container:
        with pytest.raises(OSError, match=r"No space|too large"):
            write_gop_by_gop(container, units)
        kept = container.frame_count
        assert kept >= GOP
        assert_shows(film(path), units[:kept])
        with contextlib.suppress(OSError):
            container.close()
    assert container.frame_count == kept
    assert container.bytes_written == path.stat().st_size
    assert_shows(film(path), units[:kept])


def test_without_a_picture_there_is_no_file_to_speak_of(tmp_path: Path) -> None:
    with container_at(tmp_path / "a.mp4") as container:
        container.write([])
        container.close()
    assert container.frame_count == container.bytes_written == 0
