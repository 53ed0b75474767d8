"""The demo's scene as H.264: a loop of whole GOPs that is kept in the user's cache folder."""

from __future__ import annotations

import hashlib
import json
import logging
import os
import tempfile
import zlib
from dataclasses import astuple, dataclass
from pathlib import Path

from ..media.detections import Detection

logger = logging.getLogger(__name__)

PICTURE_WIDTH = 1280
PICTURE_HEIGHT = 720
RATE_FPS = 30
GOP_PICTURES = 14
LOOP_PICTURES = 30 * GOP_PICTURES
"""The number of GOPs is even and x264 alternates `idr_pic_id`, so that two IDRs one after the other
differ in it across the seam, too (H.264 clause 7.4.3)."""

_SOURCES = (
    "block_code.py",
    "canvas.py",
    "cat.py",
    "film.py",
    "film_maker.py",
    "room.py",
    "scene.py",
)


@dataclass(frozen=True, slots=True)
class Picture:
    """One picture of the film: an access unit (Annex B) and what is to be seen in it."""

    data: bytes
    detections: tuple[Detection, ...]


Film = tuple[Picture, ...]


def cache_folder() -> Path:
    """Where this user's programs keep what they can make again (XDG base directories)."""
    base = os.environ.get("XDG_CACHE_HOME", "")
    return (Path(base) if base.startswith("/") else Path.home() / ".cache") / "pet_stream"


def film_path(folder: Path) -> Path:
    """The film's file in `folder`; another name for every change of what draws and encodes it."""
    digest = hashlib.sha256()
    for name in _SOURCES:
        digest.update(Path(__file__).with_name(name).read_bytes())
    return folder / f"demo-{digest.hexdigest()[:16]}.film"


def save_film(film: Film, path: Path) -> None:
    """Write the film: one line of JSON (sizes, detections, checksum), then the access units. Under
    its name there is only ever a whole file. Raises OSError."""
    payload = b"".join(picture.data for picture in film)
    index = {
        "crc32": zlib.crc32(payload),
        "pictures": [
            [len(picture.data), [astuple(detection) for detection in picture.detections]]
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
            raise ValueError("its checksum is wrong")
        film, offset = [], 0
        for size, found in index["pictures"]:
            data = payload[offset : offset + size]
            film.append(Picture(data, tuple(Detection(*fields) for fields in found)))
            offset += size
        return tuple(film)
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, TypeError) as exc:
        logger.warning("the film in the cache can't be used and is made again: %s", exc)
        return None
