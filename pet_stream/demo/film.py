"""Loads the demo's film: a loop of whole GOPs, and what is to be seen in each picture.

`film.zip` holds the access units one after the other, playable as they are (`film.h264`), and their
sizes and detections (`pictures.json`). `make film` draws it (`tools/film`).
"""

from __future__ import annotations

import json
import zipfile
from dataclasses import dataclass
from pathlib import Path

from ..errors import SourceError
from ..media.detections import Detection

PICTURE_WIDTH = 1280
PICTURE_HEIGHT = 720
RATE_FPS = 30

FILM_FILE = Path(__file__).with_name("film.zip")
ACCESS_UNITS = "film.h264"
PICTURES = "pictures.json"
"""A list of `[size in bytes, [detection, …]]`, a detection being the list of its fields."""


@dataclass(frozen=True, slots=True)
class Picture:
    """One picture of the film: an access unit (Annex B) and what is to be seen in it."""

    data: bytes
    detections: tuple[Detection, ...]


Film = tuple[Picture, ...]


def load_film(path: Path = FILM_FILE) -> Film:
    """Returns the film at `path`. Raises SourceError if it is missing or a checksum is wrong."""
    try:
        with zipfile.ZipFile(path) as archive:
            payload = archive.read(ACCESS_UNITS)
            pictures = json.loads(archive.read(PICTURES))
    except (OSError, EOFError, KeyError, RuntimeError, zipfile.BadZipFile) as exc:
        raise SourceError(f"the demo's film {path} can't be read: {exc}") from exc
    film, offset = [], 0
    for size, found in pictures:
        data = payload[offset : offset + size]
        film.append(Picture(data, tuple(Detection(*fields) for fields in found)))
        offset += size
    return tuple(film)
