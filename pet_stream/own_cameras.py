"""The cameras behind a relay, each by its own ring, whether or not it is the active one."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Final

from .broadcaster import Broadcaster
from .camera_status import CameraStatus
from .errors import Busy, NotFound
from .ingest.shm_reader import ShmReader
from .ingest.source_urls import ring_of_camera
from .lifecycle import Pulse
from .media.gop_memory import GopMemory
from .media.h264 import SequenceParameterSet
from .pause.pause import Pause
from .process.switch_interval import switch_interval
from .supervision.error_counts import ErrorCounts
from .supervision.part import Activity, Living

CAMERA_IDS: Final[Mapping[str, int]] = MappingProxyType({"day": 0, "night": 1})
"""By the names that viewers ask for."""


class OwnCamera:
    """Read while somebody watches it, from start() to stop(); otherwise it costs nothing. Any
    thread may use it.

    The active camera makes some 30 pictures a second, the other one two.
    """

    def __init__(
        self,
        name: str,
        urls: Sequence[str],
        prefix: str,
        pause: Pause,
        errors: ErrorCounts | None = None,
    ) -> None:
        """`urls`: the rings that may be its own. `prefix`: of its thread's name."""
        self.name = name
        self.broadcaster = Broadcaster(
            self._handle_audience_change, memory=GopMemory(), pause=pause, errors=errors
        )
        self.lives: tuple[Living, ...] = ()
        """What reads it; none while nobody watches. It is dead if no thread was to be had."""
        self._urls = urls
        self._prefix = prefix
        self._pause = pause
        self._lock = threading.Lock()
        self._is_started = False
        self._url = next(iter(urls), "")
        self._reader = self._make_reader(0)
        """The newest one, which may have ended."""

    def find(self) -> None:
        """Find its ring. Raises NotFound when there is none."""
        url = ring_of_camera(self._urls, CAMERA_IDS[self.name])
        if url is None:
            raise NotFound(f"There is no ring of the {self.name} camera's own")
        self._url = url

    @property
    def status(self) -> CameraStatus:
        return self._reader.status

    @property
    def video(self) -> SequenceParameterSet | None:
        return self._reader.video

    def begin_anew(self) -> None:
        """Let another thread read for those who watch: this one is stuck, or has died. Raises
        Busy."""
        with self._lock:
            if self.lives:
                self._begin()

    def start(self) -> None:
        """Idempotent. Raises Busy if somebody watches, and no thread is to be had."""
        with self._lock:
            self._is_started = True
            self._follow_audience()

    def stop(self, timeout_s: float = 2.0) -> None:
        """Idempotent."""
        with self._lock:
            self._is_started = False
            self._end()
            run = self._reader.run
        if run is not None:
            run.stop(timeout_s)

    def _handle_audience_change(self) -> None:
        with self._lock:  # of two changes at once, the second one here sees what came of both
            switch_interval.follow(self.broadcaster)
            self._follow_audience()

    def _follow_audience(self) -> None:
        is_wanted = self._is_started and bool(self.broadcaster.subscriptions)
        if is_wanted and not self.lives:
            self._begin()
        elif not is_wanted and self.lives:
            self._end()

    def _begin(self) -> None:
        self._retire()
        reader = self._make_reader(self._reader.next_sequence + 1)  # may be in the middle of one
        try:
            run = reader.start()
        except Busy as exc:
            self.lives = (Activity(Pulse(), is_alive=False, failure=exc),)
            raise
        self._reader, self.lives = reader, (run,)

    def _end(self) -> None:
        self._retire()
        self.lives = ()
        self.broadcaster.forget_all()

    def _retire(self) -> None:
        """Ignore what the reader still publishes, and have its thread end."""
        if (run := self._reader.run) is not None:
            self.broadcaster.retire(run)
            run.request_stop()

    def _make_reader(self, first_sequence: int) -> ShmReader:
        name = f"{self._prefix}-{self.name}"
        return ShmReader(self._url, self.broadcaster, name, self._pause, first_sequence)


def own_cameras(
    urls: Sequence[str], prefix: str, pause: Pause, errors: ErrorCounts | None = None
) -> Mapping[str, OwnCamera]:
    return {name: OwnCamera(name, urls, prefix, pause, errors) for name in CAMERA_IDS}
