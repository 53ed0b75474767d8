"""The cameras behind a relay, each by its own ring, whether or not it is the active one."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Final

from .broadcaster import Broadcaster
from .camera_status import CameraStatus
from .errors import NotFound
from .ingest.shm_reader import ShmReader
from .ingest.sources import ring_of_camera
from .media.gop_memory import GopMemory
from .media.h264 import SequenceParameterSet
from .pause.pause import Pause
from .process.switch_interval import switch_interval
from .supervision.error_counts import ErrorCounts

CAMERA_IDS: Final[Mapping[str, int]] = MappingProxyType({"day": 0, "night": 1})
"""By the names that viewers ask for."""


class OwnCamera:
    """Read while somebody watches it; otherwise it costs nothing. Any thread may use it.

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
        self._urls = urls
        self._prefix = prefix
        self._pause = pause
        self._lock = threading.Lock()
        self._url = ""
        self._reader: ShmReader | None = None

    def find(self) -> None:
        """Find its ring. Raises NotFound when there is none."""
        url = ring_of_camera(self._urls, CAMERA_IDS[self.name])
        if url is None:
            raise NotFound(f"There is no ring of the {self.name} camera's own")
        self._url = url

    @property
    def status(self) -> CameraStatus:
        return self._some_reader.status

    @property
    def video(self) -> SequenceParameterSet | None:
        return self._some_reader.video

    def stop(self, timeout_s: float = 2.0) -> None:
        with self._lock:
            reader, self._reader = self._reader, None
        if reader is not None:
            reader.stop(timeout_s)

    def _handle_audience_change(self) -> None:
        is_wanted = bool(self.broadcaster.subscriptions)
        switch_interval.shorten(self.broadcaster, is_needed=is_wanted)
        with self._lock:
            reader = self._reader
            if is_wanted and reader is None:
                self._reader = self._make_reader()
                self._reader.start()
            elif not is_wanted and reader is not None:
                self._reader = None
                if reader.run is not None:
                    self.broadcaster.retire(reader.run)
                    reader.run.request_stop()
                self.broadcaster.forget_all()

    @property
    def _some_reader(self) -> ShmReader:
        """The one that reads, or one that does not, which knows nothing."""
        return self._reader or self._make_reader()

    def _make_reader(self) -> ShmReader:
        return ShmReader(self._url, self.broadcaster, f"{self._prefix}-{self.name}", self._pause)


def own_cameras(
    urls: Sequence[str], prefix: str, pause: Pause, errors: ErrorCounts | None = None
) -> Mapping[str, OwnCamera]:
    return {name: OwnCamera(name, urls, prefix, pause, errors) for name in CAMERA_IDS}
