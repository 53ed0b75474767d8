"""Starts and stops threads in bounded time, and tells whether they are alive.

    Run       one run of a thread: its stop, its end, its heartbeat
    Pulse     a heartbeat, which `supervision` judges
    Deadline  the time that several stops have together

Each start makes a new `Run`. None is used twice, so a thread that did not end in time can't be
mistaken for its successor. `start` and `stop` of a part look like this:

    def start(self):
        if self._run is None:
            self._run = start_run("pet-stream-camera", self._work, wake=self._wakes.set)

    def stop(self, timeout_s=2.0):
        run, self._run = self._run, None
        if run is not None:
            run.stop(timeout_s)
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable

from .errors import Busy

logger = logging.getLogger(__name__)


LEAST_S = 0.1


class Pulse:
    """The heartbeat of one thread, the only one that beats. Any thread may look.

    A beat is one store. Whoever waits for something that may take any time rests until then.
    """

    __slots__ = ("beat_at_s",)

    def __init__(self) -> None:
        self.beat_at_s: float | None = time.monotonic()
        """None while it rests. What is done for each picture stores this itself."""

    def beat(self) -> None:
        """Something is being done, and ends soon, or is followed by another beat."""
        self.beat_at_s = time.monotonic()

    def rest(self) -> None:
        """There is nothing to do until the next beat."""
        self.beat_at_s = None

    @property
    def age_s(self) -> float | None:
        """Seconds since the last beat; None while it rests."""
        beat_at_s = self.beat_at_s
        return None if beat_at_s is None else time.monotonic() - beat_at_s


class Run:
    """One run of a thread, from its start to its end. Any thread may use it."""

    def __init__(
        self, name: str, body: Callable[[Run], object], wake: Callable[[], object]
    ) -> None:
        """Use `start_run`."""
        self.name = name
        self.stop_requested = threading.Event()
        """The body ends soon after this is set."""
        self.pulse = Pulse()
        """The body beats it."""
        self.failure: BaseException | None = None
        """The error that ended it; None if there was none."""
        self._body = body
        self._wake = wake
        self._thread = threading.Thread(target=self._live, name=name, daemon=True)
        self._thread.start()

    @property
    def is_stopping(self) -> bool:
        return self.stop_requested.is_set()

    @property
    def is_alive(self) -> bool:
        return self._thread.is_alive()

    @property
    def is_here(self) -> bool:
        """Whether its thread asks."""
        return self._thread is threading.current_thread()

    def request_stop(self) -> None:
        """Ask the body to end. Does not wait. Idempotent."""
        self.stop_requested.set()
        self._wake()

    def join(self, timeout_s: float) -> bool:
        """Wait for its end. Returns whether it has ended; at once if the thread itself asks."""
        if not self.is_here:
            self._thread.join(timeout_s)
        return not self._thread.is_alive()

    def stop(self, timeout_s: float) -> bool:
        """Ask it to end, and wait. Returns whether it has ended. Idempotent."""
        self.request_stop()
        has_ended = self.join(timeout_s)
        if not has_ended:
            logger.warning("%s did not end within %.1f s, and is left alone", self.name, timeout_s)
        return has_ended

    def _live(self) -> None:
        try:
            self._body(self)
        except BaseException as exc:  # the thread's safety net
            self.failure = exc
            logger.exception("%s has died", self.name)


class Deadline:
    """A time limit that several waits share."""

    def __init__(self, timeout_s: float) -> None:
        self._ends_at_s = time.monotonic() + timeout_s

    def left_s(self, limit_s: float) -> float:
        """Returns how long the next one may wait: `limit_s`, or less near the end, but always long
        enough for what is well."""
        return max(LEAST_S, min(limit_s, self._ends_at_s - time.monotonic()))


class OwningThread:
    """The one thread that something belongs to: the first one that calls `assert_here`, which fails
    in any other. Removed by `python -O`."""

    def __init__(self) -> None:
        self._thread: threading.Thread | None = None

    def assert_here(self) -> None:
        thread = threading.current_thread()
        if self._thread is None:
            self._thread = thread
        assert self._thread is thread, f"used in {thread.name}, but belongs to {self._thread.name}"


def start_run(
    name: str, body: Callable[[Run], object], *, wake: Callable[[], object] = lambda: None
) -> Run:
    """Start `body` in a daemon thread called `name`. The body gets its run, and must end soon after
    `stop_requested` is set; `wake` ends its wait, if it waits for something else.

    Raises Busy when no thread can be started.
    """
    try:
        return Run(name, body, wake)
    except RuntimeError as exc:  # the system's limit
        raise Busy(f"This machine can't start the thread {name}") from exc


def stop_all(*stops: Callable[[], object]) -> None:
    """Call each of `stops`, even if others fail; their errors are logged. SystemExit and
    KeyboardInterrupt are raised after all have been called."""
    exits: list[BaseException] = []
    for stop in stops:
        try:
            stop()
        except Exception:  # noqa: PERF203 (each for itself)
            logger.exception("a part could not be stopped; the others are")
        except BaseException as exc:
            exits.append(exc)
    if exits:
        raise exits[0]
