"""A painter in plain Python: one byte per pixel, spans by slice assignment.

A picture is a plane of palette indexes at twice the wanted size in each direction. Each of Y, U and
V is that plane translated, and scaling the three down makes an anti-aliased picture. An index is
`light × 64 + ink`, so that a shadow or a patch of sunlight over whatever is painted already is a
`bytes.translate`, too.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import av

Point = tuple[float, float]
Rectangle = tuple[float, float, float, float]
"""Left, top, right, bottom."""

SCALE = 2
"""Pixels of the plane per pixel of the picture, in each direction."""

INK_COUNT = 64
LIGHTS = (0.72, 0.87, 1.0, 1.09)
"""Brightness of the four sets of inks: deep shadow, shadow, normal, sunlight."""
NORMAL_LIGHT = 2

DARKER = bytes(max(index - INK_COUNT, index % INK_COUNT) for index in range(256))
LIGHTER = bytes(min(index + INK_COUNT, 3 * INK_COUNT + index % INK_COUNT) for index in range(256))

_BAYER = ((0, 8, 2, 10), (12, 4, 14, 6), (3, 11, 1, 9), (15, 7, 13, 5))
"""Thresholds of ordered dithering, sixteenths."""


class Palette:
    """Inks by their colour, `#rrggbb`; at most 64."""

    def __init__(self) -> None:
        self._inks: dict[str, int] = {}

    def ink(self, colour: str) -> int:
        """The palette index of `colour` in normal light."""
        number = self._inks.setdefault(colour, len(self._inks))
        if number >= INK_COUNT:
            raise ValueError(f"more than {INK_COUNT} colours: {colour}")
        return NORMAL_LIGHT * INK_COUNT + number

    def to_yuv(self) -> tuple[bytes, bytes, bytes]:
        """What each of the 256 indexes is in Y, U and V: BT.709, 16 to 235."""
        colours = [bytes.fromhex(colour[1:]) for colour in self._inks]
        colours += [bytes(3)] * (INK_COUNT - len(colours))
        pixels = [
            _bt709(*(min(1.0, part * light / 255) for part in colour))
            for light in LIGHTS
            for colour in colours
        ]
        luma, blue, red = (bytes(pixel[plane] for pixel in pixels) for plane in range(3))
        return luma, blue, red


class Canvas:
    """Paints polygons. Coordinates are pixels of the finished picture, fractions allowed."""

    def __init__(self, width: int, height: int, palette: Palette) -> None:
        self.width = width
        self.height = height
        self._palette = palette
        self._stride = width * SCALE
        self._rows = height * SCALE
        self._plane = bytearray(self._stride * self._rows)
        self._runs: dict[int, bytes] = {}

    def copy(self) -> Canvas:
        other = Canvas.__new__(Canvas)
        other.__dict__.update(self.__dict__)
        other._plane = bytearray(self._plane)
        return other

    def polygon(self, points: Sequence[Point], colour: str, clip: Rectangle | None = None) -> None:
        """Fill a polygon, even-odd where it crosses itself."""
        run = self._run(colour)
        plane = self._plane
        for start, end in self._spans(points, clip):
            plane[start:end] = run[: end - start]

    def relight(
        self, points: Sequence[Point], table: bytes = DARKER, clip: Rectangle | None = None
    ) -> None:
        """Put a polygon of what is painted into another light: DARKER or LIGHTER."""
        plane = self._plane
        for start, end in self._spans(points, clip):
            plane[start:end] = plane[start:end].translate(table)

    def rectangle(self, left: float, top: float, right: float, bottom: float, colour: str) -> None:
        first, last = max(0, round(left * SCALE)), min(self._stride, round(right * SCALE))
        run = self._run(colour)[: max(0, last - first)]
        for row in range(max(0, round(top * SCALE)), min(self._rows, round(bottom * SCALE))):
            start = row * self._stride + first
            self._plane[start : start + len(run)] = run

    def gradient(
        self, left: int, top: int, right: int, bottom: int, colours: Sequence[str]
    ) -> None:
        """Fill a rectangle from the first colour (top) to the last, by ordered dithering that
        the scaling down turns into even colours in between."""
        inks = [self._palette.ink(colour) for colour in colours]
        width = (right - left) * SCALE
        rows = (bottom - top) * SCALE
        for row in range(rows):
            position = row / rows * (len(inks) - 1)
            step, part = int(position), position % 1 * 16
            upper, lower = inks[step], inks[min(step + 1, len(inks) - 1)]
            cell = bytes(lower if part > threshold else upper for threshold in _BAYER[row % 4])
            start = (top * SCALE + row) * self._stride + left * SCALE
            self._plane[start : start + width] = (cell * (width // 4 + 1))[:width]

    def to_frame(self) -> av.VideoFrame:
        """The picture as YUV 4:2:0, BT.709."""
        indexes = bytes(self._plane)
        frame = av.VideoFrame(self._stride, self._rows, "yuv444p")
        for plane, table in zip(frame.planes, self._palette.to_yuv(), strict=True):
            plane.update(_padded(indexes.translate(table), self._stride, plane.line_size))
        return frame.reformat(self.width, self.height, "yuv420p", interpolation="AREA")

    def _run(self, colour: str) -> bytes:
        ink = self._palette.ink(colour)
        run = self._runs.get(ink)
        if run is None:
            run = self._runs[ink] = bytes([ink]) * self._stride
        return run

    def _spans(self, points: Sequence[Point], clip: Rectangle | None) -> list[tuple[int, int]]:
        """(start, end) in the plane of each run of pixels whose centres lie inside."""
        left, top, right, bottom = clip or (0, 0, self.width, self.height)
        first_column, last_column = round(left * SCALE), round(right * SCALE)
        heights = [y for _, y in points]
        first_row = max(round(top * SCALE), math.ceil(min(heights) * SCALE - 0.5))
        last_row = min(round(bottom * SCALE), math.ceil(max(heights) * SCALE - 0.5))
        crossings: list[list[float]] = [[] for _ in range(first_row, last_row)]
        x0, y0 = points[-1]
        for x1, y1 in points:
            (xa, ya), (xb, yb) = ((x0, y0), (x1, y1)) if y0 < y1 else ((x1, y1), (x0, y0))
            x0, y0 = x1, y1
            begin = max(first_row, math.ceil(ya * SCALE - 0.5))
            end = min(last_row, math.ceil(yb * SCALE - 0.5))
            if begin >= end:
                continue
            slope = (xb - xa) / (yb - ya)
            x = (xa + ((begin + 0.5) / SCALE - ya) * slope) * SCALE + 0.5  # rounds: see int()
            for row in crossings[begin - first_row : end - first_row]:
                row.append(x)
                x += slope
        spans = []
        base = first_row * self._stride
        for columns in crossings:
            columns.sort()
            for x, x_end in zip(columns[::2], columns[1::2], strict=False):
                start = int(x) if x > first_column else first_column
                stop = int(x_end) if x_end < last_column else last_column
                if start < stop:
                    spans.append((base + start, base + stop))
            base += self._stride
        return spans


def ellipse(
    x: float, y: float, radius_x: float, radius_y: float, turn: float = 0.0, corners: int = 28
) -> list[Point]:
    """The outline of an ellipse around (x, y), turned by `turn` radians."""
    cos, sin = math.cos(turn), math.sin(turn)
    points = []
    for corner in range(corners):
        angle = math.tau * corner / corners
        dx, dy = radius_x * math.cos(angle), radius_y * math.sin(angle)
        points.append((x + dx * cos - dy * sin, y + dx * sin + dy * cos))
    return points


def smooth(points: Sequence[Point], steps: int = 6) -> list[Point]:
    """A closed curve through `points` (Catmull-Rom)."""
    count = len(points)
    curve = []
    for index in range(count):
        before, start, end, after = (points[(index + offset) % count] for offset in (-1, 0, 1, 2))
        for step in range(steps):
            t = step / steps
            curve.append(
                (
                    _catmull_rom(before[0], start[0], end[0], after[0], t),
                    _catmull_rom(before[1], start[1], end[1], after[1], t),
                )
            )
    return curve


def stroke(path: Sequence[Point], widths: Sequence[float]) -> list[Point]:
    """The outline of a brush stroke along `path`, as wide at each point as `widths` says, with
    round ends."""
    left, right = [], []
    last = len(path) - 1
    for index, (x, y) in enumerate(path):
        (ax, ay), (bx, by) = path[max(0, index - 1)], path[min(last, index + 1)]
        length = math.hypot(bx - ax, by - ay) or 1.0
        half = widths[index] / 2
        nx, ny = (ay - by) / length * half, (bx - ax) / length * half
        left.append((x + nx, y + ny))
        right.append((x - nx, y - ny))
    return [
        *left,
        *_cap(path[last], left[last], widths[last] / 2),
        *reversed(right),
        *_cap(path[0], right[0], widths[0] / 2),
    ]


def _bt709(red: float, green: float, blue: float) -> tuple[int, int, int]:
    """Y, U, V of a colour whose parts are 0 to 1 (ITU-R BT.709, 3.2 to 3.5)."""
    luma = 0.2126 * red + 0.7152 * green + 0.0722 * blue
    return (
        round(16 + 219 * luma),
        round(128 + 224 * (blue - luma) / 1.8556),
        round(128 + 224 * (red - luma) / 1.5748),
    )


def _padded(plane: bytes, stride: int, line_size: int) -> bytes:
    if line_size == stride:
        return plane
    padding = bytes(line_size - stride)
    return b"".join(
        plane[start : start + stride] + padding for start in range(0, len(plane), stride)
    )


def _cap(centre: Point, start: Point, radius: float) -> list[Point]:
    angle = math.atan2(start[1] - centre[1], start[0] - centre[0])
    return [
        (
            centre[0] + radius * math.cos(angle - math.pi * step / 6),
            centre[1] + radius * math.sin(angle - math.pi * step / 6),
        )
        for step in range(1, 6)
    ]


def _catmull_rom(before: float, start: float, end: float, after: float, t: float) -> float:
    return 0.5 * (
        2 * start
        + (end - before) * t
        + (2 * before - 5 * start + 4 * end - after) * t * t
        + (3 * start - before - 3 * end + after) * t * t * t
    )
