"""The thread that looks after all parts."""

from __future__ import annotations

import logging
import math
import threading
import time
from collections.abc import Callable, Sequence

from ..lifecycle import Run, start_run
from ..process.standstill import Looks
from ..reason import NO_REASON, Reason
from .care import Care, WatchLimits
from .error_counts import ErrorCounts
from .part import Part, PartState, find_fault, well_state

logger = logging.getLogger(__name__)

NAME = "watcher"


class Watcher:
    """Looks after each of `parts` every `look_s`. Any thread may look, or read `states`.

    `on_looked` is called after each look, and must not wait.
    `on_failed` is called when a part was started again in vain ten times in a row; it must not
    wait. After that a part that has died is still tried, but a stuck one no more,
    because its threads can't be ended.
    """

    def __init__(
        self,
        name: str,
        parts: Sequence[Part],
        errors: ErrorCounts,
        limits: WatchLimits | None = None,
    ) -> None:
        self.on_failed: Callable[[PartState], object] = lambda state: None
        self.on_looked: Callable[[], object] = lambda: None
        self.limits = limits or WatchLimits()
        self._name = f"{name}-watcher"
        self._errors = errors
        self._cares = [
            Care(part, self.limits, errors, lambda state: self.on_failed(state)) for part in parts
        ]
        self._looking = threading.Lock()
        self._starting = threading.Lock()
        self._looks = Looks(self.limits.look_s)
        self._since_s = 0.0
        self._run: Run | None = None

    def start(self) -> None:
        """Idempotent. Raises Busy when no thread is to be had."""
        if self._run is None:
            self.look()
            self._run = start_run(self._name, self._watch)

    def revive(self) -> None:
        """Start it again, if it has died. Any thread. Raises Busy."""
        with self._starting:  # not twice, and not after a stop
            run = self._run
            if run is not None and not run.is_alive:
                self._errors.note(NAME, run.failure or SystemExit())
                self._run = start_run(self._name, self._watch)

    def stop(self, timeout_s: float = 2.0) -> None:
        """Idempotent."""
        with self._starting:
            run, self._run = self._run, None
        if run is not None:
            run.stop(timeout_s)
        for care in self._cares:
            care.fault = None

    @property
    def states(self) -> tuple[PartState, ...]:
        """The state of each part as of the last look, and that of the watcher itself."""
        run = self._run
        if run is None:
            return ()
        itself = Part(NAME, "the watcher", lambda: (run,), is_vital=True)
        silence_s = self.limits.silence_s + self.limits.look_s
        fault = find_fault(itself, silence_s, math.inf)
        return (
            *(care.state for care in self._cares),
            well_state(itself) if fault is None else fault[0],
        )

    @property
    def restart_counts(self) -> dict[str, int]:
        """How often each part was started again."""
        return {care.name: care.restart_count for care in self._cares}

    def fault_of(self, name: str) -> Reason:
        """Returns why a part is not well; empty if it is."""
        faults = (fault for care in self._cares if (fault := care.fault) is not None)
        return next((fault.reason for fault in faults if fault.name == name), NO_REASON)

    def look(self, *, at_once: bool = False) -> None:
        """Judge all parts, and start again what is due. `at_once`: whatever has died is, even if it
        was tried just now."""
        if not self._looking.acquire(timeout=self.limits.look_s):
            return  # another thread looks
        try:
            now_s = time.monotonic()
            if self._looks.is_late(now_s):  # the process stood still: nobody could beat
                self._since_s = now_s
            watched_s = now_s - self._since_s
            for care in self._cares:
                care.look(now_s, watched_s, at_once=at_once)
        finally:
            self._looking.release()

    def _watch(self, run: Run) -> None:
        while not run.stop_requested.wait(self.limits.look_s):
            run.pulse.beat()
            try:
                self.look()
                self.on_looked()
            except Exception as exc:
                self._errors.note(NAME, exc)
                logger.exception("looking after the parts failed, and is tried again")
