"""Ends what lasts when the right to it ends: WebSockets, events, viewers, downloads."""

from __future__ import annotations

import threading
from collections.abc import Callable

from ..lifecycle import Run, start_run
from ..rights import EVERYBODYS, Grant
from ..supervision.error_counts import ErrorCounts

CHECK_INTERVAL_S = 10.0


class Hold:
    """Something that lasts, and the grant that it needs. Any thread."""

    def __init__(self, grants: Grants, grant: Grant, end: Callable[[], object]) -> None:
        self.grant = grant
        self.end = end
        self._grants = grants

    def release(self) -> None:
        """It is over. Idempotent."""
        self._grants._release(self)


class Grants:
    """Asks again for every grant that is held, each CHECK_INTERVAL_S. Any thread.

    A host's own check may take its time, so this has a thread, `<name>-rights`, which lives while
    something is held.
    """

    def __init__(
        self,
        name: str,
        check_interval_s: float = CHECK_INTERVAL_S,
        errors: ErrorCounts | None = None,
    ) -> None:
        self._errors = errors or ErrorCounts()
        self._name = f"{name}-rights"
        self._check_interval_s = check_interval_s
        self._changed = threading.Condition()
        self._holds: set[Hold] = set()
        self.run: Run | None = None
        """Its thread; None while nothing is held."""
        self._is_due = False

    def hold(self, grant: Grant, end: Callable[[], object]) -> Hold:
        """Call `end` once if `grant` becomes invalid; it must not wait. Release the hold when what
        it stands for is over.

        Raises Busy if nobody could check it.
        """
        hold = Hold(self, grant, end)
        if grant is not EVERYBODYS:
            with self._changed:
                if self.run is None:
                    self.run = self._begin()
                self._holds.add(hold)
        return hold

    def check_soon(self) -> None:
        """Ask now: somebody's right may have ended."""
        with self._changed:
            self._is_due = True
            self._changed.notify_all()

    def revive(self) -> None:
        """Start the thread again, which has died. Raises Busy."""
        with self._changed:
            self.run = self._begin() if self._holds else None

    def stop(self, timeout_s: float = 2.0) -> None:
        with self._changed:
            run, self.run = self.run, None
            self._holds.clear()
        if run is not None:
            run.stop(timeout_s)

    def _begin(self) -> Run:
        return start_run(self._name, self._check_again_and_again, wake=self._wake)

    def _check_again_and_again(self, run: Run) -> None:
        while self._wait(run):
            for hold in self._held():
                run.pulse.beat()
                if not self._is_valid(hold):
                    hold.release()
                    self._end(hold)

    def _wait(self, run: Run) -> bool:
        """Wait for the next check. Returns False when there is nothing left to check."""
        run.pulse.rest()
        with self._changed:
            self._changed.wait_for(lambda: self._is_due or run.is_stopping, self._check_interval_s)
            self._is_due = False
            if not self._holds and self.run is run:
                self.run = None
            return self.run is run and not run.is_stopping

    def _held(self) -> tuple[Hold, ...]:
        with self._changed:
            return tuple(self._holds)

    def _release(self, hold: Hold) -> None:
        with self._changed:
            self._holds.discard(hold)

    def _wake(self) -> None:
        with self._changed:
            self._changed.notify_all()

    def _is_valid(self, hold: Hold) -> bool:
        try:
            return hold.grant.is_valid()
        except BaseException as exc:  # of a host's own check, which must not end all the others
            self._errors.end(
                "rights", exc, "a right could not be asked for again, so what lasts is ended"
            )
            return False

    def _end(self, hold: Hold) -> None:
        with self._errors.ending("rights", "what somebody was granted could not be ended"):
            hold.end()
