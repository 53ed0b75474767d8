"""Starts and stops the parts of one camera that have threads, tasks or open files."""

from __future__ import annotations

import asyncio
import atexit
import logging
import os

from .admission.grants import Grants
from .broadcaster import Broadcaster
from .detections.listeners import Detections
from .errors import LoopUnavailable
from .event_loop import EventLoopThread
from .ingest.shm_reader import ShmReader
from .library.archive import Archive
from .lifecycle import Run, start_run, stop_all
from .process.switch_interval import switch_interval
from .recording.recorder import Recorder
from .supervision.error_counts import ErrorCounts
from .supervision.part import Activity, Part
from .supervision.watcher import Watcher
from .webrtc.lazy_peers import LazyPeers
from .websocket.connections import Connections

logger = logging.getLogger(__name__)

FINISH_TIMEOUT_S = 4.0
"""Time to finish the recording on the disk and to say goodbye to the viewers."""
IMPORT_TIMEOUT_S = 2.0
HOUSEKEEPING_SILENCE_S = 30.0
"""A repair of a large file takes its time."""


class RunningParts:
    """One thread at a time starts or stops them; any thread may call stop_soon().

    Their threads hold them, and they know neither the Stream nor the app: these may become garbage
    while the threads run. In a forked process, which has no threads of theirs, nothing stops them.
    """

    def __init__(
        self,
        *,
        name: str,
        segment: str,
        event_loop: EventLoopThread,
        reader: ShmReader,
        broadcaster: Broadcaster,
        recorder: Recorder,
        archive: Archive,
        detections: Detections | None,
        grants: Grants,
        connections: Connections,
        peers: LazyPeers,
        errors: ErrorCounts,
    ) -> None:
        self._name = name
        self._segment = segment
        self._event_loop = event_loop
        self._reader = reader
        self._broadcaster = broadcaster
        self._recorder = recorder
        self._archive = archive
        self._detections = detections
        self._grants = grants
        self._connections = connections
        self._peers = peers
        self._pid = 0
        self.watcher = Watcher(name, self._watched(), errors)

    def start(self) -> None:
        """Raises Busy when a thread can't be started; then nothing runs."""
        self._pid = os.getpid()
        try:
            self._event_loop.start()
            self._archive.start()
            self._reader.start()
            self.watcher.start()
        except BaseException:
            self._stop_all()
            raise
        atexit.register(self.stop)
        logger.info("reading %s", self._segment)

    def stop(self) -> None:
        """Finish the recording, say goodbye to the viewers, end all threads. Goes on when a part
        fails."""
        if self._pid == os.getpid():
            atexit.unregister(self.stop)
            self._stop_all()
            logger.info("stopped reading %s", self._segment)

    def stop_soon(self) -> None:
        """Stop in a thread of its own. Does not wait, and takes no lock: the garbage collector may
        call this in any thread, in the middle of anything."""
        if self._pid == os.getpid():
            self._event_loop.call_soon(start_run, f"{self._name}-end", lambda _run: self.stop())

    def _watched(self) -> tuple[Part, ...]:
        """Returns what the watcher looks after."""
        handing_out = Activity(self._broadcaster.pulse)
        return (
            Part("camera", "the camera thread", lambda: _some(self._reader.run), is_vital=True),
            Part("publishing", "handing out pictures", lambda: (handing_out,), is_vital=True),
            Part("loop", "the event loop", lambda: _some(self._event_loop.run), is_vital=True),
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
                stuck="is busy with one task for long, or waits for the disk",
                silence_s=HOUSEKEEPING_SILENCE_S,
            ),
            Part(
                "detections",
                "the detections thread",
                lambda: () if self._detections is None else _some(self._detections.run),
            ),
            Part(
                "rights",
                "the check of rights",
                lambda: _some(self._grants.run),
                stuck="waits for the host's answer",
            ),
        )

    def _stop_all(self) -> None:
        """Stop every part, whether it is running or not."""
        stop_all(
            self.watcher.stop,
            self._finish,
            *(() if self._detections is None else (self._detections.stop,)),
            self._grants.stop,
            self._reader.stop,
            self._event_loop.stop,
            self._recorder.leave,
            lambda: self._archive.stop(keeps_folder=self._recorder.is_writing),
            lambda: self._peers.join(IMPORT_TIMEOUT_S),
            lambda: switch_interval.shorten(self._broadcaster, is_needed=False),
        )

    def _finish(self) -> None:
        """End the parts on the event loop."""
        if not self._event_loop.is_running:
            return
        try:
            self._event_loop.call(self._say_goodbye(), FINISH_TIMEOUT_S)
        except LoopUnavailable as exc:
            logger.warning("recording and viewers did not end in order: %s", exc)

    async def _say_goodbye(self) -> None:
        """Close all connections and the recording at the same time. On the event loop."""
        goodbyes = [self._recorder.close(), self._connections.close_all()]
        if self._peers.made is not None:
            goodbyes.append(self._peers.made.close_all())
        for outcome in await asyncio.gather(*goodbyes, return_exceptions=True):
            if isinstance(outcome, Exception):
                logger.error("stopping failed", exc_info=outcome)


def _some(run: Run | None) -> tuple[Run, ...]:
    return () if run is None else (run,)
