"""The demo's scene as H.264: encoded once, then kept in the user's cache folder."""

from __future__ import annotations

import hashlib
import json
import logging
import os
import tempfile
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av
import av.video

from .scene import (
    GOP_PICTURES,
    LOOP_PICTURES,
    PICTURE_HEIGHT,
    PICTURE_WIDTH,
    RATE_FPS,
    Scene,
    Sprite,
)

logger = logging.getLogger(__name__)

BIT_RATE = 2_000_000
FORMAT_VERSION = 1

_SOURCES = ("block_code.py", "canvas.py", "cat.py", "film.py", "room.py", "scene.py")
_X264 = (
    f"keyint={GOP_PICTURES}:min-keyint={GOP_PICTURES}:scenecut=0:bframes=0:repeat-headers=1:"
    "colorprim=bt709:transfer=bt709:colormatrix=bt709:range=tv"
)


@dataclass(frozen=True, slots=True)
class Picture:
    """One picture of the film: an access unit (Annex B) and what is to be seen in it."""

    data: bytes
    sprites: tuple[Sprite, ...]


Film = tuple[Picture, ...]
"""A loop of whole GOPs. The number of GOPs is even and x264 alternates `idr_pic_id`, so that two
IDRs in a row differ in it across the seam, too (H.264 clause 7.4.3)."""


def cache_folder() -> Path:
    """Where this user's programs keep what they can make again (XDG base directories)."""
    base = os.environ.get("XDG_CACHE_HOME", "")
    return (Path(base) if base.startswith("/") else Path.home() / ".cache") / "pet_stream"


def film_path(folder: Path) -> Path:
    """The film's file in `folder`; another name for every change of what draws and encodes it."""
    digest = hashlib.sha256(str(FORMAT_VERSION).encode())
    for name in _SOURCES:
        digest.update(Path(__file__).with_name(name).read_bytes())
    return folder / f"demo-{digest.hexdigest()[:16]}.film"


def encode_film(on_progress: Callable[[float], object], pictures: int = LOOP_PICTURES) -> Film:
    """Draw and encode the first `pictures` of the loop; `on_progress` gets 0 to 1."""
    scene = Scene()
    encoder = _encoder()
    sprites: list[tuple[Sprite, ...]] = []
    packets: list[bytes] = []
    for index in range(pictures):
        frame, seen = scene.paint(index)
        frame.pts = index
        frame.time_base = Fraction(1, RATE_FPS)
        sprites.append(seen)
        packets += [bytes(packet) for packet in encoder.encode(frame)]
        on_progress((index + 1) / pictures)
    packets += [bytes(packet) for packet in encoder.encode(None)]
    return tuple(Picture(data, seen) for data, seen in zip(packets, sprites, strict=True))


def save_film(film: Film, path: Path) -> None:
    """Write the film: one line of JSON (sizes, sprites, checksum), then the access units. Under
    its name there is only ever a whole file. Raises OSError."""
    payload = b"".join(picture.data for picture in film)
    index = {
        "crc32": zlib.crc32(payload),
        "pictures": [
            [
                len(picture.data),
                [
                    (s.class_name, round(s.confidence, 3), s.x, s.y, s.width, s.height)
                    for s in picture.sprites
                ],
            ]
            for picture in film
        ],
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor, partial = tempfile.mkstemp(prefix=path.name, suffix=".part", dir=path.parent)
    try:
        with open(descriptor, "wb") as file:
            file.write(json.dumps(index).encode() + b"\n" + payload)
        os.replace(partial, path)
    except BaseException:
        os.unlink(partial)
        raise


def load_film(path: Path) -> Film | None:
    """The film at `path`; None if there is none or it is damaged."""
    try:
        head, _, payload = path.read_bytes().partition(b"\n")
        index = json.loads(head)
        if zlib.crc32(payload) != index["crc32"]:
            raise ValueError("checksum")
        film, offset = [], 0
        for size, seen in index["pictures"]:
            data = payload[offset : offset + size]
            film.append(Picture(data, tuple(Sprite(*fields) for fields in seen)))
            offset += size
        return tuple(film)
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, TypeError) as exc:
        logger.warning("cached film %s is not usable (%s); making it again", path, exc)
        return None


def _encoder() -> av.video.codeccontext.VideoCodecContext:
    encoder = av.CodecContext.create("libx264", "w")
    assert isinstance(encoder, av.video.codeccontext.VideoCodecContext)
    encoder.width, encoder.height = PICTURE_WIDTH, PICTURE_HEIGHT
    encoder.pix_fmt = "yuv420p"
    encoder.time_base = Fraction(1, RATE_FPS)
    encoder.framerate = Fraction(RATE_FPS)
    encoder.bit_rate = BIT_RATE
    encoder.options = {
        "profile": "baseline",
        "level": "3.1",
        "preset": "fast",
        "maxrate": str(BIT_RATE * 5 // 4),
        "bufsize": str(BIT_RATE),
        "x264-params": _X264,
    }
    return encoder
