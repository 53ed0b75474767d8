"""A thread for work that can wait, one task at a time: repairs, thumbnails, old recordings.

It is not a ThreadPoolExecutor, because at exit the interpreter waits for the executor's workers and
their queue before it calls any exit handler. A long repair, or a disk that hangs, would then delay
the end of the recording after SIGTERM.
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
from ..supervision.error_counts import ErrorCounts

logger = logging.getLogger(__name__)

NICENESS = 15
"""Of the thread, so that live view and recording come first."""

Task = Callable[[], object]


class Housekeeper:
    """Does one task after the other, in a thread that exists only while there are tasks. Any thread
    may use it. Nothing is called while its lock is held.

    A task that waits for a hung disk goes on after stop(). Tasks submitted after the next start()
    wait for it, because two tasks at once could work on the same file.
    """

    def __init__(self, name: str, errors: ErrorCounts | None = None) -> None:
        self._name = name
        self._errors = errors or ErrorCounts()
        self._lock = threading.Lock()
        self._tasks: deque[tuple[Task, Future[None]]] = deque()
        self.run: Run | None = None
        """Its thread; None while there is nothing to do."""
        self._is_stopped = False

    def submit(self, task: Task) -> Future[None]:
        """Queue `task`. Its error is noted, and set in the future. The future is cancelled after
        stop(), and when no thread can be started."""
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
        """request_stop(), and wait. A task that takes longer than `timeout_s` is left to its
        thread."""
        self.request_stop(last)
        run = self.run
        if run is not None and not run.join(timeout_s):
            logger.warning(
                "housekeeping did not end within %.1f s: the rest is done at the next start",
                timeout_s,
            )

    def request_stop(self, last: Task | None = None) -> None:
        """Let the current task end, drop the others, do `last`. Does not wait. Idempotent."""
        with self._lock:
            self._is_stopped = True
            forgotten = [future for _, future in self._tasks]
            self._tasks.clear()
            if last is not None:
                self._take(last, Future())
        for future in forgotten:
            future.cancel()

    def revive(self) -> None:
        """Start the thread again, if it has died. Raises Busy."""
        with self._lock:
            if self.run is not None and not self.run.is_alive:
                self.run = start_run(self._name, self._work) if self._tasks else None

    def _take(self, task: Task, future: Future[None]) -> bool:
        """Queue `task`; False if no thread can be started. Call it with the lock held."""
        if self.run is None:
            try:
                self.run = start_run(self._name, self._work)
            except Busy as exc:
                logger.warning("nothing is repaired or deleted just now: %s", exc)
                return False
        self._tasks.append((task, future))
        return True

    def _work(self, run: Run) -> None:
        try:
            os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), NICENESS)
        except OSError as exc:
            logger.debug("housekeeping keeps its priority: %s", exc)
        while (next_one := self._next()) is not None:
            task, future = next_one
            if not future.set_running_or_notify_cancel():
                continue
            run.pulse.beat()
            try:
                task()
            except BaseException as exc:  # whatever it is, the next task is done
                said = "a task of housekeeping failed; the next one is done"
                self._errors.end("housekeeping", exc, said)
                future.set_exception(exc)
            else:
                future.set_result(None)

    def _next(self) -> tuple[Task, Future[None]] | None:
        with self._lock:
            if self._tasks:
                return self._tasks.popleft()
            self.run = None
            return None
