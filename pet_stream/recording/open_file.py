"""One file of a recording, from its `.part` name to its final name."""

from __future__ import annotations

import io
import os
import time
from collections.abc import Sequence
from pathlib import Path

from ..media.access_unit import AccessUnit
from ..media.mp4.video_format import VideoFormat
from .containers import Container
from .disk import check_linked, publish, remove, sync_folder

MAX_FILE_BYTES = 3_900_000_000
"""FAT holds no file of 4 GiB."""


class OpenFile:
    """An open file and the container in it. Belongs to the writer's thread."""

    def __init__(self, part: Path, file: io.FileIO, container: Container) -> None:
        self.part = part
        self.path: Path | None = None
        """Its final path, once it has got its name."""
        self.container = container
        self._file = file
        self._first: AccessUnit | None = None
        self._is_in_first_gop = True
        self._format: VideoFormat | None = None
        self.synced_at_s = 0.0
        """On the monotonic clock. Long ago at first: the beginning of a file is synced at once,
        because a repair needs it."""
        self._synced_bytes = 0
        self._is_complete = False
        self.newest_ns = 0
        """Capture time of the newest picture."""

    @property
    def location(self) -> Path:
        """Where it is now."""
        return self.path or self.part

    @property
    def first_ns(self) -> int | None:
        """Capture time of its first picture; None before that."""
        return None if self._first is None else self._first.capture_ns

    def without_leading(self, gop: Sequence[AccessUnit]) -> Sequence[AccessUnit]:
        """Returns `gop`, or the next part of one, without the pictures that are shown before the
        first one of this file: they may refer to others that are not in it."""
        if gop and gop[0].is_entry_point:
            self._is_in_first_gop = self._first is None
        return [unit for unit in gop if not unit.is_leading] if self._is_in_first_gop else gop

    def write(self, units: Sequence[AccessUnit]) -> None:
        """Append `units`. Raises OSError."""
        if self._first is None and units:
            self._first, self._format = units[0], VideoFormat.of(units[0])
        self.container.write(units)
        if units:
            self.newest_ns = units[-1].capture_ns

    def takes(self, idr: AccessUnit, max_seconds: float) -> bool:
        """Whether `idr` may follow in this file: same camera, same kind of video, not too long."""
        first = self._first
        if first is None or self._format is None:
            return True
        if idr.camera_id != first.camera_id or not self._format.goes_on_in(VideoFormat.of(idr)):
            return False
        if self.container.bytes_written >= MAX_FILE_BYTES:
            return False
        return not max_seconds or idr.capture_ns - first.capture_ns < max_seconds * 1e9

    def sync(self) -> int:
        """Sync everything that write() was given to the disk. Returns how long the disk took,
        nanoseconds; 0 if there was nothing to sync. Raises OSError."""
        self.synced_at_s = time.monotonic()
        self.container.flush()
        if self.container.bytes_written == self._synced_bytes:
            return 0
        check_linked(self._file)
        began_ns = time.monotonic_ns()
        os.fdatasync(self._file.fileno())
        if not self._synced_bytes:
            sync_folder(self.part.parent)
        self._synced_bytes = self.container.bytes_written
        return time.monotonic_ns() - began_ns

    def complete(self, end_ns: int | None = None) -> None:
        """Close the container. Call it once. Raises OSError."""
        if not self._is_complete:
            self._is_complete = True
            self.container.close(end_ns)

    def publish(self, name: str) -> Path:
        """Give the file its final name; returns its path. If that fails it keeps its `.part` name,
        and is repaired at the next start. Raises OSError."""
        with self._file:
            self.path = publish(self._file, self.part, name)
        return self.path

    def discard(self) -> None:
        self._file.close()
        remove(self.part)
