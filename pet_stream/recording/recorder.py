"""Starting and stopping a recording: the recorder's state, on the event loop."""

from __future__ import annotations

import asyncio
import itertools
import logging
import time
from collections.abc import Iterable, Mapping
from pathlib import Path

from ..broadcaster import Broadcaster
from ..errors import AlreadyRecording, NameExists, NotRecording, StorageError
from .containers import FORMATS, ContainerFactory
from .names import automatic_names, requested_name
from .session import Session, describe
from .status import RecorderCounts, RecordingStatus

logger = logging.getLogger(__name__)

MAX_AUTOMATIC_NAMES = 1000


class Recorder:
    """Records what the broadcaster publishes, one recording at a time.

    Belongs to the event loop: `start`, `stop` and `close` run there, and each changes the state
    before its first await, so two commands at once need no lock. The disk is touched by the
    recording's writer thread only: a disk that hangs delays an answer by `disk_timeout_s`, the
    writer until it goes on, and the loop not at all. Any thread may read the properties.

    The file has its final name from the start: a raw stream is playable at every moment, so a
    crash leaves a recording behind.
    """

    def __init__(
        self,
        *,
        broadcaster: Broadcaster,
        folder: Path,
        file_format: str,
        formats: Mapping[str, ContainerFactory] = FORMATS,
        name: str = "pet-stream",
        disk_timeout_s: float = 4.0,
    ) -> None:
        if file_format not in formats:
            raise ValueError(f"no such recording format: {file_format!r}")
        self._broadcaster = broadcaster
        self._folder = folder
        self._container = formats[file_format]
        self._suffix = f".{file_format}"
        self._thread_name = f"{name}-recorder"
        self._disk_timeout_s = disk_timeout_s
        self._session: Session | None = None
        self._session_before: Session | None = None
        self._error_count = 0

    @property
    def status(self) -> RecordingStatus:
        session = self._session
        return RecordingStatus() if session is None else session.status

    @property
    def running_name(self) -> str | None:
        """The file that is being written, for the library."""
        status = self.status
        return status.filename if status.is_recording else None

    @property
    def counts(self) -> RecorderCounts:
        session = self._session
        written, dropped = (0, 0) if session is None else session.frame_totals
        return RecorderCounts(written, dropped, self._error_count)

    @property
    def buffer_fill_ratio(self) -> float:
        """How full the queue to the disk is, 0 to 1."""
        session = self._session
        return 0.0 if session is None else session.fill_ratio

    async def start(self, filename: str | None = None) -> RecordingStatus:
        """Begin a recording, at the cached IDR if the camera is running, else at its next one.

        Without `filename` (None or "") the name is made from the time. Returns when the file
        exists; a start that fails leaves none. Raises AlreadyRecording, BadName, NameExists,
        StorageError.
        """
        session = self._begin(filename)  # no await up to here: of two starts one wins
        try:
            await asyncio.wait({session.opened}, timeout=self._disk_timeout_s)
        except asyncio.CancelledError:
            session.discard()
            raise
        if not session.opened.done():
            session.discard()
            raise StorageError("Nothing can be recorded: the disk does not answer")
        failure = session.failure
        if isinstance(failure, FileExistsError):
            raise NameExists("There is a recording of this name already") from failure
        if failure is not None:
            raise StorageError(f"Nothing can be recorded: {describe(failure)}") from failure
        return session.status

    async def stop(self, reason: str | None = None) -> RecordingStatus:
        """End the recording: all that was published before the call is in the file, on the disk.

        `reason` becomes the status's `stop_reason`. A recording that no picture came to leaves no
        file, and its `stop_reason` says so. Raises NotRecording, also for the second of two stops;
        StorageError when the disk takes too long: the recording ends as soon as the disk lets it.
        """
        session = self._session
        if session is None or session.is_over or session.is_ending:
            raise NotRecording("Not recording")
        if not session.opened.done():
            raise NotRecording("The recording has not begun yet")
        session.end(reason)
        return await self._closed(session)

    async def close(self) -> None:
        """Finish the recording that runs, if there is one. Idempotent."""
        session = self._session
        if session is None or session.is_over:
            return
        if not session.is_ending:
            session.end("the server was shut down")
        try:
            await self._closed(session)
        except StorageError as exc:
            logger.warning("recording %s is left alone: %s", session.status.filename, exc)

    def _begin(self, filename: str | None) -> Session:
        last = self._session
        if last is not None and not last.is_over:
            raise AlreadyRecording(
                "The last recording is still being finished"
                if last.is_ending
                else "Already recording"
            )
        started_at = time.time()
        names: Iterable[str]
        if filename:
            names = (requested_name(filename, self._suffix),)
        else:
            names = itertools.islice(automatic_names(started_at, self._suffix), MAX_AUTOMATIC_NAMES)
        session = Session(
            broadcaster=self._broadcaster,
            folder=self._folder,
            names=names,
            container=self._container,
            started_at=started_at,
            totals_before=(0, 0) if last is None else last.frame_totals,
            on_over=self._handle_over,
            thread_name=self._thread_name,
        )
        session.start()
        self._session, self._session_before = session, last
        return session

    def _handle_over(self, session: Session) -> None:
        if session.failure is not None and not isinstance(session.failure, FileExistsError):
            self._error_count += 1
        if session.never_was:
            self._session = self._session_before

    async def _closed(self, session: Session) -> RecordingStatus:
        await asyncio.wait({session.closed}, timeout=self._disk_timeout_s)
        if not session.closed.done():
            raise StorageError("The disk does not answer; the recording ends as soon as it does")
        return session.status
