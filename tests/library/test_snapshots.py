"""The current picture, in any width."""

from __future__ import annotations

import time
from collections.abc import Iterator

import av
import pytest

from pet_stream.errors import NoPicture, TooMany
from pet_stream.library.snapshots import MAX_WIDTHS, Snapshots
from pet_stream.media.access_unit import AccessUnit

from ..recording.test_mp4_container import timed
from ..waiting import TIMEOUT_S


@pytest.fixture
def pictures(pictures: list[AccessUnit]) -> list[AccessUnit]:
    """With times that end about now."""
    return timed(pictures, start_ns=time.monotonic_ns() - 2_000_000_000)


class Gop(list[AccessUnit]):
    """Counts how often it is read from its beginning."""

    read_count = 0

    def __iter__(self) -> Iterator[AccessUnit]:
        self.read_count += 1
        return super().__iter__()


def size_of(jpeg: bytes) -> tuple[int, int]:
    (frame,) = av.CodecContext.create("mjpeg", "r").decode(av.Packet(jpeg))
    return frame.width, frame.height


def test_a_snapshot_is_the_newest_picture_and_not_decoded_for_each_request(
    pictures: list[AccessUnit],
) -> None:
    asked = 0

    def gop() -> list[AccessUnit]:
        nonlocal asked
        asked += 1
        return pictures[:5]

    snapshots = Snapshots(gop, max_age_s=TIMEOUT_S)
    first = snapshots.take().jpeg
    assert size_of(first) == (320, 240)
    assert snapshots.take().jpeg is first
    assert asked == 1


def test_what_can_not_be_decoded_is_not_tried_for_each_request(
    pictures: list[AccessUnit],
) -> None:
    asked = 0

    def gop() -> list[AccessUnit]:
        nonlocal asked
        asked += 1
        return pictures[1:5]  # without its IDR

    snapshots = Snapshots(gop, max_age_s=TIMEOUT_S)
    for _ in range(3):
        with pytest.raises(NoPicture):
            snapshots.take()
    assert asked == 1


def test_without_a_camera_there_is_no_snapshot() -> None:
    with pytest.raises(NoPicture):
        Snapshots(lambda: ()).take()


@pytest.mark.parametrize(
    ("width", "size"),
    [(None, (320, 240)), (320, (320, 240)), (8192, (320, 240)), (160, (160, 120)), (17, (17, 12))],
)
def test_a_snapshot_is_as_wide_as_asked_for_and_never_enlarged(
    pictures: list[AccessUnit], width: int | None, size: tuple[int, int]
) -> None:
    assert size_of(Snapshots(lambda: pictures[:5]).take(width).jpeg) == size


def test_each_width_of_a_picture_is_made_once(pictures: list[AccessUnit]) -> None:
    snapshots = Snapshots(lambda: pictures[:5], max_age_s=0)
    for width in (None, 160):
        first = snapshots.take(width)
        assert snapshots.take(width) is first
    assert snapshots.take(320) is snapshots.take(None)


def test_a_picture_is_decoded_once_however_often_it_is_looked_at(
    pictures: list[AccessUnit],
) -> None:
    gop = Gop(pictures[:5])
    snapshots = Snapshots(lambda: gop, max_age_s=0)
    for width in (None, 160, 80, None):
        snapshots.take(width)
    assert gop.read_count == 1


def test_only_so_many_widths_are_made_of_one_picture(pictures: list[AccessUnit]) -> None:
    shown = pictures[:5]
    snapshots = Snapshots(lambda: shown, max_age_s=0)
    widths = range(100, 100 + MAX_WIDTHS)
    for width in (*widths, *widths):
        snapshots.take(width)
    with pytest.raises(TooMany):
        snapshots.take(99)
    assert size_of(snapshots.take().jpeg) == (320, 240)  # always
    shown = pictures[:6]
    snapshots.take(99)


def test_a_snapshot_knows_its_version_and_when_it_was_captured(
    pictures: list[AccessUnit],
) -> None:
    shown = pictures[:5]
    snapshots = Snapshots(lambda: shown, max_age_s=0)
    first, small = snapshots.take(), snapshots.take(160)
    shown = pictures[:6]
    second = snapshots.take()
    assert len({first.version, small.version, second.version}) == 3
    age_s = (time.monotonic_ns() - pictures[4].capture_ns) / 1e9
    assert first.captured_at == pytest.approx(time.time() - age_s, abs=1)
    passed_s = (pictures[5].capture_ns - pictures[4].capture_ns) / 1e9
    assert second.captured_at - first.captured_at == pytest.approx(passed_s, abs=0.01)
