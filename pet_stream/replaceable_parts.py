"""The reader and what lives on the event loop: each has a successor when it is stuck or dead."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from .broadcaster import Broadcaster
from .camera_status import CameraStatus
from .ingest.shm_reader import ShmReader
from .lifecycle import Run
from .loop_parts import LoopParts
from .reason import NO_REASON, Reason
from .recording.recorder import Recorder


class ReplaceableParts:
    """The watcher's thread replaces them, and whoever stops them; any thread may look.

    A thread that is stuck can't be ended. So its successor shares nothing with it but what can tell
    the two apart: the broadcaster ignores a reader that was replaced, and a recording the loop that
    it has left. `make_reader` gets the number of the first picture that it publishes.
    """

    def __init__(
        self,
        make_reader: Callable[[int], ShmReader],
        make_loop_parts: Callable[[], LoopParts],
        broadcaster: Broadcaster,
        recorder: Recorder,
    ) -> None:
        self.on_beat: Callable[[], object] = lambda: None
        """Called by the event loop at each heartbeat."""
        self.camera_fault: Callable[[], Reason] = lambda: NO_REASON
        """Returns what is wrong with the camera thread; empty: nothing."""
        self._make_reader = make_reader
        self._make_loop_parts = make_loop_parts
        self._broadcaster = broadcaster
        self._recorder = recorder
        self._is_stopping = False
        self.reader = make_reader(0)
        self.on_loop = make_loop_parts()

    def camera_status(self) -> CameraStatus:
        """Returns what the reader says, unless it can't know."""
        status, fault = self.reader.status, self.camera_fault()
        if not fault or status.state == "paused":
            return status
        return replace(status, state="offline", reason=fault)

    def start_loop(self) -> None:
        """Raises Busy."""
        self._is_stopping = False
        self._start(self.on_loop)

    def replace_reader(self) -> None:
        """Let another thread read, with a reader of its own. Raises Busy."""
        if self._is_stopping:
            return
        old = self.reader
        new = self._successor_of(old, old.run)
        new.start()
        self.reader = new
        if self._is_stopping:  # since just now: nobody else knows the new one
            new.stop(0.0)

    def replace_loop(self) -> None:
        """Let another loop go on, with viewers of its own; recordings go on. Raises Busy."""
        if self._is_stopping:
            return
        old, new = self.on_loop, self._make_loop_parts()
        self._start(new)
        self.on_loop = new
        old.abandon()
        new.leases.sweep_soon()
        if self._is_stopping:
            new.event_loop.stop(0.0)

    def keep(self) -> None:
        """Replace nothing any more: they are being stopped."""
        self._is_stopping = True

    def stop_reader(self, timeout_s: float) -> None:
        """What does not end in time is left behind: the next start shares nothing with it."""
        old, run = self.reader, self.reader.run
        old.stop(timeout_s)
        if run is not None and run.is_alive:
            self.reader = self._successor_of(old, run)

    def stop_loop(self, timeout_s: float) -> None:
        """As `stop_reader`."""
        old, run = self.on_loop, self.on_loop.event_loop.run
        old.event_loop.stop(timeout_s)
        if run is not None and run.is_alive:
            self.on_loop = self._make_loop_parts()
            old.abandon()

    def _start(self, parts: LoopParts) -> None:
        parts.event_loop.on_beat = self.on_beat
        parts.event_loop.start()
        parts.event_loop.call_soon(self._recorder.move_here)

    def _successor_of(self, reader: ShmReader, run: Run | None) -> ShmReader:
        """Returns another reader. What the thread of this one still publishes is ignored."""
        if run is not None:
            self._broadcaster.retire(run)
            run.request_stop()
        return self._make_reader(reader.next_sequence + 1)  # it may be in the middle of one
