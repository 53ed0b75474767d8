from __future__ import annotations

import contextlib
import itertools
from collections.abc import Sequence
from pathlib import Path

import pytest

from pet_stream.errors import SourceError
from pet_stream.feed.encoding import fit
from pet_stream.feed.source_picture import SourceOptions, SourcePicture
from pet_stream.feed.sources import Source
from pet_stream.media.h264 import NalUnitType, is_idr, nal_unit_type, split_annex_b

from ..footage import decode, encode
from .media_files import write_h264, write_video


def play(options: SourceOptions) -> tuple[str, list[SourcePicture]]:
    """What is done with the source, and its pictures."""
    plans: list[str] = []
    with contextlib.closing(Source(options)) as source:
        pictures = list(source.pictures(plans.append))
    assert len(plans) == 1
    return plans[0], pictures


def kinds(data: bytes) -> list[int]:
    return [nal_unit_type(nal_unit) for nal_unit in split_annex_b(data)]


@pytest.mark.parametrize("suffix", [".mp4", ".ts", ".mkv", ".h264"])
def test_playable_h264_is_passed_through_bit_by_bit(tmp_path: Path, suffix: str) -> None:
    units = encode(pictures=84)
    plan, pictures = play(SourceOptions(str(write_h264(tmp_path / f"v{suffix}", units))))
    assert plan == "H.264 is passed through"
    assert [slices(p.data) for p in pictures] == [slices(unit) for unit in units]
    assert [p.is_idr for p in pictures] == [i % 14 == 0 for i in range(84)]
    assert {(p.width, p.height) for p in pictures} == {(320, 240)}
    for picture in pictures[::14]:
        found = kinds(picture.data)
        assert found.count(NalUnitType.SPS) == found.count(NalUnitType.PPS) == 1
    times = [round(p.time_s - pictures[0].time_s, 3) for p in pictures]
    assert times == pytest.approx([i / 30 for i in range(84)], abs=0.002)


def slices(data: bytes) -> list[bytes]:
    return [n for n in split_annex_b(data) if nal_unit_type(n) in (1, 5)]


@pytest.mark.parametrize("profile", ["baseline", "main", "high"])
def test_profiles_that_browsers_play_are_passed_through(tmp_path: Path, profile: str) -> None:
    path = write_h264(tmp_path / "v.mp4", encode(pictures=28, profile=profile))
    assert play(SourceOptions(str(path)))[0] == "H.264 is passed through"


@pytest.mark.parametrize(
    ("footage", "reason"),
    [
        ({"gop": 84, "pictures": 84}, "more than 2 s between its key frames"),
        ({"profile": "high", "x264": ("interlaced=1",)}, "interlaced"),
        ({"profile": "high444", "pixel_format": "yuv444p"}, "profile is 244"),
        ({"width": 2048, "height": 1088, "pictures": 14}, "larger than 1080p"),
    ],
    ids=["long-gop", "interlaced", "4:4:4", "large"],
)
def test_other_h264_is_encoded(tmp_path: Path, footage: dict[str, object], reason: str) -> None:
    units = encode(**{"pictures": 42, **footage})  # type: ignore[arg-type]
    plan, pictures = play(SourceOptions(str(write_h264(tmp_path / "v.mp4", units))))
    assert plan.startswith("encoding: ")
    assert reason in plan
    assert_playable(pictures, len(units))


def test_h264_with_b_pictures_is_encoded_to_its_last_picture(tmp_path: Path) -> None:
    path = write_video(
        tmp_path / "v.mp4", "libx264", options={"x264-params": "bframes=2:b-adapt=0:keyint=30"}
    )
    plan, pictures = play(SourceOptions(str(path)))
    assert plan == "encoding: it has B pictures"
    assert_playable(pictures, 45)


@pytest.mark.parametrize(
    ("name", "codec"), [("v.mp4", "mpeg4"), ("v.avi", "mjpeg"), ("v.mkv", "rawvideo")]
)
def test_other_codecs_are_encoded(tmp_path: Path, name: str, codec: str) -> None:
    plan, pictures = play(SourceOptions(str(write_video(tmp_path / name, codec))))
    assert plan == f"encoding: it is {codec}"
    assert_playable(pictures, 45)


def assert_playable(pictures: Sequence[SourcePicture], count: int) -> None:
    assert len(pictures) == count
    assert [p.is_idr for p in pictures] == [i % 14 == 0 for i in range(count)]
    assert [is_idr(split_annex_b(p.data)) for p in pictures] == [p.is_idr for p in pictures]
    assert {NalUnitType.SPS, NalUnitType.PPS} <= set(kinds(pictures[0].data))
    assert len(decode(p.data for p in pictures)) == count
    assert all(a.time_s < b.time_s for a, b in itertools.pairwise(pictures))


def test_more_than_30_pictures_a_second_are_thinned_out(tmp_path: Path) -> None:
    path = write_video(tmp_path / "v.mp4", "mpeg4", fps=60, pictures=60)
    _, pictures = play(SourceOptions(str(path)))
    assert 29 <= len(pictures) <= 31


def test_a_slow_source_has_a_key_frame_every_two_seconds(tmp_path: Path) -> None:
    path = write_video(tmp_path / "v.mp4", "mpeg4", fps=3, pictures=21)
    _, pictures = play(SourceOptions(str(path)))
    times = [p.time_s for p in pictures if p.is_idr]
    assert all(b - a <= 2.01 for a, b in itertools.pairwise(times))


def test_a_source_that_slows_down_has_a_key_frame_every_two_seconds(tmp_path: Path) -> None:
    """30 pictures a second, then 2."""
    stamps = [*range(0, 45 * 3000, 3000), *(45 * 3000 + i * 45_000 for i in range(20))]
    path = write_h264(tmp_path / "v.mkv", encode(pictures=65), stamps=stamps)
    _, pictures = play(SourceOptions(str(path), must_encode=True))
    assert len(pictures) == 65
    assert len(decode(p.data for p in pictures)) == 65
    assert all(is_idr(split_annex_b(p.data)) == p.is_idr for p in pictures)
    times = [p.time_s for p in pictures if p.is_idr]
    assert all(b - a <= 2.01 for a, b in itertools.pairwise(times))


def test_a_wanted_rate_replaces_the_files_times(tmp_path: Path) -> None:
    path = write_h264(tmp_path / "v.mp4", encode(pictures=28))
    _, pictures = play(SourceOptions(str(path), fps=10))
    assert [p.time_s for p in pictures] == [i / 10 for i in range(28)]


def test_what_could_be_passed_through_is_encoded_on_demand(tmp_path: Path) -> None:
    path = write_h264(tmp_path / "v.mp4", encode(pictures=28))
    plan, pictures = play(SourceOptions(str(path), must_encode=True))
    assert plan == "encoding"
    assert_playable(pictures, 28)


@pytest.mark.parametrize(
    ("size", "expected"),
    [
        ((1280, 720), (1280, 720)),
        ((3840, 2160), (1920, 1080)),
        ((1080, 1920), (606, 1080)),
        ((641, 359), (640, 358)),
        ((1, 1), (2, 2)),
    ],
)
def test_pictures_fit_into_1080p(size: tuple[int, int], expected: tuple[int, int]) -> None:
    assert fit(*size) == expected


def test_a_missing_file_is_said_in_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match=r"can't be opened: No such file or directory"):
        Source(SourceOptions(str(tmp_path / "nothing.mp4")))


def test_a_file_without_video_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "text.txt"
    path.write_text("no video")
    with pytest.raises(SourceError):
        Source(SourceOptions(str(path)))
