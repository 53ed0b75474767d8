"""Starts and stops recordings and saves clips: the recorder's state, on the event loop."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path

from ..admission.token_bucket import TokenBucket
from ..broadcaster import Broadcaster
from ..errors import (
    AlreadyRecording,
    NotRecorderOwner,
    NotRecording,
    OtherRecording,
    Paused,
)
from ..histogram import SharedHistogram
from ..lifecycle import Deadline, Run
from ..reason import Reason
from ..supervision.error_counts import ErrorCounts
from .clips import Clips
from .containers import FORMATS, ContainerFactory
from .journal import Journal
from .journal_entry import JournalEntry
from .session import Session
from .settings import RecorderSettings
from .sidecars import SidecarCounts, SightingQueue, sidecars_since
from .starts import Starts
from .status import PAUSED, SHUT_DOWN, CurrentRecording, RecorderCounts, RecordingStatus
from .target import Target, Targets

logger = logging.getLogger(__name__)

SYNCS_S = (0.001, 0.005, 0.02, 0.1, 0.5, 1.0, 5.0, 30.0)
OPEN_WAIT_S = 1.0
"""A start waits this long for the disk, so that its response can name an error."""


class Recorder:
    """Records what the broadcaster publishes, one recording at a time. Saves clips of the last
    seconds, also one at a time.

    Belongs to the event loop: `start`, `stop`, `clip`, `heartbeat` and `close` run there. Each
    changes the state before its first await, so two commands at once need no lock. Any thread may
    read the properties. Only writer threads touch the disk. A disk that hangs delays the response
    to a start by `open_wait_s`, to a stop or clip by `disk_timeout_s`; it never delays the loop.

    `claim` is called by each writer first; it raises NotRecorderOwner where another process
    records. A clip's writer calls `claim_for_clip` instead, with the bytes of its pictures.
    `on_finished` is called on the loop when files have been added to the folder.

    When the loop ends, a file that is not on the disk yet is left to its writer, and the next loop
    may begin a new one. After a loop that was stuck or has died, the next one goes on with its
    recording (`move_here`). `settings`, which any thread may set, are those of the next recording.
    `on_left` is called in the thread of the last such writer, at its end.
    `clock_ns` is the clock of the capture times. `check` raises an error while nothing may be
    recorded. `is_live` tells whether the camera sends pictures. `follow` begins to listen to what
    the detector sees in pictures from a capture time on.
    """

    def __init__(
        self,
        *,
        broadcaster: Broadcaster,
        folder: Path,
        file_format: str,
        settings: RecorderSettings | None = None,
        formats: Mapping[str, ContainerFactory] = FORMATS,
        claim: Callable[[], object] = lambda: None,
        claim_for_clip: Callable[[int], object] = lambda size_bytes: None,
        on_finished: Callable[[RecordingStatus], object] = lambda status: None,
        on_left: Callable[[], object] = lambda: None,
        check: Callable[[], object] = lambda: None,
        is_live: Callable[[], bool] = lambda: True,
        current: CurrentRecording | None = None,
        follow: Callable[[int], SightingQueue] | None = None,
        journal: Journal | None = None,
        errors: ErrorCounts | None = None,
        name: str = "pet-stream",
        starts: TokenBucket | None = None,
        clips: TokenBucket | None = None,
        prerolls: TokenBucket | None = None,
        open_wait_s: float = OPEN_WAIT_S,
        disk_timeout_s: float = 4.0,
        clock_ns: Callable[[], int] = time.monotonic_ns,
    ) -> None:
        if file_format not in formats:
            raise ValueError(f"unknown recording format: {file_format!r}")
        self._targets = Targets(folder, file_format, formats)
        self.settings = RecorderSettings() if settings is None else settings
        self._on_finished = on_finished
        self._on_left = on_left
        self._check = check
        self._errors = errors or ErrorCounts()
        self._open_wait_s = open_wait_s
        self._disk_timeout_s = disk_timeout_s
        self._current = current or CurrentRecording()
        self.syncs = SharedHistogram(SYNCS_S)
        """How long the disk takes for each sync of a running recording."""
        self.sidecar_counts = SidecarCounts()
        self._session: Session | None = None
        self._session_before: Session | None = None
        self._left: tuple[Session, ...] = ()
        make_session = partial(
            Session,
            broadcaster=broadcaster,
            on_left=self._handle_left,
            syncs=self.syncs,
            make_sidecars=partial(sidecars_since, follow, self.sidecar_counts),
            clock_ns=clock_ns,
        )
        self._starts = Starts(
            broadcaster,
            partial(make_session, thread_name=f"{name}-recorder", claim=claim, is_live=is_live),
            journal or Journal(folder),
            tokens=starts,
            prerolls=prerolls,
            clock_ns=clock_ns,
        )
        self._clips = Clips(
            broadcaster,
            self._targets,
            partial(make_session, thread_name=f"{name}-clip", is_live=lambda: True),
            claim=claim_for_clip,
            on_over=self._handle_clip_over,
            tokens=clips,
            clock_ns=clock_ns,
        )
        self._most_written = self._most_dropped = 0
        self._error_count = 0

    @property
    def status(self) -> RecordingStatus:
        return self._current.status

    @property
    def counts(self) -> RecorderCounts:
        session = self._session
        written, dropped = (0, 0) if session is None else session.frame_totals
        # A disk that fails takes back what was counted; Prometheus would take that for a restart.
        self._most_written = max(self._most_written, written + self._clips.frame_count)
        self._most_dropped = max(self._most_dropped, dropped)
        return RecorderCounts(self._most_written, self._most_dropped, self._error_count)

    @property
    def is_writing(self) -> bool:
        """Whether a file is being written, or waits for a disk that hangs."""
        return any(session.is_writing for session in self._sessions())

    @property
    def writer_threads(self) -> list[Run]:
        """Those that write now."""
        return [thread for session in self._sessions() if (thread := session.writer_thread)]

    @property
    def buffer_fill_ratio(self) -> float:
        """How full the queue to the disk is, 0 to 1."""
        session = self._session
        return 0.0 if session is None else session.fill_ratio

    async def start(
        self,
        filename: str | None = None,
        *,
        file_format: str | None = None,
        duration_s: float | None = None,
        preroll_s: float | None = None,
        heartbeat_s: float | None = None,
    ) -> RecordingStatus:
        """Begin a recording with what was shown in the last `preroll_s`, from an entry point on;
        if the camera is not running, with its next one. Where that makes it begin much earlier, the
        status has a `preroll_reason`. Soon after other starts it may begin later
        (PREROLL_AT_ONCE_S).

        Without `filename` (None or "") the name is made from the time. Other arguments that are
        None come from the settings. Returns when the file exists; a start that fails leaves none.

        If the disk does not answer in time, the recording runs in memory and the status has a
        `note`. An error that comes after that ends the recording; a name that is taken gets a
        number instead. Raises AlreadyRecording, BadName, NameExists, NotRecorderOwner,
        StorageError, TooMany, and what `check` does.
        """
        settings = self.settings
        limits = [limit for limit in (duration_s, settings.max_duration_s) if limit]
        settings = replace(
            settings,
            max_duration_s=min(limits, default=0),
            preroll_s=settings.preroll_s if preroll_s is None else preroll_s,
            heartbeat_s=settings.heartbeat_s if heartbeat_s is None else heartbeat_s,
        )
        choose = partial(self._targets.choose, filename, file_format)
        session = self._begin(choose, settings)  # no await: of two starts one wins
        await session.until_opened(self._open_wait_s)
        self._current.forget_interruption()
        return session.status

    async def resume(self, entry: JournalEntry, left_s: float) -> RecordingStatus:
        """Begin a recording that goes on with one that broke off, for another `left_s`; 0: without
        an end. Raises what `start` does."""
        settings = replace(
            self.settings,
            max_duration_s=left_s,
            preroll_s=entry.preroll_s,
            heartbeat_s=entry.heartbeat_s,
        )
        choose = partial(self._targets.resumed, entry.filename, is_named=entry.is_named)
        session = self._begin(choose, settings, entry.resumed_at)
        await session.until_opened(self._open_wait_s)
        return session.status

    async def stop(
        self, reason: Reason | None = None, *, recording_id: str | None = None
    ) -> RecordingStatus:
        """End the recording, if it is that of `recording_id` or none is named. Everything published
        before the call is in the file, on the disk.

        `reason` becomes the status's `stop_reason`. A recording without pictures leaves no file,
        and its `stop_reason` says so. Raises NotRecording, also for the second of two stops;
        OtherRecording; StorageError when the disk takes too long: the recording ends as soon as the
        disk answers.
        """
        session = self._running()
        if recording_id not in (None, session.recording_id):
            raise OtherRecording("Another recording is running by now")
        if not session.has_begun:
            raise NotRecording("The recording has not begun yet")
        session.end(reason)
        return self._current.with_news(await session.until_closed(self._disk_timeout_s))

    def interrupt(self, reason: Reason) -> None:
        """End the recording that runs, if there is one. Does not wait. On the loop."""
        session = self._session
        if session is not None and not session.is_over and not session.is_ending:
            session.end(reason)

    async def heartbeat(self) -> RecordingStatus:
        """Keep the recording running for another `heartbeat_s`. Raises NotRecording."""
        session = self._running()
        session.beat()
        return self._current.with_news(session.status)

    async def clip(
        self, seconds: float, filename: str | None = None, *, file_format: str | None = None
    ) -> RecordingStatus:
        """Save what was shown in the last `seconds`, as far as it is kept, from an IDR on.

        Returns when the file is on the disk. Raises BadName, NameExists, NothingToSave,
        NotRecorderOwner; StorageError, also when the disk takes too long (the clip is finished as
        soon as the disk answers); TooMany while another clip is written, or soon after one; and
        what `check` does.
        """
        self._check()
        session = self._clips.begin(seconds, filename, file_format, self.settings)
        self._remember_left()  # no await so far: of two at once one wins
        return await self._clips.finish(session, self._open_wait_s, self._disk_timeout_s)

    async def close(self) -> None:
        """Finish the recording that runs, if there is one, and the clip. Idempotent."""
        self.interrupt(SHUT_DOWN)
        session = self._session
        unfinished = [s for s in (session, self._clips.session) if s is not None and not s.is_over]
        ends = (session.until_closed(self._disk_timeout_s) for session in unfinished)
        for outcome in await asyncio.gather(*ends, return_exceptions=True):
            if isinstance(outcome, BaseException):
                logger.warning(
                    "a recording did not end in time; what its writer leaves is repaired at the "
                    "next start: %s",
                    outcome,
                )

    def move_here(self) -> None:
        """Go on with what another event loop has left in the middle: it is stuck, or has died. On
        the loop."""
        session = self._session
        if session is not None and session.is_left_in_the_middle:
            session.move_here()
        self._clips.move_here()
        try:
            self._check()
        except Paused:  # since the loop was stuck
            self.interrupt(PAUSED)

    def leave(self, timeout_s: float) -> None:
        """After the end of the loop, let the writers finish what close() has not ended. Waits only
        for those that close() could not tell."""
        untold = [s for s in self._sessions() if s.is_writing and not s.is_ending]
        for session in untold:
            session.end(SHUT_DOWN)
        deadline = Deadline(timeout_s)
        for session in untold:
            session.join(deadline.left_s(timeout_s))

    def _running(self) -> Session:
        session = self._session
        if session is None or session.is_over:
            raise NotRecording("Not recording")
        if session.is_ending:
            raise NotRecording("The recording is being finished already")
        return session

    def _begin(
        self,
        choose: Callable[[float], Target],
        settings: RecorderSettings,
        resumed_at: tuple[float, ...] = (),
    ) -> Session:
        self._check()
        last = self._session
        if last is not None:
            last.settle()
        if last is not None and not last.is_over:
            raise AlreadyRecording(
                "The last recording is still being finished"
                if last.is_ending
                else "Already recording"
            )
        session = self._starts.begin(choose, settings, last, self._handle_over, resumed_at)
        self._remember_left()
        self._session, self._session_before = session, last
        self._current.source = session
        return session

    def _sessions(self) -> Iterator[Session]:
        return filter(None, (self._session, self._session_before, self._clips.session, *self._left))

    def _remember_left(self) -> None:
        """Keep the sessions that an earlier loop left and whose files are still being written."""
        self._left = tuple(s for s in self._sessions() if s.is_over and s.is_writing)

    def _handle_left(self) -> None:
        """A writer that was left has ended. Called in its thread."""
        if not self.is_writing:
            with self._errors.ending("recorder", "the folder could not be let go"):
                self._on_left()

    def _handle_over(self, session: Session) -> None:
        self._count_failure(session)
        if session.never_was:
            self._session = self._current.source = self._session_before
        self._session_before = None  # or each session would keep the one before it for ever
        self._tell_finished(session)

    def _handle_clip_over(self, session: Session) -> None:
        self._count_failure(session)
        self._tell_finished(session)

    def _tell_finished(self, session: Session) -> None:
        with self._errors.ending("recorder", "a recording is whole, but what follows it failed"):
            self._on_finished(session.status)

    def _count_failure(self, session: Session) -> None:
        failure = session.failure
        if failure is not None and not isinstance(failure, FileExistsError | NotRecorderOwner):
            self._error_count += 1
