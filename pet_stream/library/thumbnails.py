"""Makes a small picture of each recording, beside its file."""

from __future__ import annotations

import contextlib
import logging
import os
import re
import secrets
import threading
from concurrent.futures import CancelledError, Future
from concurrent.futures import TimeoutError as FutureTimeout
from pathlib import Path

from ..errors import NotFound, TooMany
from ..recording.belongings import THUMBNAIL_SUFFIX
from ..recording.disk import PART_SUFFIX
from .housekeeping import Housekeeper
from .library import Library
from .listing import Recording

logger = logging.getLogger(__name__)

WIDTH = 320
TIMEOUT_S = 8.0
MAX_WAITING = 16
"""Requests that may wait for a thumbnail; each holds a thread of the server."""
MAX_HOPELESS = 1000
_UNFINISHED = re.compile(r"\..+\.jpg(\.[0-9a-f]{8})?\.part")


def is_unfinished(path: Path) -> bool:
    """Whether `path` is a thumbnail that a crash left unfinished: it can be deleted."""
    return _UNFINISHED.fullmatch(path.name) is not None


class Thumbnails:
    """Makes thumbnails on request, one at a time, in the housekeeping thread. Any thread."""

    def __init__(
        self, library: Library, housekeeper: Housekeeper, timeout_s: float = TIMEOUT_S
    ) -> None:
        self._library = library
        self._timeout_s = timeout_s
        self._housekeeper = housekeeper
        self._lock = threading.Lock()
        self._waiting = threading.BoundedSemaphore(MAX_WAITING)
        self._pending: dict[str, Future[None]] = {}
        self._hopeless: dict[str, int] = {}  # `changed_ns` of those without a picture

    def can_make(self, recording: Recording, has_picture: bool) -> bool:
        """Whether a thumbnail may be possible. `has_picture`: whether a running recording has a
        picture yet."""
        if recording.is_running:
            return has_picture
        return not self._is_hopeless(recording)

    def path_of(self, name: str) -> Path:
        """Returns the path of the thumbnail of `name`. It is made now if it is missing
        or older than the recording.

        Raises BadName, StorageError, TooMany, and NotFound if none can be made (in time).
        """
        recording = self._library.find(name)
        try:
            return self._path_of(recording)
        except NotFound:
            ended = self._library.find(name)
            if (ended.state, ended.files) == (recording.state, recording.files):
                raise
            return self._path_of(ended)  # its file was renamed meanwhile

    def _path_of(self, recording: Recording) -> Path:
        path = self._library.folder / (recording.name + THUMBNAIL_SUFFIX)
        if not _is_of(recording, path):
            is_hopeless = self._is_hopeless(recording)
            if not is_hopeless:
                self._wait_for(recording, path)
            if is_hopeless or not _is_there(path, 0):
                raise NotFound("There is no picture of this recording")
        return path

    def _wait_for(self, recording: Recording, path: Path) -> None:
        if not self._waiting.acquire(blocking=False):
            raise TooMany("Too many pictures of recordings are being made")
        try:
            with contextlib.suppress(FutureTimeout, CancelledError, TimeoutError):
                self._made(recording, path).exception(self._timeout_s)
        finally:
            self._waiting.release()

    def _is_hopeless(self, recording: Recording) -> bool:
        with self._lock:
            return self._hopeless.get(recording.name) == recording.changed_ns

    def _made(self, recording: Recording, path: Path) -> Future[None]:
        with self._lock:
            future = self._pending.get(recording.name)
        if future is None or future.done():
            # Outside the lock. If two ask at once, the second task finds the thumbnail there.
            future = self._housekeeper.submit(lambda: self._make(recording, path))
            with self._lock:
                pending = {name: f for name, f in self._pending.items() if not f.done()}
                self._pending = pending | {recording.name: future}
        return future

    def _make(self, recording: Recording, path: Path) -> None:
        from .pictures import thumbnail  # lazy: FFmpeg takes 17 MB

        if _is_of(recording, path) or self._is_hopeless(recording):
            return
        source = self._library.folder / _middle_file(recording)
        data = None
        try:
            data = thumbnail(source, WIDTH)
        finally:
            if data is None:
                self._give_up(recording)
        if data is not None:
            _keep(data, path, recording.changed_ns)
            if not recording.is_running and not source.exists():  # deleted meanwhile
                path.unlink(missing_ok=True)

    def _give_up(self, recording: Recording) -> None:
        logger.info("the list shows no picture of %s: none can be decoded", recording.name)
        if not recording.is_running:
            with self._lock:
                if len(self._hopeless) >= MAX_HOPELESS:
                    self._hopeless.clear()
                self._hopeless[recording.name] = recording.changed_ns


def _middle_file(recording: Recording) -> str:
    """Returns the file with the middle of the recording; the first one while it runs, so that its
    picture stays."""
    left_bytes = recording.size_bytes / 2
    for file, state in zip(recording.files, recording.states, strict=True):
        left_bytes -= state.size_bytes
        if left_bytes <= 0 and not recording.is_running:
            return file
    return recording.files[0]


def _is_of(recording: Recording, path: Path) -> bool:
    """Whether the JPEG at `path` is of this `recording`. The first picture of a running one does
    not change."""
    return _is_there(
        path, recording.started_at if recording.is_running else recording.changed_ns / 1e9
    )


def _is_there(path: Path, since_s: float) -> bool:
    try:
        info = path.lstat()
    except OSError:
        return False
    return path.is_file() and not path.is_symlink() and info.st_mtime >= since_s


def _keep(data: bytes, path: Path, changed_ns: int) -> None:
    """Write `data` to `path`, dated no earlier than its recording. A recording from the future
    would otherwise be decoded for each request."""
    # A unique name: other processes make thumbnails, too.
    part = path.with_name(f".{path.name}.{secrets.token_hex(4)}{PART_SUFFIX}")
    try:
        with part.open("xb") as file:  # O_EXCL: never overwrites, follows no link
            file.write(data)
        dated_ns = max(part.stat().st_mtime_ns, changed_ns)
        os.utime(part, ns=(dated_ns, dated_ns))
        part.replace(path)
    except OSError as exc:
        logger.warning(
            "the thumbnail %s can't be kept, and is made anew each time: %s", path.name, exc
        )
        with contextlib.suppress(OSError):
            part.unlink(missing_ok=True)
