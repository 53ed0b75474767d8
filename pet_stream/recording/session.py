"""One recording, from the request to the closed file, on the event loop."""

from __future__ import annotations

import asyncio
import logging
import secrets
from collections.abc import Callable, Sequence

from ..broadcaster import Broadcaster, Subscription
from ..errors import NameExists, NotRecorderOwner, StorageError
from ..histogram import Histogram
from ..lifecycle import Run
from ..media.access_unit import AccessUnit
from ..reason import Reason
from .arrival import Arrival
from .home_loop import HomeLoop
from .limits import Limits
from .session_status import Facts, SessionStatus, describe_failure
from .settings import RecorderSettings
from .sidecars import Sidecars
from .status import SHUT_DOWN, RecordingStatus
from .target import Target
from .writer import Writer

logger = logging.getLogger(__name__)


class Session:
    """Joins a subscription with a writer. Belongs to the event loop, where it is made; any thread
    may read `status`, `frame_totals`, `fill_ratio` and `is_over`.

    `now_ns` is the time of the start on the clock of the capture times, `clock_ns`; `preroll` is
    what came in the `wanted_s` before it, from an entry point on. `is_live` tells whether the
    camera sends pictures. The writer's thread calls `remember`, with the name of the file, once
    there is one, and `forget`, with whether it was ended by the server's end, once it is in order.
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
        make_sidecars: Callable[[int], Sidecars],
        is_live: Callable[[], bool],
        clock_ns: Callable[[], int],
        remember: Callable[[Facts, str], object] = lambda facts, filename: None,
        forget: Callable[[Facts, bool], object] = lambda facts, is_shut_down: None,
    ) -> None:
        self._home = HomeLoop()
        self.opened = self._home.new_future()
        self.closed = self._home.new_future()
        self._is_closed = False
        self.settings = settings
        self._broadcaster = broadcaster
        self._subscription = subscription
        self._arrival = Arrival(
            subscription,
            has_preroll=bool(preroll),
            started_ns=now_ns,
            is_live=is_live,
            clock_ns=clock_ns,
        )
        self._totals_before = totals_before
        self._remember = remember
        self._forget = forget
        self._on_over = on_over
        self._on_left = on_left
        self._limits = Limits(self._home, settings, lambda: self._arrival.is_waiting, self.end)
        self._sidecars = make_sidecars(preroll[0].capture_ns if preroll else now_ns)
        self._writer = Writer(
            target,
            subscription,
            settings,
            preroll=preroll,
            claim=claim,
            on_opened=self._tell_opened,
            on_finished=self._tell_finished,
            on_closed=self._tell_closed,
            thread_name=thread_name,
            started_ns=0 if target.is_clip else now_ns,
            syncs=syncs,
            sidecars=self._sidecars,
        )
        self._facts = Facts(
            recording_id=secrets.token_hex(8),
            started_at=started_at,
            preroll_ms=max(0, now_ns - preroll[0].capture_ns) // 1_000_000 if preroll else 0,
            wanted_ms=round(wanted_s * 1000),
            heartbeat_s=settings.heartbeat_s or None,
        )
        self._status = SessionStatus(self._facts, self._writer, self._arrival, subscription)

    def start(self) -> None:
        try:
            self._writer.start()
        except BaseException:
            self._sidecars.close()
            self._broadcaster.unsubscribe(self._subscription)
            raise
        self._limits.start()

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
            self._limits.start()
        self.settle()  # the writer's last act may be lost

    def settle(self) -> None:
        """Note now that the writer has finished, if it has: its message may be on its way."""
        if not self._writer.is_writing:
            self._handle_closed()

    def join(self, timeout_s: float) -> None:
        """Wait for the writer, which was told to end."""
        self._writer.join(timeout_s)

    def accept(self) -> None:
        """Go on in memory: the start was accepted before the disk answered."""
        self._writer.accept()
        logger.warning("recording in memory until the disk answers")

    def end(self, reason: Reason | None) -> None:
        """Let the writer finish the file with everything published so far. Does not wait."""
        self._home.cancel_timers()
        self._status.is_ending = True
        self._status.reason_to_end = reason
        self._arrival.end()
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
        self._limits.beat()

    @property
    def recording_id(self) -> str:
        return self._facts.recording_id

    @property
    def is_ending(self) -> bool:
        return self._status.is_ending

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
        return written + self._writer.progress.frame_count, dropped + self._status.dropped_count

    @property
    def status(self) -> RecordingStatus:
        return self._status.read(is_over=self.is_over)  # read first: if it is over, all is final

    def _tell_opened(self) -> None:
        """Called in the writer's thread."""
        self._home.post(self._handle_opened)
        if self._writer.path is not None:
            self._remember(self._facts, self._writer.path.name)

    def _tell_finished(self) -> None:
        """Called in the writer's thread."""
        is_shut_down = self._status.reason_to_end is SHUT_DOWN and self.failure is None
        self._forget(self._facts, is_shut_down)

    def _tell_closed(self) -> None:
        """Called in the writer's thread, as its last act."""
        if not self._home.post(self._handle_closed):
            self._log_end()
            self._on_left()

    def _handle_opened(self) -> None:
        if not self.opened.done():
            self.opened.set_result(None)
            logger.info("recording %s", self.status.filename)

    def _handle_closed(self) -> None:
        if self._is_closed:
            return
        self._writer.join(1.0)  # it ends at once: this call was its last act
        self._home.cancel_timers()
        if not self.is_ending:
            self._broadcaster.unsubscribe(self._subscription)
            self._arrival.end()
        left = self._subscription.take()
        if self.failure is not None:
            self._status.lost_in_queue = len(left)
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
