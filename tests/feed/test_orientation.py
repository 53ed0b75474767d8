"""Pictures that lie on their side come upright."""

from __future__ import annotations

import contextlib
from pathlib import Path

import av
import pytest

from pet_stream.feed.source_picture import SourceOptions, SourcePicture
from pet_stream.feed.sources import Source
from pet_stream.media.access_unit import START_CODE
from pet_stream.media.h264 import split_annex_b

from ..footage import decode, encode
from .media_files import with_display_matrix, write_h264, write_video


def corners(frame: av.VideoFrame) -> str:
    """Which of the four corners are bright: top left, top right, bottom left, bottom right."""
    plane = frame.planes[0]
    data = bytes(plane)
    rows = 4, frame.height - 5
    columns = 4, frame.width - 5
    return "".join(
        "#" if data[y * plane.line_size + x] > 128 else "." for y in rows for x in columns
    )


def film_with_a_bright_corner(path: Path, size: tuple[int, int], codec: str) -> Path:
    """Top left."""

    def paint(frame: av.VideoFrame) -> None:
        plane = frame.planes[0]
        bright = b"\xeb" * (frame.width // 2)
        dark = b"\x10" * (plane.line_size - len(bright))
        half = frame.height // 2
        plane.update((bright + dark) * half + b"\x10" * plane.line_size * (frame.height - half))

    options = {"x264-params": "bframes=0"} if codec == "libx264" else {}
    return write_video(path, codec, size=size, pictures=20, options=options, paint=paint)


def play(path: Path, **options: object) -> tuple[str, list[SourcePicture]]:
    plans: list[str] = []
    source_options = SourceOptions(str(path), **options)  # type: ignore[arg-type]
    with contextlib.closing(Source(source_options)) as source:
        pictures = list(source.pictures(plans.append))
    assert len(plans) == 1
    return plans[0], pictures


TURNS = [
    ((0, 1, -1, 0), "turned by 90°", (240, 320), ".#.."),
    ((-1, 0, 0, -1), "turned by 180°", (320, 240), "...#"),
    ((0, -1, 1, 0), "turned by 270°", (240, 320), "..#."),
    ((-1, 0, 0, 1), "mirrored", (320, 240), ".#.."),
    ((1, 0, 0, -1), "mirrored upside down", (320, 240), "..#."),
    ((0, 1, 1, 0), "mirrored and turned by 270°", (240, 320), "#..."),
    ((0, -1, -1, 0), "mirrored and turned by 90°", (240, 320), "...#"),
]


@pytest.mark.parametrize(("matrix", "words", "size", "bright"), TURNS, ids=[t[1] for t in TURNS])
@pytest.mark.parametrize("codec", ["libx264", "mpeg4"])
def test_pictures_come_upright(
    tmp_path: Path,
    codec: str,
    matrix: tuple[float, float, float, float],
    words: str,
    size: tuple[int, int],
    bright: str,
) -> None:
    path = film_with_a_bright_corner(tmp_path / "v.mp4", (320, 240), codec)
    plan, pictures = play(with_display_matrix(path, *matrix))
    assert plan == f"encoding: it {f'has to be {words}' if codec == 'libx264' else 'is mpeg4'}"
    assert {(picture.width, picture.height) for picture in pictures} == {size}
    frames = decode(picture.data for picture in pictures)
    assert len(frames) == 20
    assert {(frame.width, frame.height) for frame in frames} == {size}
    assert {corners(frame) for frame in frames} == {bright}


@pytest.mark.parametrize(
    "matrix",
    [
        (1, 0, 0, 1),
        (2, 0, 0, 2),  # twice as large
        (0.996, 0.087, -0.087, 0.996),  # 5°: no player of browsers turns that
        (0.7071, 0.7071, -0.7071, 0.7071),  # 45°
        (0, 0, 0, 0),
    ],
)
def test_what_is_not_turned_by_quarters_is_passed_through(
    tmp_path: Path, matrix: tuple[float, float, float, float]
) -> None:
    path = with_display_matrix(write_h264(tmp_path / "v.mp4", encode(pictures=28)), *matrix)
    plan, pictures = play(path)
    assert plan == "H.264 is passed through"
    assert len(pictures) == 28


def test_a_turn_is_rounded_to_quarters_and_its_scale_is_ignored(tmp_path: Path) -> None:
    path = write_h264(tmp_path / "v.mp4", encode(pictures=28))
    plan, _ = play(with_display_matrix(path, 0.1, 1.9, -1.9, 0.1))
    assert plan == "encoding: it has to be turned by 90°"


def test_it_is_turned_when_it_is_encoded_on_demand(tmp_path: Path) -> None:
    path = film_with_a_bright_corner(tmp_path / "v.mp4", (320, 240), "libx264")
    plan, pictures = play(with_display_matrix(path, 0, 1, -1, 0), must_encode=True)
    assert plan == "encoding"
    assert {corners(frame) for frame in decode(p.data for p in pictures)} == {".#.."}


def test_odd_sizes_are_turned(tmp_path: Path) -> None:
    path = write_video(tmp_path / "v.mp4", "mpeg4", size=(161, 91), pictures=10)
    _, pictures = play(with_display_matrix(path, 0, 1, -1, 0))
    assert {(frame.width, frame.height) for frame in decode(p.data for p in pictures)} == {
        (90, 160)
    }


def test_a_phones_film_keeps_its_size(tmp_path: Path) -> None:
    path = write_video(tmp_path / "v.mp4", "mpeg4", size=(1920, 1080), pictures=2)
    _, pictures = play(with_display_matrix(path, 0, 1, -1, 0))
    assert {(picture.width, picture.height) for picture in pictures} == {(1080, 1920)}


def test_a_camera_that_lies_says_so_in_the_stream(tmp_path: Path) -> None:
    """Display orientation SEI (H.264 D.2.27): a quarter anticlockwise. Browsers ignore it."""
    bits = "0" + "00" + f"{0x4000:016b}" + "010" + "0" + "1"  # not cancelled, no flips, 90°
    sei = bytes((6, 47, 3)) + int(bits, 2).to_bytes(3, "big") + b"\x80"
    units = [
        b"".join(START_CODE + n for n in (sei, *split_annex_b(unit)))
        for unit in encode(pictures=28)
    ]
    path = tmp_path / "v.h264"
    path.write_bytes(b"".join(units))
    plan, pictures = play(path)
    assert plan == "encoding: it has to be turned by 270°"
    assert {(p.width, p.height) for p in pictures} == {(240, 320)}
