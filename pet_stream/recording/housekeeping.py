"""Work that can wait: repairs, pictures for the list, old recordings. One thing at a time."""

from __future__ import annotations

import logging
import os
import threading
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future

logger = logging.getLogger(__name__)

NICENESS = 15
"""Of the thread: live view and recording come first."""

Task = Callable[[], object]


class Housekeeper:
    """Does what it is told, one task after the other, in a thread that exists only while there is
    something to do. Any thread may use it."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._lock = threading.Lock()
        self._tasks: deque[tuple[Task, Future[None]]] = deque()
        self._thread: threading.Thread | None = None
        self._is_stopped = False

    def submit(self, task: Task) -> Future[None]:
        """Have `task` done. What it raises is logged, and in the future. After stop(): never."""
        future: Future[None] = Future()
        with self._lock:
            if self._is_stopped:
                future.cancel()
                return future
            self._tasks.append((task, future))
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name=self._name, daemon=True)
                self._thread.start()
        return future

    def start(self) -> None:
        with self._lock:
            self._is_stopped = False

    def stop(self, timeout_s: float) -> None:
        """Finish what is begun, forget the rest. Idempotent."""
        with self._lock:
            self._is_stopped = True
            for _, future in self._tasks:
                future.cancel()
            self._tasks.clear()
            thread = self._thread
        if thread is not None:
            thread.join(timeout_s)

    def _run(self) -> None:
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
            self._thread = None
            return None
