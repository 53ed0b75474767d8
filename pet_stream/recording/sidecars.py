"""Writes what the detector saw beside the files that show it."""

from __future__ import annotations

import errno
import io
import logging
import os
import threading
from collections.abc import Callable, Sequence
from typing import Protocol

from ..errors import Busy
from ..media.detections import Sighting
from ..media.sidecar import MAX_CHUNK_BYTES, MAX_TIME_MS, START, Box, Update, pack_chunk
from .disk import sidecar_name
from .open_file import OpenFile

logger = logging.getLogger(__name__)

BYTES_PER_S = 1300
"""4.7 MB an hour: ten boxes thirty times a second fit."""
CHUNK_MS = 2000
MAX_UPDATES = 500
"""In one chunk."""
MAX_EARLY = 2000
"""Sightings that wait for their picture to be written."""


class SightingQueue(Protocol):
    """Where sightings come from; a listener of the detections is one. It is bounded."""

    dropped_count: int

    def take_all(self) -> list[Sighting]: ...
    def leave(self) -> None: ...


class SidecarCounts:
    """What became of the detector's updates, over all recordings of this process. Any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.written = 0
        self.thinned = 0
        """Left out because there were more than a sidecar may hold."""
        self.dropped = 0
        """Lost in a full queue: the disk did not answer."""
        self.failed = 0
        """Lost because of an error of the disk."""

    def add(self, *, written: int = 0, thinned: int = 0, dropped: int = 0, failed: int = 0) -> None:
        with self._lock:
            self.written += written
            self.thinned += thinned
            self.dropped += dropped
            self.failed += failed

    def all(self) -> dict[str, int]:
        with self._lock:
            names = ("written", "thinned", "dropped", "failed")
            return {name: getattr(self, name) for name in names}


def sidecars_since(
    follow: Callable[[int], SightingQueue] | None, counts: SidecarCounts, start_ns: int
) -> Sidecars:
    """Returns those of a recording that begins at a capture time; `follow` begins to listen to what
    is seen in pictures from then on."""
    if follow is not None:
        try:
            return Sidecars(follow(start_ns), counts)
        except Busy as exc:
            logger.warning("what the detector sees is not kept, the pictures are: %s", exc)
    return Sidecars()


class Sidecars:
    """The sidecars of one recording's files. Belongs to the writer's thread; where that can't be
    started, whoever wanted to start it calls close().

    A detector takes its time. So the last file's sidecar stays open while the next file is written,
    and what is about a picture that is not written yet waits.
    """

    def __init__(
        self, queue: SightingQueue | None = None, counts: SidecarCounts | None = None
    ) -> None:
        self._queue = queue
        self._counts = counts or SidecarCounts()
        self._early: list[Sighting] = []
        self._open: list[_Sidecar] = []  # of the newest file, and of the one before; newest first

    def write(self, newest: OpenFile, *, is_last: bool = False) -> None:
        """Write what was seen in the pictures so far. Call it before `newest` has a successor, too,
        and with `is_last` before it gets its final name."""
        if self._queue is None or newest.first_ns is None:
            return
        try:
            self._write(self._queue, newest, newest.first_ns, is_last=is_last)
        except Exception:  # a mistake of ours ends no recording either
            logger.exception("what the detector sees is not kept any more, the pictures are")
            self.close()

    def close(self) -> None:
        """Sync and close the files, and listen no longer. Idempotent."""
        queue, self._queue = self._queue, None
        if queue is not None:
            queue.leave()
            self._counts.add(dropped=queue.dropped_count)
        while self._open:
            self._open.pop().close()

    def _write(
        self, queue: SightingQueue, newest: OpenFile, first_ns: int, *, is_last: bool
    ) -> None:
        if not self._open or self._open[0].file is not newest:
            self._open.insert(0, _Sidecar(newest, first_ns, self._counts))
            while len(self._open) > 2:
                self._open.pop().close()
        waiting, self._early = [*self._early, *queue.take_all()], []
        for sighting in waiting:
            self._sort_in(sighting, newest.newest_ns)
        del self._early[:-MAX_EARLY]
        for sidecar in self._open:  # to one that has a successor not much is added
            sidecar.write(is_due=is_last or sidecar.file is not newest)

    def _sort_in(self, sighting: Sighting, newest_ns: int) -> None:
        if sighting.capture_ns > newest_ns:
            self._early.append(sighting)
            return
        for sidecar in self._open:
            if sidecar.first_ns <= sighting.capture_ns:
                sidecar.add(sighting)
                return


class _Sidecar:
    """Of one file, made when the first thing is seen. An error of the disk ends it."""

    def __init__(self, file: OpenFile, first_ns: int, counts: SidecarCounts) -> None:
        self.file = file
        self.first_ns = first_ns
        self._counts = counts
        self._updates: dict[int, Update] = {}  # the next chunk, by time
        self._output: io.FileIO | None = None
        self._size_bytes = 0
        self._has_failed = False

    def add(self, sighting: Sighting) -> None:
        time_ms = round((sighting.capture_ns - self.first_ns) / 1e6)
        boxes = tuple(map(Box.of, sighting.record.detections))
        if time_ms <= MAX_TIME_MS and (boxes or self._updates or self._output):
            self._updates[time_ms] = Update(time_ms, boxes)

    def write(self, *, is_due: bool) -> None:
        """Write a chunk, if one is complete or `is_due`."""
        updates = sorted(self._updates.values())
        if not updates:
            return
        is_complete = (
            len(updates) >= MAX_UPDATES or updates[-1].time_ms - updates[0].time_ms >= CHUNK_MS
        )
        if not (is_due or is_complete):
            return
        self._updates = {}
        for begin in range(0, len(updates), MAX_UPDATES):
            self._write(updates[begin : begin + MAX_UPDATES])

    def close(self) -> None:
        self.write(is_due=True)
        output, self._output = self._output, None
        if output is None:
            return
        try:
            with output:
                os.fsync(output.fileno())
        except OSError as exc:
            self._end(exc)

    def _write(self, updates: Sequence[Update]) -> None:
        kept, chunk = self._fitted(updates)
        if chunk and not self._has_failed:
            try:
                self._append(chunk)
            except OSError as exc:
                self._end(exc)
        if self._has_failed:
            self._counts.add(failed=len(kept))
        else:
            self._counts.add(written=len(kept))

    def _append(self, chunk: bytes) -> None:
        if self._output is None:
            location = self.file.location
            path = location.with_name(sidecar_name(location.name))
            path.unlink(missing_ok=True)  # of a recording that is gone
            self._output = io.FileIO(path, "xb")
            chunk = START + chunk
        if self._output.write(chunk) != len(chunk):  # the next write would fail
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        self._size_bytes += len(chunk)

    def _fitted(self, updates: Sequence[Update]) -> tuple[Sequence[Update], bytes]:
        """Returns those of `updates` for which there is room, and their chunk."""
        room_bytes = (CHUNK_MS + updates[-1].time_ms) * BYTES_PER_S // 1000 - self._size_bytes
        room_bytes = min(room_bytes, MAX_CHUNK_BYTES)
        kept = updates
        while kept:
            chunk = pack_chunk(kept)
            if len(chunk) <= room_bytes:
                break
            kept = kept[1::2]
        else:
            chunk = b""
        self._counts.add(thinned=len(updates) - len(kept))
        return kept, chunk

    def _end(self, error: OSError) -> None:
        if not self._has_failed:
            said = "what the detector sees is not kept for this file any more, the pictures are: %s"
            logger.warning(said, error)
        self._has_failed = True
