"""Starts, watches and stops the parts of one camera that have threads, tasks or open files."""

from __future__ import annotations

import asyncio
import atexit
import logging
import os
from collections.abc import Callable
from dataclasses import replace

from .admission.grants import Grants
from .broadcaster import Broadcaster
from .camera_status import CameraStatus
from .detections.listeners import Detections
from .errors import LoopUnavailable
from .ingest.shm_reader import ShmReader
from .library.archive import Archive
from .lifecycle import Deadline, Run, start_run, stop_all
from .logs.own_log import OwnLog
from .loop_parts import LoopParts
from .process.switch_interval import switch_interval
from .recording.recorder import Recorder
from .supervision.error_counts import ErrorCounts
from .supervision.part import Activity, Part
from .supervision.watcher import Watcher

logger = logging.getLogger(__name__)

STOP_TIMEOUT_S = 7.0
"""For all parts together, whatever hangs: who sends SIGTERM often kills after ten seconds."""
FINISH_TIMEOUT_S = 4.0
"""Time to finish the recording on the disk and to say goodbye to the viewers."""
END_TIMEOUT_S = 2.0
"""Time for one thread to end."""
HOUSEKEEPING_SILENCE_S = 30.0
"""A repair of a large file takes its time."""


class RunningParts:
    """One thread at a time starts or stops them; any thread may call stop_soon(). The watcher's
    thread replaces `reader` and `on_loop`; any thread may look.

    Their threads hold them, and they know neither the Stream nor the app: these may become garbage
    while the threads run. In a forked process, which has no threads of theirs, nothing stops them.
    """

    def __init__(
        self,
        *,
        name: str,
        segment: str,
        make_reader: Callable[[int], ShmReader],
        make_loop_parts: Callable[[], LoopParts],
        broadcaster: Broadcaster,
        recorder: Recorder,
        archive: Archive,
        detections: Detections | None,
        grants: Grants,
        errors: ErrorCounts,
        own_log: OwnLog,
    ) -> None:
        """`make_reader` gets the number of the first picture that it publishes."""
        self._name = name
        self._segment = segment
        self._make_reader = make_reader
        self._make_loop_parts = make_loop_parts
        self._broadcaster = broadcaster
        self._recorder = recorder
        self._archive = archive
        self._detections = detections
        self._grants = grants
        self._own_log = own_log
        self._pid = 0
        self._is_stopping = False
        self.reader = make_reader(0)
        self.on_loop = make_loop_parts()
        self.watcher = Watcher(name, self._watched(), errors)

    def start(self) -> None:
        """Raises Busy when a thread can't be started; then nothing runs."""
        self._pid = os.getpid()
        self._is_stopping = False
        self._own_log.attach()
        try:
            self._start_loop(self.on_loop)
            self._archive.start()
            self.reader.start()
            self.watcher.start()
        except BaseException:
            self._stop_all()
            self._own_log.detach()
            raise
        atexit.register(self.stop)
        logger.info("reading %s", self._segment)

    def revive(self) -> None:
        """Start again at once what has died."""
        self.watcher.revive()
        self.watcher.look(at_once=True)

    def stop(self) -> None:
        """Finish the recording, say goodbye to the viewers, end all threads. Goes on when a part
        fails or hangs, and takes STOP_TIMEOUT_S at most."""
        if self._pid == os.getpid():
            atexit.unregister(self.stop)
            self._stop_all()
            logger.info("stopped reading %s", self._segment)
            self._own_log.repeats.tell(at_once=True)
            self._own_log.detach()

    def stop_soon(self) -> None:
        """Stop in a thread of its own. Does not wait, and takes no lock: the garbage collector may
        call this in any thread, in the middle of anything."""
        if self._pid == os.getpid():
            event_loop = self.on_loop.event_loop
            event_loop.call_soon(start_run, f"{self._name}-end", lambda _run: self.stop())

    def camera_status(self) -> CameraStatus:
        """Returns what the reader says, unless it can't know: its own thread is not well."""
        status = self.reader.status
        fault = self.watcher.fault_of("camera")
        if not fault or status.state == "paused":
            return status
        return replace(status, state="offline", reason=fault)

    def _watched(self) -> tuple[Part, ...]:
        """Returns what the watcher looks after."""
        handing_out = Activity(self._broadcaster.pulse)
        detections = self._detections
        return (
            Part(
                "camera",
                "the camera thread",
                lambda: _some(self.reader.run),
                restart=self._restart_camera,
                is_replaceable=True,
                is_vital=True,
            ),
            Part("publishing", "handing out pictures", lambda: (handing_out,), is_vital=True),
            Part(
                "loop",
                "the event loop",
                lambda: _some(self.on_loop.event_loop.run),
                restart=self._restart_loop,
                is_replaceable=True,
                is_vital=True,
            ),
            Part(
                "recorder",
                "the recording's writer",
                lambda: self._recorder.writer_threads,
                stuck="waits for the disk",
            ),
            Part(
                "housekeeping",
                "housekeeping",
                lambda: self._archive.runs,
                restart=self._archive.revive,
                stuck="has been busy with one task for long, or waits for the disk",
                silence_s=HOUSEKEEPING_SILENCE_S,
            ),
            Part(
                "detections",
                "the detections thread",
                lambda: () if detections is None else _some(detections.run),
                restart=None if detections is None else detections.begin_anew,
                is_replaceable=True,
            ),
            Part(
                "rights",
                "the check of rights",
                lambda: _some(self._grants.run),
                restart=self._grants.revive,
                stuck="waits for the host's answer",
            ),
        )

    def _restart_camera(self) -> None:
        """Let another thread read, with a reader of its own. Raises Busy."""
        if self._is_stopping:
            return
        old = self.reader
        new = self._successor_of(old, old.run)
        new.start()
        self.reader = new
        if self._is_stopping:  # since just now: nobody else knows the new one
            new.stop(0.0)

    def _successor_of(self, reader: ShmReader, run: Run | None) -> ShmReader:
        """Returns another reader. What the thread of this one still publishes is ignored."""
        if run is not None:
            self._broadcaster.retire(run)
            run.request_stop()
        return self._make_reader(reader.next_sequence + 1)  # it may be in the middle of one

    def _restart_loop(self) -> None:
        """Let another loop go on, with viewers of its own; recordings go on. Raises Busy."""
        if self._is_stopping:
            return
        old, new = self.on_loop, self._make_loop_parts()
        self._start_loop(new)
        self.on_loop = new
        old.abandon()
        new.leases.sweep_soon()
        if self._is_stopping:
            new.event_loop.stop(0.0)

    def _start_loop(self, parts: LoopParts) -> None:
        parts.event_loop.on_beat = self.watcher.revive  # who watches the watcher
        parts.event_loop.start()
        parts.event_loop.call_soon(self._recorder.move_here)

    def _stop_all(self) -> None:
        """Stop every part, whether it is running or not."""
        self._is_stopping = True
        deadline = Deadline(STOP_TIMEOUT_S)
        stop_all(
            lambda: self.watcher.stop(deadline.left_s(END_TIMEOUT_S)),
            lambda: self._finish(deadline.left_s(FINISH_TIMEOUT_S)),
            lambda: self._stop_detections(deadline.left_s(END_TIMEOUT_S)),
            lambda: self._grants.stop(deadline.left_s(END_TIMEOUT_S)),
            lambda: self._stop_reader(deadline.left_s(END_TIMEOUT_S)),
            lambda: self._stop_loop(deadline.left_s(END_TIMEOUT_S)),
            lambda: self._recorder.leave(deadline.left_s(END_TIMEOUT_S)),
            lambda: self._archive.stop(
                deadline.left_s(END_TIMEOUT_S), keeps_folder=self._recorder.is_writing
            ),
            lambda: self.on_loop.peers.join(deadline.left_s(END_TIMEOUT_S)),
            lambda: switch_interval.shorten(self._broadcaster, is_needed=False),
        )

    def _stop_reader(self, timeout_s: float) -> None:
        old, run = self.reader, self.reader.run
        old.stop(timeout_s)
        if run is not None and run.is_alive:  # the next start must not share anything with it
            self.reader = self._successor_of(old, run)

    def _stop_loop(self, timeout_s: float) -> None:
        old, run = self.on_loop, self.on_loop.event_loop.run
        old.event_loop.stop(timeout_s)
        if run is not None and run.is_alive:
            self.on_loop = self._make_loop_parts()
            old.abandon()

    def _stop_detections(self, timeout_s: float) -> None:
        if self._detections is not None:
            self._detections.stop(timeout_s)

    def _finish(self, timeout_s: float) -> None:
        """End the parts on the event loop."""
        if not self.on_loop.event_loop.is_running:
            return
        try:
            self.on_loop.event_loop.call(self._say_goodbye(), timeout_s)
        except LoopUnavailable as exc:
            logger.warning("recording and viewers did not end in order: %s", exc)

    async def _say_goodbye(self) -> None:
        """Close all connections and the recording at the same time. On the event loop."""
        goodbyes = (self._recorder.close(), self.on_loop.say_goodbye())
        for outcome in await asyncio.gather(*goodbyes, return_exceptions=True):
            if isinstance(outcome, Exception):
                logger.error("stopping failed", exc_info=outcome)


def _some(run: Run | None) -> tuple[Run, ...]:
    return () if run is None else (run,)
