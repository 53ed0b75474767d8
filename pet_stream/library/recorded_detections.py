"""Reads what was seen in recordings: from the sidecars beside their files.

Any file may lie there, so all that is read is bounded, and a sidecar that is not ours has nothing
in it.
"""

from __future__ import annotations

import hashlib
import itertools
import logging
import math
import os
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..errors import BitstreamError, NotCuttable
from ..media.sidecar import (
    HEADER_BYTES,
    MAX_TIME_MS,
    START,
    ChunkHeader,
    Update,
    pack_chunk,
    unpack_chunk,
)
from ..recording.disk import PART_SUFFIX, open_to_read, read_at, sidecar_name
from .composite_file import Span
from .library import Library

logger = logging.getLogger(__name__)

MAX_WINDOW_S = 60.0
MAX_CHUNKS = 100_000
"""Of one file: more than two days have."""
MAX_COPIED = 1_000_000
"""Updates of one file: more than half a day has."""
MAX_CHUNKS_READ = 300
MAX_UPDATES = 6000
"""In one window; twice as many as a detector is ever asked for."""
_COPIED_UPDATES = 100
"""In each chunk of a copy."""


@dataclass(frozen=True, slots=True)
class Window:
    """What was seen from `from_s` to `to_s`, seconds from the beginning of a recording."""

    from_s: float
    to_s: float
    is_complete: bool
    """False while the recording runs."""
    version: str
    """Changes when anything in it does."""
    _spans: tuple[Span, ...]

    def to_json(self) -> dict[str, Any]:
        """Returns the answer to `GET /api/recordings/<name>/detections`."""
        indexes: dict[str, int] = {}
        begin_ms = round(1000 * self.from_s)
        updates = []
        seen = seen_in(self._spans, max_chunks=MAX_CHUNKS_READ, max_updates=MAX_UPDATES)
        found = {update.time_ms: update for update in itertools.islice(seen, MAX_UPDATES)}
        for time_ms, boxes in sorted(found.values()):
            rows = [[indexes.setdefault(name, len(indexes)), *numbers] for name, *numbers in boxes]
            updates.append([begin_ms + time_ms, *rows])
        return {
            "from": self.from_s,
            "to": self.to_s,
            "complete": self.is_complete,
            "classes": list(indexes),
            "updates": updates,
        }


def window_of(library: Library, name: str, from_s: float, to_s: float) -> Window:
    """Returns what was seen in this part of a recording, of MAX_WINDOW_S at most. Raises BadName,
    NotFound, StorageError; NotCuttable for several files without times."""
    files = library.files_of(name)
    spans = []
    begin_s = 0.0
    for path in files:
        is_last = path == files[-1]
        duration_s = math.inf if is_last else library.duration_of(path.name)
        if duration_s is None:
            raise NotCuttable("These files have no times, so nobody knows what was seen when")
        end_s = begin_s + duration_s
        if from_s < end_s and begin_s < to_s:
            spans.append(Span(path, max(0, from_s - begin_s), min(to_s, end_s) - begin_s))
        begin_s = end_s
    return Window(
        from_s,
        to_s,
        is_complete=not files[-1].name.endswith(PART_SUFFIX),
        version=_version(spans),
        _spans=tuple(spans),
    )


def seen_in(
    spans: Iterable[Span], *, max_chunks: int = MAX_CHUNKS, max_updates: int = MAX_COPIED
) -> Iterator[Update]:
    """Yields what was seen in `spans`, nearly in order; times are those of a file that is composed
    of them. The limits are for each."""
    begin_ms = 0.0
    for path, from_s, to_s in spans:
        from_ms = round(1000 * from_s)
        last_ms = MAX_TIME_MS if to_s == math.inf else round(1000 * to_s) - 1
        for update in itertools.islice(_read(path, from_ms, last_ms, max_chunks), max_updates):
            yield update._replace(time_ms=round(begin_ms) + update.time_ms - from_ms)
        begin_ms += 1000 * (to_s - from_s)


def copy_seen(spans: Iterable[Span], path: Path) -> None:
    """Write a sidecar for the new file at `path`, which is composed of `spans`, if anything was
    seen in them. Raises OSError."""
    updates = seen_in(spans)
    chunk = sorted(itertools.islice(updates, _COPIED_UPDATES))
    if not chunk:
        return
    with _sidecar_of(path).open("xb") as file:
        file.write(START)
        while chunk:
            file.write(pack_chunk(chunk))
            chunk = sorted(itertools.islice(updates, _COPIED_UPDATES))
        file.flush()
        os.fsync(file.fileno())


def _read(path: Path, from_ms: int, last_ms: int, max_chunks: int) -> Iterator[Update]:
    """Yields what was seen in the file at `path` between these times, both included."""
    try:
        descriptor = open_to_read(_sidecar_of(path))
    except OSError:
        return
    try:
        chunks = _chunks(descriptor, from_ms, last_ms)
        for header, offset in itertools.islice(chunks, max_chunks):
            with suppress(BitstreamError):  # the others are good
                for update in unpack_chunk(header, read_at(descriptor, offset, header.body_bytes)):
                    if from_ms <= update.time_ms <= last_ms:
                        yield update
    except OSError as exc:
        logger.debug("%s can't be read: %s", path.name, exc)
    finally:
        os.close(descriptor)


def _chunks(descriptor: int, from_ms: int, last_ms: int) -> Iterator[tuple[ChunkHeader, int]]:
    """Yields the chunks that have something of these times in them, and where their bodies are. A
    power cut leaves an incomplete one at the end. Raises OSError."""
    if read_at(descriptor, 0, len(START)) != START:
        return
    offset = len(START)
    for _ in range(MAX_CHUNKS):
        try:
            header = ChunkHeader.parse(read_at(descriptor, offset, HEADER_BYTES))
        except BitstreamError:
            return
        offset += HEADER_BYTES
        if header.first_ms <= last_ms and from_ms <= header.last_ms:
            yield header, offset
        offset += header.body_bytes


def _version(spans: Iterable[Span]) -> str:
    told = []
    for path, from_s, to_s in spans:
        with suppress(OSError):
            info = _sidecar_of(path).lstat()
            told.append((path.name, info.st_ino, info.st_size, info.st_mtime_ns, from_s, to_s))
    return hashlib.sha256(repr(told).encode()).hexdigest()[:32]


def _sidecar_of(path: Path) -> Path:
    return path.with_name(sidecar_name(path.name))
