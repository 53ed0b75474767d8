"""One recording, from the request to the closed file, on the event loop."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Sequence

from ..broadcaster import Broadcaster, Subscription
from ..errors import NameExists, NotRecorderOwner, StorageError
from ..histogram import Histogram
from ..lifecycle import Run
from ..media.access_unit import AccessUnit
from ..process.gunicorn import is_server_ending
from ..process.standstill import Looks
from ..reason import Reason
from .disk import describe
from .home_loop import HomeLoop
from .settings import RecorderSettings
from .status import RecordingStatus
from .target import Target
from .writer import Writer

logger = logging.getLogger(__name__)

FIRST_PICTURE_POLL_S = 0.25
SERVER_LOOK_S = 0.5
SHUT_DOWN = Reason("shut_down", "the server was shut down")
PAUSED = Reason("paused", "the camera was paused")
LOOKS_A_HEARTBEAT = 8
EARLY_MS = 2000
"""The status has a reason when a file begins this much earlier than was asked for: most cameras
send an IDR more often."""
SLOW_DISK_S = 1.0
"""The status has a note when the disk takes longer than this for one step."""


class Session:
    """Joins a subscription with a writer. Belongs to the event loop, where it is made; any thread
    may read `status`, `frame_totals`, `fill_ratio` and `is_over`.

    `now_ns` is the time of the start on the clock of the capture times; `preroll` is what came in
    the `wanted_s` before it, from an entry point on.
    `frame_totals` counts on from `totals_before`, those of the session before this one. `on_over`
    is called on the loop when the file is closed, before `closed` is set.

    When the loop ends, the session ends too, but not a writer that waits for its disk: that one
    finishes the file when it can (`is_writing` until then), and its thread calls `on_left`. From a
    loop that is stuck or has died it moves to the next one. What the old one still does is ignored.
    """

    def __init__(
        self,
        *,
        broadcaster: Broadcaster,
        subscription: Subscription,
        preroll: Sequence[AccessUnit],
        target: Target,
        settings: RecorderSettings,
        claim: Callable[[], object],
        started_at: float,
        now_ns: int,
        wanted_s: float,
        totals_before: tuple[int, int],
        on_over: Callable[[Session], object],
        on_left: Callable[[], object],
        thread_name: str,
        syncs: Histogram,
    ) -> None:
        self._home = HomeLoop()
        self.opened = self._home.new_future()
        self.closed = self._home.new_future()
        self.is_ending = False
        self._is_closed = False
        self.settings = settings
        self._broadcaster = broadcaster
        self._subscription = subscription
        self._started_at = started_at
        self._preroll_ms = max(0, now_ns - preroll[0].capture_ns) // 1_000_000 if preroll else 0
        self._wanted_ms = round(wanted_s * 1000)
        self._has_preroll = bool(preroll)
        self._delivered_before = subscription.delivered_count
        self._stopped_at: float | None = None
        self._stop_reason: Reason | None = None
        self._ended_in_vain = False
        """It ended by itself before a picture came; a stop request then is no failure."""
        self._totals_before = totals_before
        self._lost_in_queue = 0
        self._on_over = on_over
        self._on_left = on_left
        self._ends_at: float | None = None
        """On the clock of all loops; None while no picture has come."""
        self._beat_at = self._home.time()
        self._writer = Writer(
            target,
            subscription,
            settings,
            preroll=preroll,
            claim=claim,
            on_opened=lambda: self._home.post(self._handle_opened),
            on_closed=self._tell_closed,
            thread_name=thread_name,
            syncs=syncs,
        )

    def start(self) -> None:
        try:
            self._writer.start()
        except BaseException:
            self._broadcaster.unsubscribe(self._subscription)
            raise
        self._start_timers()

    def move_here(self) -> None:
        """Go on on the loop in whose thread this is called. A start that was not answered before is
        given up."""
        was_told = self.has_begun
        self._home.move_here()
        self.opened, self.closed = self._home.new_future(), self._home.new_future()
        if self._writer.path is not None:
            self.opened.set_result(None)
        if not was_told:
            self.discard()
        elif not self.is_ending:
            self._start_timers()
        if not self._writer.is_writing:  # its last act was lost
            self._handle_closed()

    def join(self, timeout_s: float) -> None:
        """Wait for the writer, which was told to end."""
        self._writer.join(timeout_s)

    def _start_timers(self) -> None:
        self._home.call_later(SERVER_LOOK_S, self._look_for_servers_end)
        if self.settings.max_duration_s:
            self._limit_duration()
        if self.settings.heartbeat_s:
            self._look_for_heartbeat(Looks(self.settings.heartbeat_s / LOOKS_A_HEARTBEAT))

    def accept(self) -> None:
        """Go on in memory: the start was accepted before the disk answered."""
        self._writer.accept()
        logger.warning("recording in memory until the disk answers")

    def end(self, reason: Reason | None) -> None:
        """Let the writer finish the file with everything published so far. Does not wait."""
        self._home.cancel_timers()
        self.is_ending = True
        self._stop_reason = reason
        self._broadcaster.unsubscribe(self._subscription)
        self._writer.request_stop()

    def discard(self) -> None:
        """End the recording and remove its file. Does not wait."""
        self._writer.discard()
        self.end(None)

    async def until_opened(self, timeout_s: float) -> None:
        """Wait until the file exists. Without an answer of the disk within `timeout_s` the
        recording is accepted all the same. Raises NameExists, NotRecorderOwner, StorageError."""
        give_up = self._home.guarded(self.discard)
        try:
            await asyncio.wait({self.opened}, timeout=timeout_s)
        except asyncio.CancelledError:
            give_up()
            raise
        if not self.opened.done():
            self.accept()
            return
        failure = self.failure
        if isinstance(failure, NotRecorderOwner):
            raise failure
        if isinstance(failure, FileExistsError):
            raise NameExists("There is a recording of this name already") from failure
        if failure is not None:
            cause = describe_failure(failure)
            raise StorageError(f"Nothing can be recorded: {cause}", cause.code) from failure

    async def until_closed(self, timeout_s: float) -> RecordingStatus:
        """Wait until the file is complete on the disk. Raises StorageError when that takes longer:
        the file is finished as soon as the disk lets it."""
        await asyncio.wait({self.closed}, timeout=timeout_s)
        if not self.closed.done():
            words = "The disk does not answer; the file is finished as soon as it does"
            raise StorageError(words, "disk_silent")
        return self.status

    def beat(self) -> None:
        """Note a heartbeat: the recording shall go on."""
        self._beat_at = self._home.time()

    @property
    def is_over(self) -> bool:
        return self._is_closed or self._home.is_closed

    @property
    def is_left_in_the_middle(self) -> bool:
        """Whether the loop is not the one that runs, and the file is not in order."""
        return (
            not self._home.is_here and not self._is_closed and not (self.is_over and self.is_ending)
        )

    @property
    def is_writing(self) -> bool:
        return self._writer.is_writing

    @property
    def writer_thread(self) -> Run | None:
        """The writer's, as long as it has the file."""
        return self._writer.thread if self._writer.is_writing else None

    @property
    def failure(self) -> OSError | NotRecorderOwner | None:
        return self._writer.failure

    @property
    def has_begun(self) -> bool:
        return self._writer.is_accepted or self.opened.done()

    @property
    def never_was(self) -> bool:
        """Whether its start failed or was given up."""
        has_failed = self._writer.path is None and not self._writer.is_accepted
        return has_failed or self._writer.is_unwanted

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
        is_over = self.is_over  # read first: if it is over, the rest is final
        path = self._writer.path
        progress = self._writer.progress
        has_pictures = bool(progress.frame_count)
        if path is None and self._writer.is_accepted:
            path, has_pictures = self._writer.wanted_path, self._has_pictures
        return RecordingStatus(
            is_recording=not is_over,
            is_waiting=not is_over and not has_pictures,
            filename=None if path is None else path.name,
            path=path,
            paths=self._writer.paths if is_over else (),
            frame_count=progress.frame_count,
            bytes_written=progress.bytes_written,
            duration_ms=progress.duration_ms,
            preroll_ms=self._preroll_ms if progress.frame_count else 0,
            preroll_reason=self._preroll_reason if progress.frame_count else None,
            dropped_count=self._dropped_count,
            gap_count=progress.gap_count,
            file_count=progress.file_count,
            heartbeat_s=self.settings.heartbeat_s or None,
            started_at=self._started_at,
            stopped_at=self._stopped_at,
            stop_reason=self._stop_reason if is_over else None,
            note=self._note if self.is_writing else None,
            has_failed=is_over and (self.failure is not None or self._ended_in_vain),
        )

    @property
    def _has_pictures(self) -> bool:
        """Whether a picture has come, whether it is in the file yet or not."""
        return self._has_preroll or self._subscription.delivered_count > self._delivered_before

    @property
    def _preroll_reason(self) -> Reason | None:
        if self._preroll_ms < self._wanted_ms + EARLY_MS:
            return None
        early_s = (self._preroll_ms - self._wanted_ms) / 1000
        return Reason(
            "begins_early",
            f"it begins {early_s:.0f} s earlier than asked: no picture that a file can begin with "
            "came from the camera since then",
        )

    @property
    def _note(self) -> Reason | None:
        if self._writer.blocked_s < SLOW_DISK_S:
            return None
        if self.is_ending:
            return Reason("disk_silent", "the file is finished as soon as the disk answers")
        if self._dropped_count:
            return Reason("disk_loses", "the disk does not answer, and pictures are being lost")
        return Reason("disk_silent", "the disk does not answer; pictures wait in memory")

    @property
    def _dropped_count(self) -> int:
        lost_count = self._writer.progress.lost_count + self._lost_in_queue
        return self._subscription.dropped_count + lost_count

    def _tell_closed(self) -> None:
        """Called in the writer's thread, as its last act."""
        if not self._home.post(self._handle_closed):
            self._log_end()
            self._on_left()

    def _handle_opened(self) -> None:
        if not self.opened.done():
            self.opened.set_result(None)
            logger.info("recording %s", self.status.filename)

    def _limit_duration(self) -> None:
        if not self._has_pictures:  # the camera is not running
            self._home.call_later(FIRST_PICTURE_POLL_S, self._limit_duration)
            return
        if self._ends_at is None:
            self._ends_at = self._home.time() + self.settings.max_duration_s
        reason = Reason("duration", "it has the length that was asked for")
        self._home.call_later(self._ends_at - self._home.time(), self.end, reason)

    def _look_for_servers_end(self) -> None:
        """Now, and not at the process's end: a stranger's half request may keep the server from
        coming to that, and it is killed."""
        if is_server_ending():
            self.end(SHUT_DOWN)
        else:
            self._home.call_later(SERVER_LOOK_S, self._look_for_servers_end)

    def _look_for_heartbeat(self, looks: Looks) -> None:
        now_s = self._home.time()
        if looks.is_late(now_s):
            self.beat()  # a heartbeat may have been missed while the process stood still
        if now_s - self._beat_at < self.settings.heartbeat_s:
            self._home.call_later(looks.interval_s, self._look_for_heartbeat, looks)
        else:
            self.end(Reason("no_heartbeat", "the page that wanted it is gone"))

    def _handle_closed(self) -> None:
        if self._is_closed:
            return
        self._writer.join(1.0)  # it ends at once: this call was its last act
        self._home.cancel_timers()
        if not self.is_ending:
            self._broadcaster.unsubscribe(self._subscription)
        left = self._subscription.take()
        if self.failure is not None:
            self._lost_in_queue = len(left)
            self._stop_reason = describe_failure(self.failure)
        elif not self._writer.progress.frame_count:
            self._ended_in_vain = self._stop_reason not in (None, PAUSED)
            self._stop_reason = Reason("no_picture", "no picture came from the camera")
        self._stopped_at = time.time()
        self._is_closed = True
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


def describe_failure(failure: OSError | NotRecorderOwner) -> Reason:
    """Returns why a recording ended or did not begin, for a person."""
    if isinstance(failure, NotRecorderOwner):
        return Reason(failure.code, str(failure))
    return describe(failure)
