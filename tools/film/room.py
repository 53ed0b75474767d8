"""The demo's room: what stands still, painted once, and what moves by itself."""

from __future__ import annotations

import math

from .canvas import DARKER, LIGHTER, Canvas, Rectangle, ellipse, smooth, stroke

FLOOR_Y = 470
WINDOW: Rectangle = (128, 84, 428, 342)
CLOCK_X, CLOCK_Y = 574, 128
PENDULUM_PERIODS = 20
"""In one loop, as everything that repeats here: whole numbers, so that the end meets the start."""

_FRAME = "#f7efe2"
_WALLPAPER = (("#f8e6cc", "#f4dcc1", "#edccaf"), ("#f5dfc3", "#f0d3b6", "#e7c2a2"))
_WOOD_DARK = "#8a5a3b"
_GREEN = ("#5d8f5a", "#74a767", "#487a50")


def paint_room(canvas: Canvas) -> None:
    """The background of every picture."""
    _wall(canvas)
    _floor(canvas)
    _view(canvas)
    _pictures(canvas)
    _clock_case(canvas)
    _lamp(canvas)
    _sofa(canvas)
    _rug(canvas)
    _bowl(canvas)
    sunlight = [(150, 512), (470, 512), (690, 690), (300, 690)]
    canvas.relight(sunlight, LIGHTER)


def paint_breeze(canvas: Canvas, turn: float) -> None:
    """Clouds, curtains and plant at `turn` of the loop, 0 to 1."""
    for start, y, size in ((0.05, 128, 1.0), (0.45, 168, 0.7), (0.78, 116, 0.55)):
        _cloud(
            canvas, WINDOW[0] - 90 + (start + turn) % 1.0 * (WINDOW[2] - WINDOW[0] + 180), y, size
        )
    _window_frame(canvas)
    sway = math.sin(math.tau * 6 * turn)
    _curtain(canvas, 96, 1, sway)
    _curtain(canvas, 460, -1, sway)
    canvas.polygon(stroke([(46, 54), (510, 54)], [9, 9]), _WOOD_DARK)
    for x in (44, 512):
        canvas.polygon(ellipse(x, 54, 9, 9), "#5f3d2a")
    _plant(canvas, math.sin(math.tau * 7 * turn))


def paint_pendulum(canvas: Canvas, turn: float) -> None:
    """The clock's pendulum at `turn` of the loop, 0 to 1."""
    angle = 0.22 * math.sin(math.tau * PENDULUM_PERIODS * turn)
    x, y = CLOCK_X + 92 * math.sin(angle), CLOCK_Y + 54 + 92 * math.cos(angle)
    canvas.polygon(stroke([(CLOCK_X, CLOCK_Y + 55), (x, y)], [3, 3]), "#c9a63c")
    canvas.polygon(ellipse(x, y, 14, 14), "#f2c94c")
    canvas.polygon(ellipse(x - 4, y - 4, 4, 4, corners=12), "#ffe08a")


