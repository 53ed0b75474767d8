"""Keeps the recordings folder over time: claims it, repairs it after a crash, enforces limits."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from concurrent.futures import Future
from functools import partial
from pathlib import Path

from ..errors import Busy, NotRecorderOwner
from ..lifecycle import Run, start_run
from ..reason import Reason
from ..recording.disk import ClipsFull, remove
from ..recording.status import RecordingStatus
from ..supervision.error_counts import ErrorCounts
from .ages import Ages
from .clock import ClockReading, read_clocks
from .cuts import Cuts
from .cuts import is_unfinished as is_unfinished_cut
from .fact_reader import FactReader
from .folder_check import FolderCheck
from .housekeeping import Housekeeper
from .library import Library
from .ownership import Ownership
from .resumption import Resumption
from .retention import Pruner, Retention
from .thumbnails import Thumbnails, is_unfinished

logger = logging.getLogger(__name__)

TIDY_EVERY_S = 60.0
STOP_TIMEOUT_S = 2.0


class Archive:
    """The recordings folder over time. Any thread may use it. Between start() and stop(), limits in
    the settings are enforced after each recording and every TIDY_EVERY_S; so is that of the bin, as
    soon as something is in it.

    `max_clip_bytes`: limit for all clips together; 0: none. `min_free_bytes`: free space that a
    recording needs to begin. `resumption` sees to what was being recorded when the server ended.
    """

    def __init__(
        self,
        library: Library,
        retention: Retention,
        name: str,
        *,
        max_clip_bytes: int = 0,
        min_free_bytes: int = 0,
        resumption: Resumption | None = None,
        read_clocks: Callable[[], ClockReading] = read_clocks,
        errors: ErrorCounts | None = None,
    ) -> None:
        self._library = library
        self._retention = retention
        self._max_clip_bytes = max_clip_bytes
        self._resumption = resumption
        self._ages = Ages(read_clocks)
        self._pruner = Pruner(library, retention, self._ages)
        self._housekeeper = Housekeeper(f"{name}-housekeeping", errors)
        self._ownership = Ownership(library.folder, self._handle_claimed)
        self._timer_name = f"{name}-retention"
        self._repairs: list[Future[None]] = []
        self._tidying: Future[None] | None = None
        self._timer: Run | None = None
        self._timer_lock = threading.Lock()
        self._is_stopped = self._is_running = False
        self._check = FolderCheck(library.folder, min_free_bytes, self._housekeeper)
        self.thumbnails = Thumbnails(library, self._housekeeper)
        self.facts = FactReader(library, self._housekeeper)
        self.cuts = Cuts(
            library,
            self.claim_for_clip,
            min_free_bytes=min_free_bytes,
            on_saved=self._handle_made,
        )

    def start(self) -> None:
        """Repair, in the background, what a crash left; only if the folder exists already."""
        self._is_stopped = False
        self._housekeeper.start()
        if self._library.folder.is_dir():
            self._housekeeper.submit(self._claim_quietly)
        self._is_running = True
        self._tidy_regularly()

    def stop(self, timeout_s: float = STOP_TIMEOUT_S, *, keeps_folder: bool = False) -> None:
        """Drop waiting tasks and release the folder. Idempotent.

        `keeps_folder`: a recording is still being written. Whoever claims the folder would take its
        file for unfinished and repair it. A disk that hangs delays this by `timeout_s`; the rest is
        done when the disk goes on.
        """
        self._is_stopped = True
        with self._timer_lock:
            self._is_running = False
            timer, self._timer = self._timer, None
        if timer is not None:
            timer.stop(timeout_s)
        self._housekeeper.stop(timeout_s, None if keeps_folder else self._ownership.release)

    def let_go(self) -> None:
        """Release the folder that stop() has kept, now that the last recording is written; does
        nothing after a new start(). Does not wait."""
        if self._is_stopped:
            self._housekeeper.request_stop(self._ownership.release)

    def set_limits(self, retention: Retention, *, max_clip_bytes: int, min_free_bytes: int) -> None:
        """From now on these count, as in the constructor."""
        self._retention = self._pruner.retention = retention
        self._library.bin.keep_s = retention.bin_s or 0
        self._max_clip_bytes = max_clip_bytes
        self._check.set_limit(min_free_bytes)
        self.cuts.min_free_bytes = min_free_bytes
        if self._is_running:
            self._tidy_regularly()
            self.tidy()

    def exceeding(self, retention: Retention) -> tuple[int, int]:
        """Returns how many recordings these limits would delete now, and their bytes. Raises
        StorageError."""
        sizes = {row.name: row.size_bytes for row in self._library.recordings()}
        pruner = self._pruner.within(retention)
        names = pruner.prune(lambda _name: None) if retention.is_on else []
        return len(names), sum(sizes.get(name, 0) for name in names)

    def claim(self) -> None:
        """Become the process that records. Raises NotRecorderOwner, OSError."""
        self._ownership.claim()
        self._tidy_regularly()  # what others have put into the bin counts as room

    def claim_for_clip(self, size_bytes: int) -> None:
        """Become the process that records, if clips may have `size_bytes` more. Raises ClipsFull,
        NotRecorderOwner, StorageError, OSError."""
        self.claim()
        if not self._max_clip_bytes:
            return
        clips = filter(self._library.is_clip, self._library.recordings())
        if size_bytes + sum(clip.size_bytes for clip in clips) > self._max_clip_bytes:
            raise ClipsFull(self._max_clip_bytes)

    def fault(self) -> Reason | None:
        """Returns why a recording would not begin, if that is known."""
        return self._check.fault()

    def free_bytes(self) -> int | None:
        """Returns what was free on the disk when it was last looked at, in the background."""
        return self._check.free_bytes()

    @property
    def runs(self) -> list[Run]:
        """The threads that should be alive now."""
        return [run for run in (self._housekeeper.run, self._timer) if run is not None]

    def revive(self) -> None:
        """Start again the one that has died. Raises Busy."""
        self._housekeeper.revive()
        if self._timer is not None and not self._timer.is_alive:
            self._timer = start_run(self._timer_name, self._keep_tidy)

    @property
    def repairing_count(self) -> int:
        """The number of files that a crash left and that are not repaired yet."""
        return sum(not repair.done() for repair in self._repairs)

    def handle_finished(self, status: RecordingStatus) -> None:
        """Note that a recording or a clip has ended."""
        if status.filename is not None and status.frame_count:
            self._ages.note_end(status.filename)
        self.tidy()

    def _handle_made(self, name: str) -> None:
        self._ages.note_end(name)
        self.tidy()

    def delete(self, name: str, *, for_good: bool = False) -> float | None:
        """Delete a recording, or one of its files. Returns until when it can be restored, epoch
        seconds; None: it can't. Raises as Library.delete()."""
        entry = self._library.delete(name, for_good=for_good)
        if entry is None:
            return None
        self._ages.note_end(entry.id)
        self._tidy_regularly()
        return entry.deleted_at + self._library.bin.keep_s

    def binned_count(self) -> int:
        """Returns how many can be restored."""
        self._tidy_regularly()  # another process may have deleted one
        return self._library.bin.count()

    def tidy(self) -> None:
        """Delete, in the background, what exceeds the limits of the settings."""
        if not self._has_limits():
            return
        waiting = self._tidying
        if waiting is None or waiting.running() or waiting.done():
            self._tidying = self._housekeeper.submit(self._remove_old)

    def _has_limits(self) -> bool:
        return self._retention.is_on or not self._library.bin.is_empty()

    def _tidy_regularly(self) -> None:
        if not self._has_limits():
            return
        with self._timer_lock:
            if self._is_running and self._timer is None:
                try:
                    self._timer = start_run(self._timer_name, self._keep_tidy)
                except Busy as exc:  # which must keep nothing else from beginning
                    logger.warning(
                        "old recordings are deleted when others end, and not before: %s", exc
                    )

    def _remove_old(self) -> None:
        try:
            self.claim()
        except NotRecorderOwner:
            return
        self._pruner.prune()

    def _keep_tidy(self, run: Run) -> None:
        run.pulse.rest()
        self.tidy()
        while not run.stop_requested.wait(TIDY_EVERY_S):
            self.tidy()

    def _claim_quietly(self) -> None:
        try:
            self.claim()
        except NotRecorderOwner as exc:
            logger.warning("this process does not record: %s", exc)
        except OSError as exc:
            logger.warning("nothing can be recorded: the recordings folder can't be used: %s", exc)

    def _handle_claimed(self, parts: list[Path]) -> None:
        """The folder is ours now; an earlier owner has left `parts`. In the claimer's thread."""
        copies = [part for part in parts if is_unfinished(part) or is_unfinished_cut(part)]
        recordings = [part for part in parts if part not in copies]
        resumption = self._resumption
        left = None if resumption is None else resumption.look(recordings)
        if resumption is not None and left is not None:  # first of all: a repair takes its time
            go_on = partial(resumption.go_on, left, is_repairing=bool(recordings))
            self._housekeeper.submit(go_on)
        for copy in copies:  # of what is still there
            self._housekeeper.submit(partial(remove, copy))
        if recordings:
            from .crash_recovery import repair  # lazy, as in details

            self._repairs = [self._housekeeper.submit(partial(repair, part)) for part in recordings]
        if resumption is not None and left is not None:
            self._housekeeper.submit(resumption.tell_repaired)
