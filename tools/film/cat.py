"""The demo's cat: cut-out animation, seen from the side, drawn facing right.

Its own coordinates are pixels with the origin on the floor under the middle of the body, x to the
nose, y up. The legs are two bones each, bent by inverse kinematics, so that a paw on the floor
stays where it is while the body passes over it.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from .canvas import DARKER, Canvas, Point, ellipse, smooth, stroke

STRIDE = 74.0
"""How far a paw moves over the floor, as seen from the body, pixels."""
STANCE = 0.62
"""The part of a step in which the paw stands."""
STEP_LENGTH = STRIDE / STANCE
"""How far the body goes in one full step."""

COAT = "#e3964f"
COAT_FAR = "#c57a38"
COAT_LIGHT = "#f8dfbd"
STRIPE = "#b8692c"
NOSE = "#d9727a"
EYE = "#7fae4a"
DARK = "#3a2a26"
WHITE = "#fffaf2"
COLLAR = "#3f7fb5"
BELL = "#f2c94c"

BODY = (
    (-116, 104), (-104, 134), (-70, 146), (-20, 142), (30, 144), (76, 150),
    (108, 136), (112, 106), (88, 78), (30, 68), (-40, 70), (-96, 76),
)  # fmt: skip
BELLY = ((96, 112), (106, 122), (102, 96), (84, 80), (30, 71), (-30, 73), (10, 84), (64, 92))
STRIPES = (
    ((-92, 137), (-76, 143), (-84, 104)),
    ((-58, 143), (-42, 142), (-52, 102)),
    ((-22, 140), (-6, 140), (-16, 100)),
    ((16, 141), (32, 142), (22, 104)),
)


@dataclass(frozen=True, slots=True)
class Pose:
    x: float
    """Where the cat stands, pixels of the picture."""
    floor_y: float
    facing: float
    """1 to the right, −1 to the left, in between while it turns around."""
    distance: float
    """How far it has walked, pixels: the phase of the legs."""
    speed: float
    """0 standing to 1 walking: how far the legs swing."""
    look: float
    """How far the head is raised, radians."""
    tail: float
    """−1 to 1."""
    raised_paw: float = 0.0
    """0 on the floor to 1 batting."""
    is_blinking: bool = False


def draw_cat(canvas: Canvas, pose: Pose) -> tuple[int, int, int, int]:
    """Paint the cat; gives its bounding box (x, y, width, height) in pixels of the picture."""
    return _CatPainter(canvas, pose).draw()


class _CatPainter:
    def __init__(self, canvas: Canvas, pose: Pose) -> None:
        self._canvas = canvas
        self._pose = pose
        phase = pose.distance / STEP_LENGTH * math.tau
        self._bob = 2.5 * math.sin(2 * phase) * pose.speed
        self._left = self._top = math.inf
        self._right = self._bottom = -math.inf

    def draw(self) -> tuple[int, int, int, int]:
        pose, canvas = self._pose, self._canvas
        canvas.relight(
            ellipse(pose.x, pose.floor_y + 2, 140 * max(0.45, abs(pose.facing)), 15), DARKER
        )
        self._tail()
        self._leg(84, 108, 0.5, COAT_FAR, bend=-1)
        self._leg(-78, 106, 0.25, COAT_FAR, bend=1)
        self._fill(smooth(BODY), COAT)
        self._fill(smooth(BELLY), COAT_LIGHT)
        for stripe in STRIPES:
            self._fill(stripe, STRIPE)
        self._leg(-84, 104, 0.75, COAT, bend=1)
        self._leg(74, 104, 0.0, COAT, bend=-1, raised=pose.raised_paw)
        self._head()
        left = max(0, math.floor(self._left))
        top = max(0, math.floor(self._top))
        right = min(canvas.width, math.ceil(self._right))
        bottom = min(canvas.height, math.ceil(self._bottom))
        return left, top, right - left, bottom - top

    def _fill(self, points: Sequence[Point], colour: str, bobs: bool = True) -> None:
        """Paint a polygon given in the cat's own coordinates."""
        pose = self._pose
        bob = self._bob if bobs else 0.0
        placed = [(pose.x + x * pose.facing, pose.floor_y - y - bob) for x, y in points]
        self._left = min(self._left, *(x for x, _ in placed))
        self._right = max(self._right, *(x for x, _ in placed))
        self._top = min(self._top, *(y for _, y in placed))
        self._bottom = max(self._bottom, *(y for _, y in placed))
        self._canvas.polygon(placed, colour)

    def _tail(self) -> None:
        path: list[Point] = [(-104, 122)]
        angle = math.radians(168)
        for joint in range(9):
            x, y = path[-1]
            path.append((x + 17 * math.cos(angle), y + 17 * math.sin(angle)))
            bend = -0.17 if joint < 5 else 0.30
            angle += bend + 0.13 * self._pose.tail * (joint / 5)
        widths = [26, 24, 22, 21, 20, 19, 18, 17, 15, 12]
        self._fill(stroke(path, widths), COAT)
        self._fill(stroke(path[6:], widths[6:]), STRIPE)

    def _leg(
        self, x: float, y: float, offset: float, colour: str, bend: int, raised: float = 0.0
    ) -> None:
        """One leg from the hip at (x, y); `offset` is its place in the step, 0 to 1."""
        pose = self._pose
        step = (pose.distance / STEP_LENGTH + offset) % 1.0
        if step < STANCE:
            forward, lift = 0.5 - step / STANCE, 0.0
        else:
            swing = (step - STANCE) / (1 - STANCE)
            forward, lift = -0.5 + swing * swing * (3 - 2 * swing), math.sin(swing * math.pi)
        paw_x = x + STRIDE * forward * pose.speed + 62 * raised
        paw_y = 9 + 24 * lift * pose.speed + 84 * raised
        hip_y = y + self._bob
        knee_x, knee_y = _knee(x, hip_y, paw_x, paw_y, 54, 50, bend)
        thigh = 40 if bend > 0 else 34
        self._fill(
            stroke(
                [(x, hip_y), ((x + knee_x) / 2, (hip_y + knee_y) / 2), (knee_x, knee_y),
                 (paw_x - 3, paw_y + 2)],
                [thigh, thigh * 0.84, 24, 18],
            ),
            colour,
            bobs=False,
        )  # fmt: skip
        paw = COAT_LIGHT if colour == COAT else COAT
        self._fill(ellipse(paw_x + 5, paw_y - 1, 16, 9), paw, bobs=False)

    def _head(self) -> None:
        centre: Point = (122, 166)
        cos, sin = math.cos(self._pose.look), math.sin(self._pose.look)

        def fill(points: Sequence[Point], colour: str) -> None:
            """A part of the head, its coordinates relative to the head's centre."""
            self._fill(
                [(centre[0] + x * cos - y * sin, centre[1] + x * sin + y * cos) for x, y in points],
                colour,
            )

        self._fill(stroke([(84, 118), (112, 152)], [58, 54]), COAT)
        self._fill(stroke([(92, 140), (104, 124), (122, 118)], [11, 11, 11]), COLLAR)
        fill([(-42, 12), (-38, 66), (-6, 36)], COAT_FAR)
        fill([(12, 38), (36, 66), (44, 16)], COAT)
        fill([(-34, 22), (-33, 54), (-14, 36)], NOSE)
        fill([(18, 36), (34, 54), (38, 24)], NOSE)
        fill(smooth([(-50, -8), (-36, 30), (0, 42), (36, 30), (50, -6), (34, -34), (2, -40),
                     (-34, -34)]), COAT)  # fmt: skip
        for x in (-13, 1, 15):
            fill([(x - 4, 40 - abs(x - 1) / 4), (x + 4, 40 - abs(x - 1) / 4), (x, 20)], STRIPE)
        fill(ellipse(14, -19, 29, 19), COAT_LIGHT)
        for x, radius in ((-12, 9.5), (28, 8.5)):
            if self._pose.is_blinking:
                fill(stroke([(x - 9, 4), (x, 1), (x + 9, 4)], [3, 3.5, 3]), DARK)
            else:
                fill(ellipse(x, 4, radius, 11), WHITE)
                fill(ellipse(x + 1.5, 4, radius - 1.5, 9.5), EYE)
                fill(ellipse(x + 2.5, 4, 3.6, 8.5), DARK)
                fill(ellipse(x + 4.5, 8, 2.2, 2.6, corners=10), WHITE)
        fill([(9, -9), (23, -9), (16, -17)], NOSE)
        mouth = [(2, -22), (6, -26), (11, -26), (16, -20), (21, -26), (26, -26), (30, -22)]
        fill(stroke(mouth, [1.6, 2.2, 2.4, 2.0, 2.4, 2.2, 1.6]), DARK)
        for side, y in ((-1, -16), (-1, -23), (1, -15), (1, -22)):
            root = 14 + side * 18
            fill(stroke([(root, y), (root + side * 38, y - 3 + (y + 19) * 1.5)], [2, 0.8]), WHITE)
        fill(ellipse(-6, -52, 8, 8), BELL)
        fill(stroke([(-12, -53), (0, -53)], [1.8, 1.8]), DARK)


def _knee(
    hip_x: float, hip_y: float, paw_x: float, paw_y: float, thigh: float, shin: float, bend: int
) -> Point:
    """Where two bones of the given lengths meet (the law of cosines); `bend` says on which side."""
    dx, dy = paw_x - hip_x, paw_y - hip_y
    reach = min(math.hypot(dx, dy), thigh + shin - 0.5)
    along = math.atan2(dy, dx)
    cosine = (thigh * thigh + reach * reach - shin * shin) / (2 * thigh * reach)
    angle = along + bend * math.acos(max(-1.0, min(1.0, cosine)))
    return hip_x + thigh * math.cos(angle), hip_y + thigh * math.sin(angle)
