"""The thread that brings one recording to the disk."""

from __future__ import annotations

import contextlib
import errno
import io
import itertools
import logging
import os
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol

from ..media.access_unit import AccessUnit
from .containers import Container, ContainerFactory

logger = logging.getLogger(__name__)


class UnitQueue(Protocol):
    """Where the writer takes access units from; a broadcaster's Subscription is one."""

    def take(self) -> list[AccessUnit]: ...


@dataclass(frozen=True, slots=True)
class Progress:
    """What is in the file so far."""

    frame_count: int = 0
    bytes_written: int = 0
    duration_ms: int = 0
    """From the capture time of the first picture to that of the last."""
    gap_count: int = 0
    """Places where pictures are missing, whether the camera or the disk lost them."""
    lost_count: int = 0
    """Pictures that an error kept from being written."""


class Writer:
    """Writes one recording: makes the folder and the file, begins with `preroll`, goes on with
    what `queue` holds each time `wake` is set, ends by request_stop() or an OSError.

    Made and stopped by the event loop's thread; names with an underscore belong to the writer's
    own thread once started. Any thread may read `path` (None until the file exists and holds the
    preroll), `progress`, `failure` (what ended it) and `is_unwanted`. In the writer's thread,
    `on_opened` is called when `path` is set, `on_closed` in any case, as its last act. A file is
    removed if no picture came into it, or if the start failed or was given up.
    """

    def __init__(
        self,
        folder: Path,
        names: Iterable[str],
        container: ContainerFactory,
        queue: UnitQueue,
        wake: threading.Event,
        *,
        preroll: Sequence[AccessUnit],
        on_opened: Callable[[], object],
        on_closed: Callable[[], object],
        thread_name: str,
    ) -> None:
        self.path: Path | None = None
        self.progress = Progress()
        self.failure: OSError | None = None
        self.is_unwanted = False
        self._folder = folder
        self._names = names
        self._container_factory = container
        self._queue = queue
        self._wake = wake
        self._preroll = preroll
        self._on_opened = on_opened
        self._on_closed = on_closed
        self._stop_requested = threading.Event()
        self._first_ns = 0
        self._last: AccessUnit | None = None
        self._thread = threading.Thread(target=self.run, name=thread_name, daemon=True)

    def start(self) -> None:
        self._thread.start()

    def request_stop(self) -> None:
        """Write what is queued, close the file, end. Does not wait."""
        self._stop_requested.set()
        self._wake.set()

    def discard(self) -> None:
        """End, and remove the file. Does not wait."""
        self.is_unwanted = True
        self.request_stop()

    def join(self, timeout_s: float) -> None:
        self._thread.join(timeout_s)

    def run(self) -> None:
        with self._first_failure_kept():
            path, file = self._create_file()
            with file:
                self._record(path, file)
        self._on_closed()

    def run_once(self, container: Container) -> bool:
        """Write what has come; False once a stop was asked for and nothing is left to write."""
        self._wake.wait()
        self._wake.clear()
        is_last = self._stop_requested.is_set()  # looked at first: what came before it is written
        self._write(container, self._queue.take())
        return not is_last

    def _create_file(self) -> tuple[Path, io.FileIO]:
        """The first of the names that is free. Raises FileExistsError when none is."""
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
        except FileExistsError as exc:  # not a recording's name that is taken
            raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR)) from exc
        for name in self._names:
            path = self._folder / name
            try:
                return path, io.FileIO(path, "xb")  # O_EXCL: never overwrites, follows no link
            except FileExistsError:
                continue
        raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST))

    def _record(self, path: Path, file: io.FileIO) -> None:
        container = self._container_factory(file)
        with self._first_failure_kept():
            self._write(container, self._preroll)
            self._preroll = ()
            self.path = path
            self._on_opened()
            while self.run_once(container):
                pass
        with self._first_failure_kept():
            container.close()
            self.progress = replace(self.progress, bytes_written=container.bytes_written)
        if self.path is None or self.is_unwanted or not self.progress.frame_count:
            path.unlink(missing_ok=True)
        else:
            self._sync(file)

    @contextlib.contextmanager
    def _first_failure_kept(self) -> Iterator[None]:
        """Whatever fails in here ends only this step; the first failure is the one reported."""
        try:
            yield
        except OSError as exc:
            self.failure = self.failure or exc
        except Exception:
            logger.exception("the recording's writer failed")
            self.failure = self.failure or OSError(errno.EIO, "internal error")

    def _write(self, container: Container, units: Sequence[AccessUnit]) -> None:
        if self._last is None:  # never begins in mid-GOP
            units = list(itertools.dropwhile(lambda unit: not unit.is_idr, units))
        if not units:
            return
        count_before = container.frame_count
        try:
            container.write(units)
        finally:
            self._account(container, units, container.frame_count - count_before)

    def _account(self, container: Container, units: Sequence[AccessUnit], written: int) -> None:
        gap_count = self.progress.gap_count
        for unit in units[:written]:
            if self._last is None:
                self._first_ns = unit.capture_ns
            elif unit.is_discontinuity or unit.sequence != self._last.sequence + 1:
                gap_count += 1
            self._last = unit
        self.progress = Progress(
            frame_count=container.frame_count,
            bytes_written=container.bytes_written,
            duration_ms=(self._last.capture_ns - self._first_ns) // 1_000_000 if self._last else 0,
            gap_count=gap_count,
            lost_count=self.progress.lost_count + len(units) - written,
        )

    def _sync(self, file: io.FileIO) -> None:
        """Bring file and name onto the disk, so that they outlast a power cut from here on."""
        os.fsync(file.fileno())
        if not os.fstat(file.fileno()).st_nlink:
            raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT))
        descriptor = os.open(self._folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(descriptor)
        except OSError as exc:
            if exc.errno != errno.EINVAL:  # a file system that has no such thing
                raise
        finally:
            os.close(descriptor)
