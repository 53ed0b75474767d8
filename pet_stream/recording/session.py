"""One recording, from the request to the closed file: the event loop's side of it."""

from __future__ import annotations

import asyncio
import errno
import logging
import os
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from ..broadcaster import Broadcaster
from ..media.access_unit import AccessUnit
from .containers import ContainerFactory
from .status import RecordingStatus
from .writer import Writer

logger = logging.getLogger(__name__)

QUEUE_UNITS = 60
"""Pictures between the camera and the disk: 2 s at 30 fps."""
MAX_PREROLL_AGE_S = 2.0
"""A cached GOP whose newest picture is older belongs to a camera that has stopped."""


class Session:
    """Joins a subscription with a writer. Belongs to the event loop, where it is made; any thread
    may read `status`, `frame_totals`, `fill_ratio` and `is_over`.

    `frame_totals` counts on from `totals_before`, those of the session before this one. `on_over`
    is called on the loop when the file is closed, before `closed` is set.
    """

    def __init__(
        self,
        *,
        broadcaster: Broadcaster,
        folder: Path,
        names: Iterable[str],
        container: ContainerFactory,
        started_at: float,
        totals_before: tuple[int, int],
        on_over: Callable[[Session], object],
        thread_name: str,
    ) -> None:
        self._loop = asyncio.get_running_loop()
        self.opened: asyncio.Future[None] = self._loop.create_future()
        self.closed: asyncio.Future[None] = self._loop.create_future()
        self.is_ending = False
        self.is_over = False
        self._broadcaster = broadcaster
        self._started_at = started_at
        self._stopped_at: float | None = None
        self._stop_reason: str | None = None
        self._totals_before = totals_before
        self._lost_in_queue = 0
        self._on_over = on_over
        wake = threading.Event()
        self._subscription = broadcaster.subscribe("recorder", QUEUE_UNITS, wake.set)
        self._writer = Writer(
            folder,
            names,
            container,
            self._subscription,
            wake,
            preroll=_recent(self._subscription.take()),
            on_opened=lambda: self._post(self._handle_opened),
            on_closed=lambda: self._post(self._handle_closed),
            thread_name=thread_name,
        )

    def start(self) -> None:
        try:
            self._writer.start()
        except RuntimeError:  # no more threads
            self._broadcaster.unsubscribe(self._subscription)
            raise

    def end(self, reason: str | None) -> None:
        """Let the writer finish the file with what was published up to now. Does not wait."""
        self.is_ending = True
        self._stop_reason = reason
        self._broadcaster.unsubscribe(self._subscription)
        self._writer.request_stop()

    def discard(self) -> None:
        """As if it had never been. Does not wait."""
        self._writer.discard()
        self.end(None)

    @property
    def failure(self) -> OSError | None:
        return self._writer.failure

    @property
    def never_was(self) -> bool:
        """Its start failed or was given up."""
        return self._writer.path is None or self._writer.is_unwanted

    @property
    def fill_ratio(self) -> float:
        return 0.0 if self.is_over else self._subscription.fill_ratio

    @property
    def frame_totals(self) -> tuple[int, int]:
        """Pictures written and dropped, those of earlier recordings included."""
        written, dropped = self._totals_before
        if self.never_was:
            return written, dropped
        return written + self._writer.progress.frame_count, dropped + self._dropped_count

    @property
    def status(self) -> RecordingStatus:
        is_over = self.is_over  # first: what follows is final then
        path = self._writer.path
        progress = self._writer.progress
        return RecordingStatus(
            is_recording=not is_over,
            is_waiting=not is_over and not progress.frame_count,
            filename=None if path is None else path.name,
            path=path,
            frame_count=progress.frame_count,
            bytes_written=progress.bytes_written,
            duration_ms=progress.duration_ms,
            dropped_count=self._dropped_count,
            gap_count=progress.gap_count,
            started_at=self._started_at,
            stopped_at=self._stopped_at,
            stop_reason=self._stop_reason if is_over else None,
        )

    @property
    def _dropped_count(self) -> int:
        lost_count = self._writer.progress.lost_count + self._lost_in_queue
        return self._subscription.dropped_count + lost_count

    def _post(self, callback: Callable[[], None]) -> None:
        """Have the loop call `callback`; in the writer's thread."""
        try:
            self._loop.call_soon_threadsafe(callback)
        except RuntimeError:
            logger.warning("a recording ended after its event loop")

    def _handle_opened(self) -> None:
        if not self.opened.done():
            self.opened.set_result(None)
            logger.info("recording %s", self.status.filename)

    def _handle_closed(self) -> None:
        self._writer.join(1.0)  # this call was the last thing it did
        if not self.is_ending:
            self._broadcaster.unsubscribe(self._subscription)
        left = self._subscription.take()
        if self.failure is not None:
            self._lost_in_queue = len(left)
            self._stop_reason = describe(self.failure)
        elif not self._writer.progress.frame_count:
            self._stop_reason = "no picture came from the camera"
        self._stopped_at = time.time()
        self.is_over = True
        self._log_end()
        self._on_over(self)
        for future in (self.opened, self.closed):
            if not future.done():
                future.set_result(None)

    def _log_end(self) -> None:
        status = self.status
        level = logging.WARNING if self.failure is not None else logging.INFO
        logger.log(
            level,
            "recording %s ended: %d pictures, %d bytes, %d dropped; %s",
            status.filename,
            status.frame_count,
            status.bytes_written,
            status.dropped_count,
            status.stop_reason or "as asked",
        )


def _recent(units: Sequence[AccessUnit]) -> Sequence[AccessUnit]:
    """`units`, unless the camera has stopped since: an hour-old picture is not what is recorded."""
    if not units or time.monotonic_ns() - units[-1].capture_ns > MAX_PREROLL_AGE_S * 1e9:
        return ()
    return units


def describe(error: OSError) -> str:
    """What went wrong with the disk, for a person; names no path."""
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return "the disk is full"
    if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
        return "the recordings folder is not writable"
    if error.errno == errno.ENOENT:
        return "the file, or its folder, was deleted in mid-recording"
    if error.errno == errno.ENOTDIR:
        return "the recordings folder is not a folder"
    return f"the disk failed: {error.strerror or os.strerror(error.errno or errno.EIO)}"
