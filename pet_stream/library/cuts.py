"""Tells what a cut of a recording gives, and saves one as a recording of its own: a clip."""

from __future__ import annotations

import contextlib
import io
import itertools
import logging
import math
import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from ..admission.token_bucket import TokenBucket
from ..errors import NameExists, NotFound, TooLarge
from ..recording.disk import (
    PART_SUFFIX,
    AlmostFull,
    check_linked,
    disk_space,
    rename,
    storage_error,
    sync_folder,
)
from ..recording.names import automatic_stem, numbered, requested_name
from ..recording.taken_names import taken_names
from .composite_file import PiecedFile
from .library import Library
from .short_queue import ShortQueue

logger = logging.getLogger(__name__)

MAX_BYTES = 1_000_000_000
"""Of one saved cut: it is copied while the request waits."""
SAVES_AT_ONCE = 4
SAVE_EVERY_S = 2.0
MAX_WAITING = 2
_CHUNK_BYTES = 256 * 1024
_SYNC_EVERY_BYTES = 8_000_000
"""A recording's own sync has to wait for what was written before it: that is never more."""
_SUFFIX = ".mp4"
_UNFINISHED = re.compile(rf"\..+\{_SUFFIX}\.cut\{PART_SUFFIX}")


class Bounds(NamedTuple):
    """Where a cut begins and ends in its recording, at the bounds of GOPs."""

    from_s: float
    to_s: float
    size_bytes: int
    """Of its pictures."""


def is_unfinished(path: Path) -> bool:
    """Whether `path` is a cut that a crash left unfinished: it can be deleted."""
    return _UNFINISHED.fullmatch(path.name) is not None


class Cuts:
    """Any thread may use it; one cut is saved at a time.

    `claim` is asked before each for the right to write so many bytes more. `min_free_bytes`, which
    any thread may set, is what a recording needs: a cut leaves twice that, so that it ends none.
    """

    def __init__(
        self,
        library: Library,
        claim: Callable[[int], object],
        *,
        min_free_bytes: int = 0,
        max_bytes: int = MAX_BYTES,
        on_saved: Callable[[str], object] = lambda name: None,
        saves: TokenBucket | None = None,
    ) -> None:
        self.min_free_bytes = min_free_bytes
        self._library = library
        self._claim = claim
        self._max_bytes = max_bytes
        self._on_saved = on_saved
        self._tokens = saves or TokenBucket(SAVES_AT_ONCE, SAVE_EVERY_S)
        self._looks = ShortQueue(MAX_WAITING)
        self._saves = ShortQueue(MAX_WAITING)

    def bounds(self, name: str, from_s: float, to_s: float = math.inf) -> Bounds:
        """Returns what a cut between these seconds gives. Raises BadName, NotFound, NotCuttable,
        StorageError, TooMany."""
        from .cutting import parts_between  # lazy, as in the library

        with self._looks.turn("Too many cuts are looked for"):
            parts = parts_between(self._library.files_of(name), from_s, to_s)
        size_bytes = sum(sum(part.table.sizes) for part in parts)
        return Bounds(parts[0].begins_s, parts[-1].ends_s, size_bytes)

    def save(self, name: str, from_s: float, to_s: float, filename: str | None = None) -> str:
        """Save what the recording `name` shows between these seconds. Returns the new name: that of
        an automatic recording of its own time, unless there is a `filename`.

        Raises BadName, NotFound, NotCuttable, NameExists, NotRecorderOwner, StorageError, TooLarge
        and TooMany.
        """
        wanted = requested_name(filename, _SUFFIX) if filename else None
        with self._saves.turn("Other cuts are being saved"):
            bounds = self.bounds(name, from_s, to_s)
            if bounds.size_bytes > self._max_bytes:
                raise TooLarge(f"A saved cut has at most {self._max_bytes / 1e6:.9g} MB")
            started_at = self._library.find(name).started_at + bounds.from_s
            self._tokens.take("Cuts were saved too often just now")
            opened = self._library.open(name, from_s, to_s, is_clip=True)
            with contextlib.closing(opened.file) as file:
                try:
                    saved = self._save(file, wanted, automatic_stem(started_at))
                except FileNotFoundError as exc:
                    raise NotFound("The recording was deleted meanwhile") from exc
                except OSError as exc:
                    raise storage_error("The cut can't be saved", exc) from exc
        self._on_saved(saved)
        return saved

    def _save(self, file: PiecedFile, wanted: str | None, stem: str) -> str:
        """Raises OSError, and what `claim` does."""
        from .recorded_detections import copy_seen

        folder = self._library.folder
        self._claim(file.size)
        _check_free(folder, file.size, 2 * self.min_free_bytes)
        _free_name(folder, wanted, stem)
        part = folder / f".{wanted or stem + _SUFFIX}.cut{PART_SUFFIX}"
        part.unlink(missing_ok=True)  # of a save that failed, and whose disk failed, too
        try:
            _copy(file, part)
            saved = rename(part, _free_name(folder, wanted, stem))
        except BaseException:
            with contextlib.suppress(OSError):
                part.unlink(missing_ok=True)
            raise
        try:
            copy_seen(file.spans, saved)
        except OSError as exc:
            logger.warning("%s is saved, but not what was seen in it: %s", saved.name, exc)
        return saved.name


def _copy(file: PiecedFile, part: Path) -> None:
    with io.FileIO(part, "xb") as raw, io.BufferedWriter(raw, _CHUNK_BYTES) as copy:
        since_sync = 0
        while chunk := file.read(_CHUNK_BYTES):
            copy.write(chunk)
            since_sync += len(chunk)
            if since_sync >= _SYNC_EVERY_BYTES:
                copy.flush()
                os.fdatasync(raw.fileno())
                since_sync = 0
        copy.flush()
        os.fsync(raw.fileno())
        check_linked(raw)
    sync_folder(part.parent)


def _free_name(folder: Path, wanted: str | None, stem: str) -> str:
    taken = taken_names(folder)
    if wanted is not None:
        if wanted in taken:
            raise NameExists("There is a recording of this name")
        return wanted
    names = (candidate + _SUFFIX for candidate in numbered(stem))
    return next(itertools.filterfalse(taken.__contains__, names))


def _check_free(folder: Path, size_bytes: int, min_free_bytes: int) -> None:
    if min_free_bytes and disk_space(folder).free_bytes - size_bytes < min_free_bytes:
        raise AlmostFull(min_free_bytes)
