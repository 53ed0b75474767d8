"""A small picture of each recording, beside its file."""

from __future__ import annotations

import contextlib
import logging
import os
import threading
from concurrent.futures import CancelledError, Future
from concurrent.futures import TimeoutError as FutureTimeout
from pathlib import Path

from ..errors import NotFound
from .housekeeping import Housekeeper
from .library import THUMBNAIL_SUFFIX, Library

logger = logging.getLogger(__name__)

WIDTH = 320
TIMEOUT_S = 8.0


class Thumbnails:
    """Makes them when they are asked for, off the hot path and never two at once. Any thread."""

    def __init__(self, library: Library, housekeeper: Housekeeper) -> None:
        self._library = library
        self._housekeeper = housekeeper
        self._lock = threading.Lock()
        self._pending: dict[str, Future[None]] = {}

    def path_of(self, name: str) -> Path:
        """The JPEG of the recording `name`, made now if it is missing or older than the recording.

        Raises BadName, StorageError, and NotFound where no picture can be made (in time).
        """
        recording = self._library.find(name)
        path = self._library.folder / (recording.name + THUMBNAIL_SUFFIX)
        if recording.state == "recording":
            raise NotFound("The recording is just being made")
        if not _is_there(path, recording.changed_ns):
            source = self._library.folder / recording.files[0]
            with contextlib.suppress(FutureTimeout, CancelledError, TimeoutError):
                self._made(recording.name, source, path).result(TIMEOUT_S)
            if not _is_there(path, 0):
                raise NotFound("There is no picture of this recording")
        return path

    def _made(self, name: str, source: Path, path: Path) -> Future[None]:
        with self._lock:
            future = self._pending.get(name)
            if future is None:
                future = self._housekeeper.submit(lambda: _make(source, path))
                if not future.done():
                    self._pending[name] = future
                    future.add_done_callback(lambda _: self._forget(name))
        return future

    def _forget(self, name: str) -> None:
        with self._lock:
            self._pending.pop(name, None)


def _is_there(path: Path, changed_ns: int) -> bool:
    try:
        info = path.lstat()
    except OSError:
        return False
    return path.is_file() and not path.is_symlink() and info.st_mtime_ns >= changed_ns


def _make(source: Path, path: Path) -> None:
    from .pictures import thumbnail  # late: FFmpeg takes 17 MB

    data = thumbnail(source, WIDTH)
    if data is None:
        logger.info("no picture can be made of %s", source.name)
        return
    part = path.with_name(f".{path.name}.part")
    try:
        part.write_bytes(data)
        os.replace(part, path)
    except OSError as exc:
        logger.warning("the picture of %s can't be kept: %s", source.name, exc)
        with contextlib.suppress(OSError):
            part.unlink(missing_ok=True)
