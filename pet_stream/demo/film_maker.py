"""Draws and encodes the demo's film, at the first run of a user."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import TextIO

import av
from av.video.codeccontext import VideoCodecContext

from ..media.detections import Detection
from .film import (
    GOP_PICTURES,
    LOOP_PICTURES,
    PICTURE_HEIGHT,
    PICTURE_WIDTH,
    RATE_FPS,
    Film,
    Picture,
)
from .scene import Scene

BIT_RATE = 2_000_000

_X264 = (
    f"keyint={GOP_PICTURES}:min-keyint={GOP_PICTURES}:scenecut=0:repeat-headers=1:level=3.1:"
    "bframes=0:cabac=0:8x8dct=0:weightp=0:"  # which makes it Constrained Baseline
    "colorprim=bt709:transfer=bt709:colormatrix=bt709:range=tv"
)


def make_film(on_progress: Callable[[float], object], pictures: int = LOOP_PICTURES) -> Film:
    """Draw and encode the first `pictures` of the loop; `on_progress` gets 0 to 1."""
    scene = Scene()
    encoder = _encoder()
    detections: list[tuple[Detection, ...]] = []
    access_units: list[bytes] = []
    for index in range(pictures):
        frame, found = scene.paint(index)
        frame.pts = index
        frame.time_base = Fraction(1, RATE_FPS)
        detections.append(found)
        access_units += map(bytes, encoder.encode(frame))
        on_progress((index + 1) / pictures)
    access_units += map(bytes, encoder.encode(None))
    return tuple(map(Picture, access_units, detections))


class ProgressBar:
    """One line that fills up on a terminal; a line now and then anywhere else."""

    def __init__(self, what: str, output: TextIO) -> None:
        self._what = what
        self._output = output
        self._is_terminal = output.isatty()
        self._last = -1

    def __call__(self, part: float) -> None:
        percent = int(part * 100)
        step = 1 if self._is_terminal else 25
        if percent // step == self._last:
            return
        self._last = percent // step
        if self._is_terminal:
            bar = ("#" * (percent * 30 // 100)).ljust(30, ".")
            end = "\n" if percent == 100 else ""
            self._output.write(f"\r{self._what} [{bar}] {percent:3d} %{end}")
        else:
            self._output.write(f"{self._what}: {percent} %\n")
        self._output.flush()


def _encoder() -> VideoCodecContext:
    encoder = av.CodecContext.create("libx264", "w")
    assert isinstance(encoder, VideoCodecContext)
    encoder.width, encoder.height = PICTURE_WIDTH, PICTURE_HEIGHT
    encoder.pix_fmt = "yuv420p"
    encoder.time_base = Fraction(1, RATE_FPS)
    encoder.framerate = Fraction(RATE_FPS)
    encoder.bit_rate = BIT_RATE
    encoder.options = {
        "preset": "veryfast",
        "maxrate": str(BIT_RATE * 5 // 4),
        "bufsize": str(BIT_RATE),
        "x264-params": _X264,
    }
    return encoder
