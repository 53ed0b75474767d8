from __future__ import annotations

import av
import pytest

from pet_stream.demo.film import PICTURE_HEIGHT, PICTURE_WIDTH
from tools.film.scene import LOOP_PICTURES, Scene, read_picture_number

pytestmark = pytest.mark.slow

_STEP = 16
"""Every sixteenth byte of a plane is compared."""


@pytest.fixture(scope="module")
def scene() -> Scene:
    return Scene()


def luma(frame: av.VideoFrame) -> bytes:
    return bytes(frame.planes[0])


def difference(scene: Scene, first: int, second: int) -> float:
    """Mean difference of two pictures' luma, the block code left out."""
    end = PICTURE_WIDTH * 660
    a, b = (luma(scene.paint(index)[0])[:end:_STEP] for index in (first, second))
    return sum(abs(x - y) for x, y in zip(a, b, strict=True)) / len(a)


@pytest.mark.parametrize("index", [0, 1, 225, 265, LOOP_PICTURES - 1])
def test_a_picture_says_its_number(scene: Scene, index: int) -> None:
    frame, _ = scene.paint(index)
    assert read_picture_number(luma(frame), frame.planes[0].line_size) == index


def test_the_end_meets_the_start(scene: Scene) -> None:
    usual = max(difference(scene, index, index + 1) for index in (61, 99, 151))
    assert difference(scene, LOOP_PICTURES - 1, 0) <= usual


def test_something_moves_in_every_second(scene: Scene) -> None:
    assert all(difference(scene, at, at + 15) > 0.05 for at in range(0, LOOP_PICTURES - 15, 30))


def test_pictures_do_not_depend_on_each_other(scene: Scene) -> None:
    alone = luma(Scene().paint(100)[0])
    scene.paint(300)
    assert luma(scene.paint(100)[0]) == alone


@pytest.mark.parametrize("index", range(0, LOOP_PICTURES, 60))
def test_detections_lie_where_the_sprites_are(scene: Scene, index: int) -> None:
    frame, detections = scene.paint(index)
    assert [d.class_name for d in detections] == ["cat", "sports ball"]
    red = frame.planes[2]
    for d in detections:
        assert 0 <= d.x < d.x + d.width <= PICTURE_WIDTH
        assert 0 <= d.y < d.y + d.height <= PICTURE_HEIGHT
        assert 0 < d.confidence <= 1
    # The orange of the coat is within the cat's box, to its very edges.
    cat = detections[0]
    data = bytes(red)
    rows = range(cat.y // 2 + 2, (cat.y + cat.height) // 2 - 2, 6)
    inside = [data[row * red.line_size + cat.x // 2 :][: cat.width // 2] for row in rows]
    assert all(max(row) > 150 for row in inside[2:])
