"""A part of a recording: what a cut of it gives, and saved as a recording of its own."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from pet_stream.admission.token_bucket import TokenBucket
from pet_stream.errors import (
    BadName,
    NameExists,
    NotCuttable,
    NotFound,
    StorageError,
    TooLarge,
    TooMany,
)
from pet_stream.library.archive import Archive
from pet_stream.library.cuts import Bounds, Cuts
from pet_stream.library.library import Library
from pet_stream.library.retention import Retention
from pet_stream.media.access_unit import AccessUnit
from pet_stream.recording.disk import PART_SUFFIX
from tests.waiting import wait_until

from ..recording.mp4_files import film
from ..recording.playback import GOP
from ..recording.test_mp4_container import timed
from .test_archive import write_mp4

NAME = "recording_20240501_120000.mp4"
AS_OFTEN_AS_LIKED = TokenBucket(1, 0.0)
FPS = 30


def units_of(pictures: list[AccessUnit], gops: int) -> list[AccessUnit]:
    """So many GOPs, of GOP pictures each."""
    return timed((pictures * gops)[: gops * GOP])


@pytest.fixture
def library(tmp_path: Path, pictures: list[AccessUnit]) -> Library:
    """With a recording of six GOPs."""
    write_mp4(tmp_path / NAME, units_of(pictures, 6))
    return Library(tmp_path)


@pytest.fixture
def make(library: Library) -> Callable[..., Cuts]:
    def make(**options: object) -> Cuts:
        settings = {"saves": AS_OFTEN_AS_LIKED, **options}
        return Cuts(library, lambda size_bytes: None, **settings)  # type: ignore[arg-type]

    return make


def names(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


@pytest.mark.parametrize(
    ("from_gops", "to_gops", "gops"),
    [
        (0.0, 6.0, (0, 6)),
        (1.0, 1.9, (1, 2)),
        (1.5, 1.9, (1, 2)),
        (1.0, 2.1, (1, 3)),
        (1.4, 1.6, (1, 2)),
        (5.9, 99.0, (5, 6)),
    ],
)
def test_a_cut_tells_where_it_really_begins_and_ends(
    make: Callable[..., Cuts],
    library: Library,
    from_gops: float,
    to_gops: float,
    gops: tuple[int, int],
) -> None:
    gop_s = GOP / FPS
    from_s, to_s, size_bytes = make().bounds(NAME, from_gops * gop_s, to_gops * gop_s)
    assert (from_s, to_s) == pytest.approx((gops[0] * gop_s, gops[1] * gop_s), abs=0.001)
    assert make().bounds(NAME, from_s, to_s) == (from_s, to_s, size_bytes), "it snaps once"
    with library.open(NAME, from_gops * gop_s, to_gops * gop_s).file as file:
        assert size_bytes < file.size < size_bytes + 4096
        assert len(film(file.read()).pictures) == (gops[1] - gops[0]) * GOP


def test_a_part_becomes_a_clip_at_its_own_time(make: Callable[..., Cuts], library: Library) -> None:
    told: list[str] = []
    saved = make(on_saved=told.append).save(NAME, 2 * GOP / FPS, 3.9 * GOP / FPS)
    whole_seconds = int(2 * GOP / FPS)
    assert (
        saved == f"recording_20240501_12000{whole_seconds}{'_2' if not whole_seconds else ''}.mp4"
    )
    assert told == [saved]
    rows = {row.name: row for row in library.recordings()}
    assert library.is_clip(rows[saved])
    assert not library.is_clip(rows[NAME])
    assert library.details(rows[saved]).duration_s == pytest.approx(2 * GOP / FPS, abs=0.001)
    shown = film((library.folder / saved).read_bytes())
    assert shown.keyframes[0] == 0
    assert len(shown.pictures) == 2 * GOP
    assert names(library.folder) == {NAME, saved}


def test_it_may_have_a_name_that_is_free(make: Callable[..., Cuts], library: Library) -> None:
    cuts = make()
    assert cuts.save(NAME, 0, 1, "ball") == "ball.mp4"
    for taken in ("ball", "ball.mp4", NAME):
        with pytest.raises(NameExists):
            cuts.save(NAME, 0, 1, taken)
    for bad in ("../ball", "a/b", ".hidden", "ball.h264", "x" * 200):
        with pytest.raises(BadName):
            cuts.save(NAME, 0, 1, bad)
    assert names(library.folder) == {NAME, "ball.mp4"}


def test_parts_of_one_second_get_numbers(make: Callable[..., Cuts]) -> None:
    cuts = make()
    stem = NAME.removesuffix(".mp4")
    assert [cuts.save(NAME, 0, 0.1) for _ in range(3)] == [f"{stem}_{n}.mp4" for n in (2, 3, 4)]


def test_what_goes_on_over_two_files_is_cut_as_one(
    make: Callable[..., Cuts], library: Library, pictures: list[AccessUnit]
) -> None:
    for number in (1, 2):
        write_mp4(library.folder / f"cat.{number:03d}.mp4", units_of(pictures, 2))
    gop_s = GOP / FPS
    bounds = make().bounds("cat.mp4", 1.5 * gop_s, 2.5 * gop_s)
    assert bounds[:2] == pytest.approx((gop_s, 3 * gop_s), abs=0.001)
    saved = make().save("cat.mp4", 1.5 * gop_s, 2.5 * gop_s, "both")
    assert len(film((library.folder / saved).read_bytes()).pictures) == 2 * GOP


def test_what_can_not_be_cut_says_so_and_leaves_nothing(
    make: Callable[..., Cuts], library: Library
) -> None:
    (library.folder / "raw.h264").write_bytes(b"\0\0\0\1e")
    (library.folder / "broken.mp4").write_bytes(b"no movie")
    before = names(library.folder)
    cuts = make()
    for name, error in (
        ("raw.h264", NotCuttable),
        ("broken.mp4", NotCuttable),
        ("absent.mp4", NotFound),
        ("../absent.mp4", BadName),
    ):
        for ask in (cuts.bounds, cuts.save):
            with pytest.raises(error):
                ask(name, 0, 1)
    with pytest.raises(NotCuttable):
        cuts.save(NAME, 1000, 2000)
    assert names(library.folder) == before


def test_a_part_that_is_too_large_is_refused(make: Callable[..., Cuts], library: Library) -> None:
    size_bytes = make().bounds(NAME, 0).size_bytes
    assert make(max_bytes=size_bytes).save(NAME, 0, 1000)
    with pytest.raises(TooLarge):
        make(max_bytes=size_bytes - 1).save(NAME, 0, 1000)
    assert len(names(library.folder)) == 2


def test_so_much_stays_free_that_no_recording_ends(
    make: Callable[..., Cuts], library: Library
) -> None:
    cuts = make()
    disk = library.disk_space()
    assert disk is not None
    cuts.min_free_bytes = disk.free_bytes  # less than twice that is there
    with pytest.raises(StorageError) as refused:
        cuts.save(NAME, 0, 1)
    assert refused.value.cause == "disk_almost_full"
    assert names(library.folder) == {NAME}


def test_a_disk_that_fails_leaves_nothing(
    make: Callable[..., Cuts], library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(descriptor: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(StorageError) as failed:
        make().save(NAME, 0, 1)
    assert failed.value.cause == "disk_full"
    assert names(library.folder) == {NAME}


def test_they_are_saved_one_after_the_other(make: Callable[..., Cuts]) -> None:
    cuts = make(saves=TokenBucket(2, 1000.0))
    cuts.save(NAME, 0, 1)
    cuts.save(NAME, 0, 1)
    with pytest.raises(TooMany):
        cuts.save(NAME, 0, 1)


# ---- in the archive


@pytest.fixture
def archive(library: Library) -> Iterator[Archive]:
    archive = Archive(library, Retention(), "test", max_clip_bytes=1_000_000)
    yield archive
    archive.stop()


def test_it_counts_as_the_other_clips_do(
    archive: Archive, library: Library, pictures: list[AccessUnit]
) -> None:
    bounds: Bounds = archive.cuts.bounds(NAME, 0)
    archive.set_limits(Retention(), max_clip_bytes=int(1.5 * bounds.size_bytes), min_free_bytes=0)
    archive.cuts.save(NAME, 0, 1000)
    with pytest.raises(StorageError) as refused:
        archive.cuts.save(NAME, 0, 1000)
    assert refused.value.cause == "clips_full"


def test_what_a_crash_left_of_one_goes(archive: Archive, library: Library) -> None:
    left = ".ball.mp4.cut"
    for name in (f"{left}{PART_SUFFIX}", f"{left}.detections"):
        (library.folder / name).write_bytes(b"half")
    archive.start()
    wait_until(lambda: not {name for name in names(library.folder) if name.startswith(left)})
    assert NAME in names(library.folder)
