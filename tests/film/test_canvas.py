from __future__ import annotations

import itertools

import pytest

from tools.film.canvas import (
    DARKER,
    INK_COUNT,
    LIGHTER,
    Canvas,
    Palette,
    ellipse,
    smooth,
    stroke,
)

WHITE, BLACK, RED = "#ffffff", "#000000", "#ff0000"


@pytest.fixture
def canvas() -> Canvas:
    """64 × 48 pixels, all black."""
    canvas = Canvas(64, 48, Palette())
    canvas.rectangle(0, 0, 64, 48, BLACK)
    return canvas


def luma(canvas: Canvas) -> list[bytes]:
    plane = canvas.to_frame().planes[0]
    data = bytes(plane)
    return [data[row * plane.line_size :][: canvas.width] for row in range(canvas.height)]


def area(canvas: Canvas) -> float:
    """Of white on black, in pixels."""
    return sum(value - 16 for row in luma(canvas) for value in row) / (235 - 16)


@pytest.mark.parametrize(
    ("points", "expected"),
    [
        ([(10, 10), (40, 10), (40, 30), (10, 30)], 600),
        ([(10, 10), (50, 10), (10, 40)], 600),
        (ellipse(32, 24, 20, 15), 942),
        (stroke([(10, 24), (50, 24)], [8, 8]), 40 * 8 + 50),
        (smooth([(12, 24), (32, 4), (52, 24), (32, 44)]), 1083),
        ([(-100, -100), (200, -100), (200, 200), (-100, 200)], 64 * 48),
        ([(70, 10), (90, 10), (80, 30)], 0),
        ([(10, 50), (20, 50), (15, 90)], 0),
    ],
    ids=["square", "triangle", "ellipse", "stroke", "curve", "larger", "right-of-it", "below-it"],
)
def test_a_polygon_covers_its_area(
    canvas: Canvas, points: list[tuple[float, float]], expected: float
) -> None:
    canvas.polygon(points, WHITE)
    assert area(canvas) == pytest.approx(expected, rel=0.06, abs=4)


def test_a_clipped_polygon_stays_inside(canvas: Canvas) -> None:
    canvas.polygon(ellipse(32, 24, 100, 100), WHITE, clip=(8, 8, 24, 16))
    assert area(canvas) == pytest.approx(16 * 8, abs=2)


def test_light_changes_what_is_painted_already(canvas: Canvas) -> None:
    canvas.rectangle(0, 0, 64, 48, "#808080")
    canvas.relight([(0, 0), (20, 0), (20, 48), (0, 48)], DARKER)
    canvas.relight([(40, 0), (64, 0), (64, 48), (40, 48)], LIGHTER)
    dark, normal, light = (luma(canvas)[24][x] for x in (10, 30, 50))
    assert dark < normal < light


def test_a_gradient_rises_evenly(canvas: Canvas) -> None:
    canvas.gradient(0, 0, 64, 48, [BLACK, WHITE])
    rows = luma(canvas)
    bands = [sum(map(sum, rows[top : top + 8])) / (8 * 64) for top in range(0, 48, 8)]
    steps = [later - earlier for earlier, later in itertools.pairwise(bands)]
    assert steps == pytest.approx([(235 - 16) / 6] * 5, rel=0.35)


def test_a_copy_is_painted_apart(canvas: Canvas) -> None:
    canvas.copy().rectangle(0, 0, 64, 48, WHITE)
    assert area(canvas) == 0


def test_colours_arrive_as_they_are(canvas: Canvas) -> None:
    canvas.rectangle(0, 0, 64, 48, RED)
    frame = canvas.to_frame()
    blue, red = (bytes(frame.planes[index])[0] for index in (1, 2))
    assert (blue, red) == pytest.approx((102, 240), abs=2)  # BT.709


def test_too_many_colours_are_refused() -> None:
    palette = Palette()
    for number in range(INK_COUNT):
        palette.ink(f"#{number:06x}")
    with pytest.raises(ValueError, match="more than 64 colours"):
        palette.ink("#ffffff")
