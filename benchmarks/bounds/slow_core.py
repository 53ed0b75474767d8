"""A slower core, as far as this machine can be one: a process that may run a share of the time."""

from __future__ import annotations

import os
import signal
import threading
import time
from types import TracebackType

RUN_S = 0.002
"""At a time. A process that waits has not saved it up: it is lost, as on a slow core."""


class SlowCore:
    """Stops a process again and again (SIGSTOP), so that it runs every `slower`-th moment only. The
    thread that does it is this object's own."""

    def __init__(self, pid: int, slower: float) -> None:
        self._pid = pid
        self._slower = slower
        self._is_over = threading.Event()
        self._thread = threading.Thread(target=self._run, name="slow-core")
        self._ran_s = self._all_s = 0.0

    @property
    def given_percent(self) -> float:
        """What the process could have had of the time."""
        return 100 * self._ran_s / self._all_s

    def __enter__(self) -> SlowCore:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        exc: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._is_over.set()
        self._thread.join()

    def _run(self) -> None:
        begun_s = time.monotonic()
        try:
            while not self._is_over.is_set():
                os.kill(self._pid, signal.SIGCONT)
                time.sleep(RUN_S)
                os.kill(self._pid, signal.SIGSTOP)
                stopped_s = time.monotonic()
                ran_s = stopped_s - begun_s
                # as long as its share of what it had, however late this thread was
                time.sleep(ran_s * (self._slower - 1))
                self._ran_s += ran_s
                begun_s = time.monotonic()
                self._all_s += ran_s + begun_s - stopped_s
        finally:
            os.kill(self._pid, signal.SIGCONT)
