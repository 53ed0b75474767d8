"""`make film`, and that what the package brings was made by it."""

from __future__ import annotations

from pathlib import Path

import av
import pytest

from pet_stream.demo.film import PICTURE_HEIGHT, PICTURE_WIDTH, Film, Picture, load_film
from pet_stream.media.detections import Detection
from tools.film.__main__ import encode, save_film
from tools.film.scene import GOP_PICTURES, LOOP_PICTURES, Scene

from ..footage import decode

pytestmark = pytest.mark.slow

NOISE = 1.5
"""Mean difference of luma that encoding makes; the next picture differs by less, too."""
STEP = 16
"""Every sixteenth byte of a plane is compared."""


@pytest.fixture(scope="module")
def film() -> Film:
    return load_film()


@pytest.fixture(scope="module")
def scene() -> Scene:
    return Scene()


@pytest.mark.parametrize("index", [0, 224, 300, LOOP_PICTURES - 1])
def test_the_packages_film_shows_the_scene(film: Film, scene: Scene, index: int) -> None:
    """Else somebody changed the scene: `make film`."""
    gop = film[index - index % GOP_PICTURES : index + 1]
    shown = bytes(decode(picture.data for picture in gop)[-1].planes[0])[::STEP]
    frame, detections = scene.paint(index)
    painted = bytes(frame.planes[0])[::STEP]
    assert film[index].detections == detections
    assert sum(abs(a - b) for a, b in zip(shown, painted, strict=True)) / len(shown) < NOISE


def test_the_same_pictures_make_the_same_bytes() -> None:
    first, second = (encode(iter(moving_greys(3))) for _ in range(2))
    assert len(first) == 3
    assert first == second


def moving_greys(count: int) -> list[av.VideoFrame]:
    """A frame for each of `count` pictures, grey stripes that move down."""
    frames = []
    for index in range(count):
        frame = av.VideoFrame(PICTURE_WIDTH, PICTURE_HEIGHT, "yuv420p")
        for plane in frame.planes:
            rows = range(index * 8, index * 8 + plane.height)
            plane.update(b"".join(bytes([row % 251]) * plane.line_size for row in rows))
        frame.pts = index
        frames.append(frame)
    return frames


def test_a_saved_film_is_loaded_as_it_was_and_its_file_tells_no_time(tmp_path: Path) -> None:
    film = (
        Picture(b"\0\0\1\x65 one", (Detection("cat", 0.9, 1, 2, 3, 4),)),
        Picture(b"\0\0\1\x41 another", ()),
    )
    paths = [tmp_path / "first", tmp_path / "second"]
    for path in paths:
        save_film(film, path)
    assert load_film(paths[0]) == film
    assert paths[0].read_bytes() == paths[1].read_bytes()
    assert b"\x00\x00\x21\x00" in paths[0].read_bytes()[:16]  # 1980, the zip format's first day
