"""Work that can wait: repairs, pictures for the list, old recordings. One thing at a time.

A ThreadPoolExecutor with one worker would do, but for the process's end: the interpreter waits for
such workers, and for all that is queued, before it calls any exit handler. A long repair, or a disk
that hangs, would come between SIGTERM and the end of the recording.
"""

from __future__ import annotations

import logging
import os
import threading
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future

from ..errors import Busy
from ..lifecycle import Run, start_run

logger = logging.getLogger(__name__)

NICENESS = 15
"""Of the thread: live view and recording come first."""

Task = Callable[[], object]


class Housekeeper:
    """Does what it is told, one task after the other, in a thread that exists only while there is
    something to do. Any thread may use it; nothing is called while its lock is held.

    A task that a hung disk holds up goes on after stop(). What comes after the next start() waits
    for it, because two tasks at once could be at the same file.
    """

    def __init__(self, name: str) -> None:
        self._name = name
        self._lock = threading.Lock()
        self._tasks: deque[tuple[Task, Future[None]]] = deque()
        self._run: Run | None = None
        """While there is something to do."""
        self._is_stopped = False

    def submit(self, task: Task) -> Future[None]:
        """Have `task` done. What it raises is logged, and in the future. The future is cancelled
        after stop(), and when there is no thread to be had."""
        future: Future[None] = Future()
        with self._lock:
            is_taken = not self._is_stopped and self._take(task, future)
        if not is_taken:
            future.cancel()
        return future

    def start(self) -> None:
        with self._lock:
            self._is_stopped = False
            self._tasks.clear()  # what was to be done last

    def stop(self, timeout_s: float, last: Task | None = None) -> None:
        """The same, and wait for it. What takes longer than `timeout_s` is left to its thread."""
        self.request_stop(last)
        run = self._run
        if run is not None and not run.join(timeout_s):
            logger.warning("housekeeping did not end within %.1f s", timeout_s)

    def request_stop(self, last: Task | None = None) -> None:
        """Finish what is begun, forget the rest, do `last`. Does not wait. Idempotent."""
        with self._lock:
            self._is_stopped = True
            forgotten = [future for _, future in self._tasks]
            self._tasks.clear()
            if last is not None:
                self._take(last, Future())
        for future in forgotten:
            future.cancel()

    def _take(self, task: Task, future: Future[None]) -> bool:
        """Queue `task`; false if nobody can do it. With the lock held."""
        if self._run is None:
            try:
                self._run = start_run(self._name, self._work)
            except Busy as exc:
                logger.warning("%s", exc)
                return False
        self._tasks.append((task, future))
        return True

    def _work(self, _run: Run) -> None:
        try:
            os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), NICENESS)
        except OSError as exc:
            logger.debug("housekeeping keeps its priority: %s", exc)
        while (next_one := self._next()) is not None:
            task, future = next_one
            if not future.set_running_or_notify_cancel():
                continue
            try:
                task()
            except Exception as exc:
                logger.exception("housekeeping failed")
                future.set_exception(exc)
            else:
                future.set_result(None)

    def _next(self) -> tuple[Task, Future[None]] | None:
        with self._lock:
            if self._tasks:
                return self._tasks.popleft()
            self._run = None
            return None
