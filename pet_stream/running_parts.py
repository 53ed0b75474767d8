"""Starts, watches and stops the parts of one camera that have threads, tasks or open files."""

from __future__ import annotations

import asyncio
import atexit
import logging
import os
from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING

from .admission.grants import Grants
from .broadcaster import Broadcaster
from .errors import Busy, LoopUnavailable, PetStreamError
from .hooks.hooks import Hooks
from .library.archive import Archive
from .lifecycle import Deadline, Run, start_run, stop_all
from .logs.own_log import OwnLog
from .own_cameras import OwnCamera
from .process.switch_interval import switch_interval
from .publishing.publishers import Publishers
from .recording.recorder import Recorder
from .replaceable_parts import ReplaceableParts
from .supervision.error_counts import ErrorCounts
from .supervision.part import Activity, Part
from .supervision.watcher import Watcher

if TYPE_CHECKING:
    from .detections.listeners import Detections

logger = logging.getLogger(__name__)

STOP_TIMEOUT_S = 7.0
"""For all parts together, whatever hangs: who sends SIGTERM often kills after ten seconds."""
FINISH_TIMEOUT_S = 4.0
"""Time to finish the recording on the disk and to say goodbye to the viewers."""
END_TIMEOUT_S = 2.0
"""Time for one thread to end."""
STOP_AGAIN_S = 0.5
"""Between two tries to stop, while no thread is to be had for that."""
HOUSEKEEPING_SILENCE_S = 30.0
"""A repair of a large file takes its time."""
HOOKS_SILENCE_S = 60.0
"""A receiver of a signal may take its time."""


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
        replaceable: ReplaceableParts,
        broadcaster: Broadcaster,
        recorder: Recorder,
        archive: Archive,
        detections: Detections | None,
        grants: Grants,
        errors: ErrorCounts,
        own_log: OwnLog,
        own_cameras: Sequence[OwnCamera],
        hooks: Hooks,
        publishers: Publishers,
    ) -> None:
        self._name = name
        self._segment = segment
        self._replaceable = replaceable
        self._broadcaster = broadcaster
        self._recorder = recorder
        self._archive = archive
        self._detections = detections
        self._grants = grants
        self._own_log = own_log
        self._own_cameras = own_cameras
        self._hooks = hooks
        self._publishers = publishers
        self._pid = 0
        self.watcher = Watcher(name, self._watched(), errors)
        replaceable.on_beat = self.watcher.revive  # who watches the watcher
        replaceable.camera_fault = partial(self.watcher.fault_of, "camera")

    def start(self) -> None:
        """Raises Busy when a thread can't be started; then nothing runs."""
        self._pid = os.getpid()
        self._own_log.attach()
        try:
            self._replaceable.start_loop()
            self._archive.start()
            self._replaceable.reader.start()
            for camera in self._own_cameras:
                camera.start()
            self._hooks.start()
            self._publishers.start()
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
            self._replaceable.on_loop.event_loop.call_soon(self._stop_in_thread)

    def _stop_in_thread(self) -> None:
        """On the event loop. Without a thread to be had, nobody else would stop them later."""
        try:
            start_run(f"{self._name}-end", lambda _run: self.stop())
        except Busy:
            asyncio.get_running_loop().call_later(STOP_AGAIN_S, self._stop_in_thread)

    def _watched(self) -> tuple[Part, ...]:
        """Returns what the watcher looks after."""
        handing_out = Activity(self._broadcaster.pulse)
        replaceable, detections = self._replaceable, self._detections
        return (
            Part(
                "camera",
                "the camera thread",
                lambda: _some(replaceable.reader.run),
                restart=replaceable.replace_reader,
                is_replaceable=True,
                is_vital=True,
            ),
            Part("publishing", "handing out pictures", lambda: (handing_out,), is_vital=True),
            Part(
                "loop",
                "the event loop",
                lambda: _some(replaceable.on_loop.event_loop.run),
                restart=replaceable.replace_loop,
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
            Part(
                "hooks",
                "telling others what happens",
                lambda: self._hooks.runs,
                restart=self._hooks.revive,
                stuck="waits for a receiver of a signal, or for the disk",
                silence_s=HOOKS_SILENCE_S,
            ),
            Part(
                "publications",
                "publishing to media servers",
                lambda: self._publishers.runs,
                restart=self._publishers.revive,
            ),
            *map(_own_part, self._own_cameras),
        )

    def _stop_all(self) -> None:
        """Stop every part, whether it is running or not."""
        self._replaceable.keep()
        deadline = Deadline(STOP_TIMEOUT_S)
        stop_all(
            lambda: self.watcher.stop(deadline.left_s(END_TIMEOUT_S)),
            lambda: self._publishers.stop(deadline.left_s(END_TIMEOUT_S)),
            lambda: self._finish(deadline.left_s(FINISH_TIMEOUT_S)),
            lambda: self._stop_detections(deadline.left_s(END_TIMEOUT_S)),
            lambda: self._grants.stop(deadline.left_s(END_TIMEOUT_S)),
            lambda: self._replaceable.stop_reader(deadline.left_s(END_TIMEOUT_S)),
            *(partial(camera.stop, deadline.left_s(END_TIMEOUT_S)) for camera in self._own_cameras),
            lambda: self._replaceable.stop_loop(deadline.left_s(END_TIMEOUT_S)),
            lambda: self._recorder.leave(deadline.left_s(END_TIMEOUT_S)),
            lambda: self._hooks.stop(deadline.left_s(END_TIMEOUT_S)),
            lambda: self._archive.stop(
                deadline.left_s(END_TIMEOUT_S), keeps_folder=self._recorder.is_writing
            ),
            lambda: self._replaceable.on_loop.peers.join(deadline.left_s(END_TIMEOUT_S)),
            self.release_switch_interval,
        )

    def release_switch_interval(self) -> None:
        """Nobody needs it short any more. A forked child calls this, too."""
        own = (camera.broadcaster for camera in self._own_cameras)
        for broadcaster in (self._broadcaster, *own):
            switch_interval.forget(broadcaster)

    def _stop_detections(self, timeout_s: float) -> None:
        if self._detections is not None:
            self._detections.stop(timeout_s)

    def _finish(self, timeout_s: float) -> None:
        """End the parts on the event loop."""
        if not self._replaceable.on_loop.event_loop.is_running:
            return
        try:
            self._replaceable.on_loop.event_loop.call(self._say_goodbye(), timeout_s)
        except LoopUnavailable as exc:
            logger.warning(
                "recording and viewers did not end in order: %s. The recording is repaired at the "
                "next start",
                exc,
            )

    async def _say_goodbye(self) -> None:
        """Close all connections and the recording at the same time. On the event loop."""
        goodbyes = (self._recorder.close(), self._replaceable.on_loop.say_goodbye())
        for outcome in await asyncio.gather(*goodbyes, return_exceptions=True):
            if isinstance(outcome, Exception):
                is_expected = isinstance(outcome, PetStreamError)
                logger.error(
                    "a part did not end in order; the others do: %s",
                    outcome,
                    exc_info=None if is_expected else outcome,
                )


def _own_part(camera: OwnCamera) -> Part:
    return Part(
        f"{camera.name}_camera",
        f"the thread of the {camera.name} camera",
        lambda: camera.lives,
        restart=camera.begin_anew,
        is_replaceable=True,
    )


def _some(run: Run | None) -> tuple[Run, ...]:
    return () if run is None else (run,)
