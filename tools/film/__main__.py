"""Draws and encodes the film: 616 pictures in a minute.

    python -m tools.film [FILE]        (`make film` writes the one that the package brings)

The same encoder makes the same bytes of it, on any number of cores.
"""

from __future__ import annotations

import json
import sys
import zipfile
from collections.abc import Iterator
from dataclasses import astuple
from fractions import Fraction
from pathlib import Path

import av
from av.video.codeccontext import VideoCodecContext

from pet_stream.demo.film import (
    ACCESS_UNITS,
    FILM_FILE,
    PICTURE_HEIGHT,
    PICTURE_WIDTH,
    PICTURES,
    RATE_FPS,
    Film,
    Picture,
)
from pet_stream.media.detections import Detection

from .scene import GOP_PICTURES, LOOP_PICTURES, Scene

_OPTIONS = {
    "preset": "slower",
    "crf": "24",
    "x264-params": (
        f"keyint={GOP_PICTURES}:min-keyint={GOP_PICTURES}:scenecut=0:repeat-headers=1:level=3.1:"
        "bframes=0:cabac=0:8x8dct=0:weightp=0:ref=1:"  # which makes it Constrained Baseline
        "colorprim=bt709:transfer=bt709:colormatrix=bt709:range=tv"
    ),
}


def make_film(count: int = LOOP_PICTURES) -> Film:
    """Draw and encode the first `count` pictures of the loop."""
    scene = Scene()
    found: list[tuple[Detection, ...]] = []

    def frames() -> Iterator[av.VideoFrame]:
        for index in range(count):
            frame, detections = scene.paint(index)
            frame.pts = index
            frame.time_base = Fraction(1, RATE_FPS)
            found.append(detections)
            yield frame

    access_units = encode(frames())
    return tuple(map(Picture, access_units, found))


def encode(frames: Iterator[av.VideoFrame]) -> list[bytes]:
    """An access unit for each of `frames`, in their order."""
    encoder = av.CodecContext.create("libx264", "w")
    assert isinstance(encoder, VideoCodecContext)
    encoder.width, encoder.height = PICTURE_WIDTH, PICTURE_HEIGHT
    encoder.pix_fmt = "yuv420p"
    encoder.time_base = Fraction(1, RATE_FPS)
    encoder.framerate = Fraction(RATE_FPS)
    encoder.thread_count = 1  # x264 decides otherwise with each number of threads
    encoder.options = dict(_OPTIONS)
    packets = [bytes(packet) for frame in frames for packet in encoder.encode(frame)]
    return packets + [bytes(packet) for packet in encoder.encode(None)]


def save_film(film: Film, path: Path) -> None:
    """Write the file that `load_film` reads. Nothing in it tells when it was made."""
    pictures = [[len(p.data), [astuple(found) for found in p.detections]] for p in film]
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(zipfile.ZipInfo(ACCESS_UNITS), b"".join(p.data for p in film))
        archive.writestr(zipfile.ZipInfo(PICTURES), json.dumps(pictures))


def main(arguments: list[str]) -> None:
    path = Path(arguments[0]) if arguments else FILM_FILE
    film = make_film()
    save_film(film, path)
    print(f"{path}: {len(film)} pictures, {path.stat().st_size / 1e6:.2f} MB")


if __name__ == "__main__":
    main(sys.argv[1:])
