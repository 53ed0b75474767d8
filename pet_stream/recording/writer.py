"""The thread that writes one recording to the disk."""

from __future__ import annotations

import contextlib
import errno
import itertools
import logging
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Protocol

from ..errors import NotRecorderOwner
from ..histogram import WAITS_S, Histogram
from ..lifecycle import Pulse, Run, start_run
from ..media.access_unit import AccessUnit
from .disk import check_free, make_folder
from .files import Files
from .progress import Account, Progress
from .settings import RecorderSettings
from .sidecars import Sidecars
from .target import Target

logger = logging.getLogger(__name__)

POLL_S = 0.5
"""How often the queue is emptied: seldom, because nobody waits for it."""


class UnitQueue(Protocol):
    """Where the writer takes access units from; a broadcaster's Subscription is one."""

    def take(self) -> list[AccessUnit]: ...


class Writer:
    """Writes one recording: makes the folder and the file, begins with `preroll`, empties `queue`
    every POLL_S, ends by request_stop() or an OSError.

    A file is removed if it has no picture, or if the start failed or was given up. After accept(),
    a name that is taken gets a number.

    The event loop's thread makes and stops it; names with an underscore belong to the writer's own
    thread once it has started. Any thread may read `path` (None until the file exists and holds the
    preroll), `paths` (of its files, once they are finished), `wanted_path` (what `path` will most
    likely be), `progress`, `failure` (what ended it), `blocked_s`, `is_writing` and `is_unwanted`.
    `syncs` counts how long each sync of a running recording takes. Gaps count from `started_ns` on,
    a capture time. Beside the files stands what the detector saw (`sidecars`), which fails no
    recording.
    The writer's thread calls `claim` first, `on_opened` when `path` is set, `on_finished` when the
    files are in order or nothing more can be done, and `on_closed` last, in any case.
    """

    def __init__(
        self,
        target: Target,
        queue: UnitQueue,
        settings: RecorderSettings,
        *,
        preroll: Sequence[AccessUnit],
        claim: Callable[[], object],
        on_opened: Callable[[], object],
        on_closed: Callable[[], object],
        thread_name: str,
        on_finished: Callable[[], object] = lambda: None,
        started_ns: int = 0,
        syncs: Histogram | None = None,
        sidecars: Sidecars | None = None,
    ) -> None:
        self.path: Path | None = None
        self.paths: tuple[Path, ...] = ()
        self.wanted_path = target.folder / f"{target.stem}{target.suffix}"
        self.progress = Progress()
        self.failure: OSError | NotRecorderOwner | None = None
        self.is_accepted = False
        self.is_unwanted = False
        self.thread: Run | None = None
        """Its pulse rests while the writer waits for pictures, so its age is the disk's."""
        self.is_writing = False
        """True from start() until the last access to the file, however long the disk hangs."""
        self.ended_at: float | None = None
        """When that was, epoch seconds."""
        self._target = target
        self._queue = queue
        self._settings = settings
        self._preroll = preroll
        self._claim = claim
        self._on_opened = on_opened
        self._on_finished = on_finished
        self._on_closed = on_closed
        self._wake = threading.Event()
        self._stop_requested = threading.Event()
        self._files = Files(target)
        self._account = Account(started_ns)
        self._thread_name = thread_name
        self._syncs = Histogram(WAITS_S) if syncs is None else syncs
        self._sidecars = Sidecars() if sidecars is None else sidecars

    def start(self) -> None:
        """Raises Busy when no thread is to be had."""
        self.is_writing = True
        try:
            self.thread = start_run(self._thread_name, self.run)
        except BaseException:
            self.is_writing = False
            raise

    @property
    def blocked_s(self) -> float:
        """How long the current disk access has taken so far; 0 while there is none."""
        thread = self.thread
        return 0.0 if thread is None else thread.pulse.age_s or 0.0

    def request_stop(self) -> None:
        """Write what is queued, close the file, end. Does not wait."""
        self._stop_requested.set()
        self._wake.set()

    def accept(self) -> None:
        """From now on a name that is taken gets a number: the caller was told that the recording
        runs, before the disk has answered."""
        self.is_accepted = True

    def discard(self) -> None:
        """End, and remove the file. Does not wait."""
        self.is_unwanted = True
        self.request_stop()

    def join(self, timeout_s: float) -> None:
        if self.thread is not None:
            self.thread.join(timeout_s)

    def run(self, thread: Run) -> None:
        with self._first_failure_kept():
            self._claim()
            self._begin()
            with self._first_failure_kept():
                preroll, self._preroll = self._preroll, ()
                self._write(preroll)
                self.path = self._files.path
                self._on_opened()
                while self.run_once(thread.pulse):
                    pass
            with self._first_failure_kept():
                self._files.newest.complete()
            self._sidecars.write(self._files.newest, is_last=True)
            self._finish()
        with self._first_failure_kept():
            self._on_finished()
        self.progress = replace(
            self.progress, lost_count=self.progress.lost_count + len(self._preroll)
        )
        self._sidecars.close()
        thread.pulse.rest()
        self.ended_at = time.time()
        self.is_writing = False
        self._on_closed()

    def run_once(self, pulse: Pulse) -> bool:
        """Write what has come. Returns False once a stop was requested and nothing is left."""
        pulse.rest()
        self._wake.wait(POLL_S)
        self._wake.clear()
        pulse.beat()
        is_last = self._stop_requested.is_set()  # read first: what came before it is written
        units = self._queue.take()
        self._write(units)
        newest = self._files.newest
        if not units:  # the camera pauses: nothing is held back
            newest.container.flush()
            self._tell_progress()
        is_due = time.monotonic() - newest.synced_at_s >= (self._settings.sync_s or POLL_S)
        if is_due and newest.container.frame_count and not is_last:
            try:
                if sync_ns := newest.sync():
                    self._syncs.add(sync_ns)
            finally:
                self._tell_progress()
            check_free(self._target.folder, self._settings.min_free_bytes)
        self._sidecars.write(self._files.newest)
        return not is_last

    def _begin(self) -> None:
        """Make the folder and the file. Raises FileExistsError when the name is taken, and
        OSError."""
        make_folder(self._target.folder)
        check_free(self._target.folder, self._settings.min_free_bytes)
        self._files.open_first(lambda: self._target.is_numbered or self.is_accepted)

    def _finish(self) -> None:
        is_needed = (self.path is not None or self.is_accepted) and not self.is_unwanted
        try:
            self.path = self._files.finish(is_needed=is_needed) or self.path
        finally:
            self.paths = tuple(self._files.paths)
            self._tell_progress()

    @contextlib.contextmanager
    def _first_failure_kept(self) -> Iterator[None]:
        """An error inside ends only this step. The first one is kept as `failure`."""
        try:
            yield
        except (OSError, NotRecorderOwner) as exc:
            self.failure = self.failure or exc
        except BaseException:  # whatever it is, the recording has to end, and to say so
            logger.exception("the recording ends: its writer failed")
            self.failure = self.failure or OSError(errno.EIO, "internal error")

    def _write(self, units: Sequence[AccessUnit]) -> None:
        if not self._account.has_begun:  # never begins in mid-GOP
            units = list(itertools.dropwhile(lambda unit: not unit.is_entry_point, units))
        if not units:
            return
        self._account.taken_count += len(units)
        try:
            for run in self._runs(units):
                kept = self._files.newest.without_leading(run)
                self._account.taken_count -= len(run) - len(kept)
                self._files.newest.write(kept)
                self._account.add(run)
        finally:
            self._tell_progress()

    def _runs(self, units: Sequence[AccessUnit]) -> Iterator[Sequence[AccessUnit]]:
        """Yields `units` GOP by GOP; each belongs to the file that is the newest at that moment."""
        begin = 0
        for index, unit in enumerate(units):
            if unit.is_entry_point:
                if index > begin:
                    yield units[begin:index]
                    begin = index
                if not self._files.newest.takes(unit, self._settings.max_file_s):
                    self._sidecars.write(self._files.newest)
                    self._files.go_on_with(unit)
        yield units[begin:]

    def _tell_progress(self) -> None:
        self.progress = self._account.progress(self._files)
