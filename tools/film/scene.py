"""What the demo's camera shows: a cat and its ball of wool, 20.5 seconds without a seam.

`Scene.paint(index)` gives picture `index` of the loop. The number of the picture *within the loop*
is drawn at the lower right (`block_code`): a program that gets the decoded picture reads it by
`read_picture_number`. The camera counts on through all loops, so that
its `frame_number` is that number plus a multiple of LOOP_PICTURES.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import av

from pet_stream.demo.film import PICTURE_HEIGHT, PICTURE_WIDTH, RATE_FPS
from pet_stream.media.detections import Detection

from .block_code import BLOCK, HEIGHT, WIDTH, decode_block_code, encode_block_code
from .canvas import Canvas, Palette, ellipse, stroke
from .cat import Pose, draw_cat
from .room import paint_breeze, paint_pendulum, paint_room

__all__ = [
    "CODE_X",
    "CODE_Y",
    "Scene",
    "decode_block_code",
    "read_picture_number",
]

GOP_PICTURES = 14
LOOP_PICTURES = 44 * GOP_PICTURES
"""The number of GOPs is even and x264 alternates `idr_pic_id`, so that two IDRs one after the other
differ in it across the seam, too (H.264 clause 7.4.3)."""
LOOP_S = LOOP_PICTURES / RATE_FPS

CODE_X = PICTURE_WIDTH - WIDTH - BLOCK
CODE_Y = PICTURE_HEIGHT - HEIGHT - BLOCK
"""Upper left corner of the block code, pixels."""

_FLOOR_Y = 652.0
_LEFT_X, _RIGHT_X = 300.0, 930.0
_HALF_S = LOOP_S / 2  # there, and the same back: walk, lurk, bat the ball away, turn around
_WALK_S, _PLAY_S, _TURN_S = 6.0, 1.6, 0.4
_LURK_S = _HALF_S - _WALK_S - _PLAY_S - _TURN_S
_PLAY_AT_S = _WALK_S + _LURK_S
_BAT_AT_S = _PLAY_AT_S + 0.25
_BALL_AHEAD = 196.0
_BALL_RADIUS = 26.0
_HOP_HEIGHT = 300.0


class Scene:
    """Paints the pictures of the loop, each for itself, in any order."""

    def __init__(self) -> None:
        self._background = Canvas(PICTURE_WIDTH, PICTURE_HEIGHT, Palette())
        paint_room(self._background)
        self._backdrop: tuple[int, Canvas] = (-1, self._background)

    def paint(self, index: int) -> tuple[av.VideoFrame, tuple[Detection, ...]]:
        """Picture `index` (0 to LOOP_PICTURES − 1) and what is to be seen in it."""
        turn = index / LOOP_PICTURES
        canvas = self._backdrop_of(index // 2).copy()
        paint_pendulum(canvas, turn)
        ball_x, ball_height, rolled = _ball(turn * LOOP_S)
        ball_y = _FLOOR_Y + 4 - _BALL_RADIUS - ball_height
        if ball_height:  # it flies behind the cat
            _draw_ball(canvas, ball_x, ball_y, rolled)
        cat_x, cat_y, cat_width, cat_height = draw_cat(canvas, _pose(turn * LOOP_S))
        if not ball_height:
            _draw_ball(canvas, ball_x, ball_y, rolled)
        _draw_code(canvas, index)
        wobble = 0.03 * math.sin(math.tau * 13 * turn)
        diameter = round(2 * _BALL_RADIUS)
        sprites = (
            Detection("cat", 0.93 + wobble, cat_x, cat_y, cat_width, cat_height),
            Detection(
                "sports ball",
                0.81 - wobble,
                round(ball_x - _BALL_RADIUS),
                round(ball_y - _BALL_RADIUS),
                diameter,
                diameter,
            ),
        )
        return canvas.to_frame(), sprites

    def _backdrop_of(self, pair: int) -> Canvas:
        """Clouds and leaves move so slowly that each two pictures share them."""
        if self._backdrop[0] != pair:
            canvas = self._background.copy()
            paint_breeze(canvas, 2 * pair / LOOP_PICTURES)
            self._backdrop = (pair, canvas)
        return self._backdrop[1]


def read_picture_number(luma: bytes, line_size: int) -> int | None:
    """The number within the loop that a decoded picture shows; None if it can't be read.

    `luma` is the picture's Y plane at its full size, `line_size` bytes per row.
    """
    rows: Sequence[bytes] = [
        luma[row * line_size + CODE_X : row * line_size + CODE_X + WIDTH]
        for row in range(CODE_Y, CODE_Y + HEIGHT)
    ]
    return decode_block_code(rows)


def _pose(time_s: float) -> Pose:
    is_way_back = time_s >= _HALF_S
    part_s = time_s - _HALF_S if is_way_back else time_s
    direction = -1.0 if is_way_back else 1.0
    start, end = (_RIGHT_X, _LEFT_X) if is_way_back else (_LEFT_X, _RIGHT_X)
    walked = _ease(part_s / _WALK_S)
    speed = min(1.0, 5 * min(part_s, max(0.0, _WALK_S - part_s)) / 2)
    facing, raised, look = direction, 0.0, -0.08 + 0.05 * math.sin(part_s * 3)
    lurked = (part_s - _WALK_S) / _LURK_S
    if 0 < lurked < 1:  # twice it reaches for the ball, and thinks better of it
        raised = 0.45 * max(0.0, math.sin(math.tau * 2 * lurked))
        look -= 0.22 * math.sin(math.pi * lurked)
    play_s = part_s - _PLAY_AT_S
    if play_s > 0:
        raised = max(0.0, math.sin(math.pi * min(1.0, play_s / 0.5)))
        hop = min(1.0, max(0.0, (play_s - 0.25) / 1.0))
        look += 0.55 * math.sin(math.pi * hop)
    turn_s = play_s - _PLAY_S
    if turn_s > 0:
        cosine = math.cos(math.pi * turn_s / _TURN_S)
        facing = direction * math.copysign(max(0.3, abs(cosine)), cosine)
    return Pose(
        x=start + (end - start) * walked,
        floor_y=_FLOOR_Y,
        facing=facing,
        distance=walked * abs(end - start),
        speed=speed,
        look=look,
        tail=math.sin(math.tau * 12 * time_s / LOOP_S),
        raised_paw=raised,
        is_blinking=part_s % 2.3 < 0.14 and part_s > 1,
    )


def _ball(time_s: float) -> tuple[float, float, float]:
    """Where the ball is: x, height over the floor, and how far it has rolled."""
    is_way_back = time_s >= _HALF_S
    part_s = time_s - _HALF_S if is_way_back else time_s
    direction = -1.0 if is_way_back else 1.0
    start, end = (_RIGHT_X, _LEFT_X) if is_way_back else (_LEFT_X, _RIGHT_X)
    first, last = start + direction * _BALL_AHEAD, end + direction * _BALL_AHEAD
    if part_s <= _BAT_AT_S:
        x = first + (last - first) * _ease((part_s + 0.1) / _WALK_S)
        return x, 0.0, x
    # Batted: one high hop over the cat and a small one behind it.
    target = end - direction * _BALL_AHEAD
    hop = (part_s - _BAT_AT_S) / 1.0
    if hop < 1:
        x = last + (target + direction * 46 - last) * hop
        return x, 4 * _HOP_HEIGHT * hop * (1 - hop), x
    bounce = min(1.0, (hop - 1) / 0.5)
    x = target + direction * 46 * (1 - bounce)
    return x, 4 * 34 * bounce * (1 - bounce), x


def _ease(part: float) -> float:
    """0 to 1 with a soft start and end, even in between."""
    part = min(1.0, max(0.0, part))
    ramp = 0.12
    if part < ramp:
        return part * part / (2 * ramp * (1 - ramp))
    if part > 1 - ramp:
        return 1 - (1 - part) ** 2 / (2 * ramp * (1 - ramp))
    return (part - ramp / 2) / (1 - ramp)


def _draw_ball(canvas: Canvas, x: float, y: float, rolled: float) -> None:
    height = _FLOOR_Y - y
    shadow = max(0.5, 1 - height / 500)
    canvas.relight(ellipse(x, _FLOOR_Y + 5, _BALL_RADIUS * shadow, 6 * shadow))
    canvas.polygon(ellipse(x, y, _BALL_RADIUS, _BALL_RADIUS, corners=40), "#c2496b")
    turn = rolled / _BALL_RADIUS
    for tilt, offset in ((0.0, -9.0), (0.0, 0.0), (0.0, 9.0), (1.2, -6.0), (1.2, 6.0)):
        angle = turn + tilt
        half = math.sqrt(_BALL_RADIUS**2 - offset**2) - 2
        cos, sin = math.cos(angle), math.sin(angle)
        path = [
            (x + along * cos - (offset + bow) * sin, y + along * sin + (offset + bow) * cos)
            for along, bow in ((-half, 0.0), (-half / 2, 4.0), (half / 2, 4.0), (half, 0.0))
        ]
        canvas.polygon(stroke(path, [2.2, 2.6, 2.6, 2.2]), "#e58aa2")
    canvas.polygon(ellipse(x - 9, y - 10, 6, 4, -0.7), "#f3b9c6")


def _draw_code(canvas: Canvas, number: int) -> None:
    edge = 5
    canvas.rectangle(
        CODE_X - edge, CODE_Y - edge, CODE_X + WIDTH + edge, CODE_Y + HEIGHT + edge, "#3a2a26"
    )
    for row, bits in enumerate(encode_block_code(number)):
        for column, is_white in enumerate(bits):
            left, top = CODE_X + column * BLOCK, CODE_Y + row * BLOCK
            canvas.rectangle(
                left, top, left + BLOCK, top + BLOCK, "#ffffff" if is_white else "#000000"
            )