def _wall(canvas: Canvas) -> None:
    for x in range(-20, canvas.width, 40):
        colours = _WALLPAPER[x // 40 % 2]
        canvas.gradient(max(0, x), 0, min(canvas.width, x + 40), FLOOR_Y, colours)
    for radius in (118, 84):
        canvas.relight(ellipse(1204, 246, radius, radius, corners=64), LIGHTER)
    canvas.rectangle(0, FLOOR_Y - 26, canvas.width, FLOOR_Y, _FRAME)
    canvas.rectangle(0, FLOOR_Y - 29, canvas.width, FLOOR_Y - 26, "#dcc6ab")


def _floor(canvas: Canvas) -> None:
    canvas.gradient(0, FLOOR_Y, canvas.width, canvas.height, ("#b98255", "#c9935f", "#d6a36c"))
    top, board = float(FLOOR_Y), 22.0
    row = 0
    while top < canvas.height:
        canvas.rectangle(0, top, canvas.width, top + 1.5 + row * 0.2, "#a06c44")
        for joint in range(-1, 6):
            x = joint * 290 + row * 137 % 290
            canvas.rectangle(x, top, x + 2, top + board, "#a06c44")
            if (joint + row) % 3 == 0:
                canvas.relight(
                    [
                        (x + 2, top + 2),
                        (x + 290, top + 2),
                        (x + 290, top + board),
                        (x + 2, top + board),
                    ]
                )
        top += board
        board *= 1.22
        row += 1
    canvas.relight([(0, FLOOR_Y), (1280, FLOOR_Y), (1280, FLOOR_Y + 7), (0, FLOOR_Y + 7)])


def _view(canvas: Canvas) -> None:
    left, top, right, bottom = (int(edge) for edge in WINDOW)
    canvas.gradient(left, top, right, bottom, ("#8cc4e8", "#b5dcf1", "#e7f2ee"))
    canvas.polygon(ellipse(366, 138, 26, 26), "#ffe08a", WINDOW)
    canvas.polygon(ellipse(190, 368, 190, 92, corners=48), "#9cc48b", WINDOW)
    canvas.polygon(ellipse(390, 380, 170, 86, corners=48), "#7fb277", WINDOW)
    canvas.polygon(stroke([(236, 330), (238, 268)], [12, 8]), _WOOD_DARK, WINDOW)
    for x, y, radius in ((238, 240, 32), (216, 258, 22), (262, 258, 23)):
        canvas.polygon(ellipse(x, y, radius, radius), _GREEN[0], WINDOW)


def _window_frame(canvas: Canvas) -> None:
    left, top, right, bottom = WINDOW
    middle = (left + right) / 2
    beams: tuple[Rectangle, ...] = (
        (left - 12, top - 12, right + 12, top),
        (left - 12, bottom, right + 12, bottom + 10),
        (left - 12, top, left, bottom),
        (right, top, right + 12, bottom),
        (middle - 5, top, middle + 5, bottom),
        (left, 196, right, 204),
    )
    for beam in beams:
        canvas.rectangle(*beam, _FRAME)
    canvas.rectangle(left - 26, bottom + 10, right + 26, bottom + 24, _FRAME)
    canvas.rectangle(left - 26, bottom + 24, right + 26, bottom + 28, "#dcc6ab")


def _cloud(canvas: Canvas, x: float, y: float, size: float) -> None:
    for dx, dy, radius in ((-34, 4, 17), (-10, -8, 25), (20, -2, 21), (42, 6, 13)):
        canvas.polygon(
            ellipse(x + dx * size, y + dy * size, radius * size * 1.2, radius * size),
            "#fffaf2",
            WINDOW,
        )
    canvas.polygon(ellipse(x + 2, y + 12 * size, 60 * size, 10 * size), "#fffaf2", WINDOW)


def _curtain(canvas: Canvas, x: float, side: int, sway: float) -> None:
    """A curtain hung at `x`, gathered towards `side` (1: its free edge is at the right)."""
    top, bottom = 56, 396
    swing = 9 * sway
    outline = [
        (x - side * 34, top),
        (x + side * 62, top),
        (x + side * 50, 150),
        (x + side * (26 + swing * 0.4), 260),
        (x + side * (44 + swing), bottom),
        (x - side * 36, bottom),
    ]
    canvas.polygon(outline, "#d98b7b")
    for fold in (-20, 4, 28):
        canvas.polygon(
            stroke(
                [
                    (x + side * fold, top),
                    (x + side * (fold * 0.8), 200),
                    (x + side * (fold * 0.7 + swing * 0.25), 270),
                    (x + side * (fold * 0.95 + swing * 0.8), bottom),
                ],
                [5, 7, 8, 10],
            ),
            "#c67566",
        )


def _pictures(canvas: Canvas) -> None:
    for left, top, right, bottom, colour in (
        (762, 96, 906, 216, "#cfe3dc"),
        (938, 74, 1050, 222, "#f3d0c4"),
    ):
        canvas.relight([(left + 4, bottom + 6), (right + 7, bottom + 6), (right + 7, top + 8),
                        (left + 4, top + 8)])  # fmt: skip
        canvas.rectangle(left, top, right, bottom, _WOOD_DARK)
        canvas.rectangle(left + 7, top + 7, right - 7, bottom - 7, _FRAME)
        canvas.rectangle(left + 17, top + 17, right - 17, bottom - 17, colour)
    # A fish, and a paw.
    canvas.polygon(smooth([(790, 156), (820, 136), (852, 150), (852, 162), (820, 176)]), "#5f8fb0")
    canvas.polygon([(846, 156), (878, 136), (872, 156), (878, 176)], "#5f8fb0")
    canvas.polygon(ellipse(806, 152, 3.5, 3.5), "#fffaf2")
    canvas.polygon(
        smooth([(994, 148), (1016, 170), (1008, 186), (980, 186), (972, 170)]), "#b8692c"
    )
    for x, y in ((968, 148), (984, 130), (1004, 130), (1020, 148)):
        canvas.polygon(ellipse(x, y, 8, 11), "#b8692c")


def _clock_case(canvas: Canvas) -> None:
    x, y = CLOCK_X, CLOCK_Y
    canvas.relight([(x - 44, y - 50), (x + 58, y - 50), (x + 58, y + 190), (x - 44, y + 190)])
    canvas.polygon([(x - 58, y - 44), (x, y - 84), (x + 58, y - 44)], "#734a31")
    canvas.rectangle(x - 50, y - 46, x + 50, y + 182, _WOOD_DARK)
    canvas.rectangle(x - 36, y + 54, x + 36, y + 170, "#5f3d2a")
    canvas.polygon(ellipse(x, y, 41, 41, corners=48), "#f2c94c")
    canvas.polygon(ellipse(x, y, 36, 36, corners=48), "#fffaf2")
    for hour in range(12):
        angle = math.tau * hour / 12
        length = 7 if hour % 3 == 0 else 4
        canvas.polygon(
            stroke(
                [
                    (x + 33 * math.sin(angle), y - 33 * math.cos(angle)),
                    (x + (33 - length) * math.sin(angle), y - (33 - length) * math.cos(angle)),
                ],
                [2.4, 2.4],
            ),
            "#3a2a26",
        )
    canvas.polygon(stroke([(x, y), (x - 14, y - 13)], [5, 3]), "#3a2a26")
    canvas.polygon(stroke([(x, y), (x + 13, y - 25)], [4, 2]), "#3a2a26")


def _lamp(canvas: Canvas) -> None:
    canvas.polygon(stroke([(1204, 260), (1204, 496)], [7, 7]), "#5f3d2a")
    canvas.polygon(ellipse(1204, 498, 40, 9), "#5f3d2a")
    canvas.polygon([(1172, 188), (1236, 188), (1264, 270), (1144, 270)], "#ffe9b0")
    canvas.polygon([(1144, 264), (1264, 264), (1266, 272), (1142, 272)], "#e9c886")


def _sofa(canvas: Canvas) -> None:
    canvas.relight(ellipse(930, 522, 250, 18))
    for x in (736, 1110):
        canvas.rectangle(x, 500, x + 16, 524, "#5f3d2a")
    canvas.polygon(smooth([(724, 310), (742, 282), (930, 274), (1116, 282), (1134, 310),
                           (1136, 440), (722, 440)]), "#4f8f8c")  # fmt: skip
    canvas.relight([(926, 280), (931, 280), (931, 430), (926, 430)])
    canvas.polygon(smooth([(716, 420), (740, 408), (928, 406), (1118, 408), (1144, 420),
                           (1142, 470), (930, 474), (718, 470)]), "#63a5a1")  # fmt: skip
    canvas.relight([(926, 412), (931, 412), (931, 468), (926, 468)])
    canvas.rectangle(716, 462, 1144, 504, "#4f8f8c")
    for x in (684, 1112):
        canvas.polygon(smooth([(x, 372), (x + 30, 358), (x + 62, 372), (x + 64, 500), (x + 32, 506),
                               (x - 2, 500)]), "#458280")  # fmt: skip
        canvas.polygon(ellipse(x + 31, 378, 30, 17), "#63a5a1")
    canvas.polygon(smooth([(782, 336), (838, 320), (858, 376), (846, 412), (784, 414), (768, 380)]),
                   "#f2b880")  # fmt: skip
    for x in (792, 810, 828):
        canvas.polygon(stroke([(x + 4, 346), (x - 4, 374), (x - 2, 400)], [6, 6, 6]), "#d98b7b")
    canvas.polygon(smooth([(1030, 326), (1088, 334), (1094, 392), (1074, 414), (1012, 412),
                           (1008, 370)]), "#f7efe2")  # fmt: skip
    for x, y in ((1034, 352), (1066, 358), (1048, 384), (1074, 394), (1026, 396)):
        canvas.polygon(ellipse(x, y, 5, 5, corners=12), "#d98b7b")


def _rug(canvas: Canvas) -> None:
    for radius_x, radius_y, colour in (
        (480, 98, "#9d5b5b"), (462, 91, "#e8d3b5"), (446, 86, "#b86f6b"), (330, 60, "#e8d3b5"),
        (318, 56, "#9d5b5b"), (170, 28, "#e8d3b5"), (160, 25, "#b86f6b"),
    ):  # fmt: skip
        canvas.polygon(ellipse(640, 606, radius_x, radius_y, corners=96), colour)
    for step in range(36):
        angle = math.tau * step / 36
        canvas.polygon(
            ellipse(640 + 388 * math.cos(angle), 606 + 73 * math.sin(angle), 9, 4.5, corners=12),
            "#f2b880",
        )


def _bowl(canvas: Canvas) -> None:
    canvas.relight(ellipse(1190, 604, 62, 13))
    canvas.polygon([(1140, 566), (1240, 566), (1250, 604), (1130, 604)], "#5f8fb0")
    canvas.polygon(ellipse(1190, 604, 60, 9), "#5f8fb0")
    canvas.polygon(ellipse(1190, 566, 50, 12), "#cfe3dc")
    canvas.polygon(ellipse(1190, 568, 42, 8), "#8a5a3b")
    for x, y in ((1166, 566), (1184, 562), (1202, 565), (1192, 570), (1214, 568)):
        canvas.polygon(ellipse(x, y, 8, 5, corners=12), "#a06c44")


def _plant(canvas: Canvas, sway: float) -> None:
    root_x, root_y = 64, 470
    canvas.relight(ellipse(root_x + 4, 548, 54, 11))
    for leaf in range(9):
        spread = (leaf - 4) / 4
        length = 178 - 52 * abs(spread) + 14 * (leaf % 2)
        lean = spread * 0.85 + sway * (0.035 + 0.02 * abs(spread))
        path = []
        for step in range(6):
            part = step / 5
            angle = lean * (0.35 + 0.85 * part)
            path.append((root_x + length * part * math.sin(angle),
                         root_y - length * part * math.cos(angle)))  # fmt: skip
        canvas.polygon(stroke(path, [5, 17, 24, 22, 13, 2]), _GREEN[leaf % 3])
        canvas.polygon(stroke(path[:5], [2, 2, 2, 1.6, 1]), "#8fbf7c")
    canvas.polygon([(root_x - 46, 462), (root_x + 46, 462), (root_x + 34, 546), (root_x - 34, 546)],
                   "#c9714a")  # fmt: skip
    canvas.relight([(root_x + 14, 462), (root_x + 46, 462), (root_x + 34, 546), (root_x + 8, 546)],
                   DARKER)  # fmt: skip
    canvas.rectangle(root_x - 52, 454, root_x + 52, 474, "#d98b5f")
