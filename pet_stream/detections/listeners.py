"""Hands the detections, matched with their pictures, to everyone who listens."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from ..broadcaster import Broadcaster
from ..errors import MAX_FAILURES
from ..lifecycle import Run, start_run
from ..mailbox import Mailbox
from ..supervision.error_counts import ErrorCounts
from .segment import DetectionsSegment
from .updates import PATIENCE_S, DetectionCounts, Matcher, Sighting

POLL_S = 0.01
AFTER_PAUSE_S = 2.0
"""For this long after a pause a record counts only if its picture was published: it may be about
one that nobody was to see."""
MAX_WAITING = 32
_RETRY_S = 1.0
_END_TIMEOUT_S = 2.0


@dataclass(frozen=True, slots=True)
class ListeningLimits:
    patience_s: float = PATIENCE_S
    """See `updates`."""
    look_s: float = 0.5
    """A listener that asks waits this long for a sighting before it looks whether it is over."""
    keep_alive_s: float = 5.0
    """Without a sighting for this many seconds a client is sent a sign of life, which fails if it
    has gone."""
    max_idle_looks: int = 1000
    """A listener that does not ask for this many polls is removed. Polls are counted, not seconds,
    because nobody can ask while the process stands still."""


class Listener(Mailbox[Sighting]):
    """A bounded queue of sightings; when it is full, the oldest one is dropped. Any thread.

    A listener asks again and again, or is woken: `wake` is called by the detections thread, after
    each sighting.
    """

    def __init__(self, at_end: Callable[[], object], wake: Callable[[], object] | None) -> None:
        super().__init__(MAX_WAITING)
        self.at_end = at_end
        self.wake = wake
        self.idle_looks = 0

    def put(self, item: Sighting) -> bool:
        had_room = super().put(item)
        if self.wake is not None:
            self.wake()
        return had_room

    def take(self, timeout_s: float) -> Sighting | None:
        """Returns the next sighting; None when the time is up or the listener is closed. A listener
        that neither asks nor is woken is removed."""
        self.idle_looks = 0
        return super().take(timeout_s)


class Detections:
    """Reads the detector's segment behind `url` in a thread of its own while somebody listens.

    Any thread may listen. Of several records in a row without detections, only the first is passed
    on. All others are, even with the same boxes, since they are about a later picture. What fails
    of a listener's is noted in `errors`, and concerns nobody else.
    """

    def __init__(
        self, url: str, broadcaster: Broadcaster, name: str, errors: ErrorCounts | None = None
    ) -> None:
        self.counts = DetectionCounts()
        self.limits = ListeningLimits()
        self._url = url
        self._broadcaster = broadcaster
        self._name = name
        self._errors = errors or ErrorCounts()
        self._lock = threading.Lock()
        self._listeners: tuple[Listener, ...] = ()
        self._run: Run | None = None
        """The newest run, whether it has ended or not."""
        self._reading = threading.Lock()  # held by the one thread that reads and counts

    @property
    def run(self) -> Run | None:
        """Its thread; None while nobody listens."""
        return self._run if self._listeners else None

    @property
    def listener_count(self) -> int:
        """Those that ask; not those that are woken."""
        return sum(listener.wake is None for listener in self._listeners)

    def listen(
        self,
        at_end: Callable[[], object] = lambda: None,
        wake: Callable[[], object] | None = None,
    ) -> Listener:
        """Begin to listen. `at_end` is called when the listening ends, for whatever reason. Raises
        Busy when no thread can be started."""
        listener = Listener(at_end, wake)
        with self._lock:
            if not self._listeners:
                self._run = start_run(f"{self._name}-detections", self._read)
            self._listeners = (*self._listeners, listener)
        return listener

    def leave(self, listener: Listener) -> None:
        """End this listening. The thread ends soon after the last one; nobody waits for it.
        Idempotent."""
        self._remove([listener])

    def stop(self, timeout_s: float = _END_TIMEOUT_S) -> None:
        """End everybody's listening, and the thread."""
        run = self._remove(self._listeners)
        if run is not None:
            run.stop(timeout_s)

    def begin_anew(self) -> None:
        """Let another thread read for those who listen: this one is stuck, or has died. Raises
        Busy."""
        with self._lock:
            if self._listeners and self._run is not None:
                self._run.request_stop()
                self._reading = threading.Lock()  # the old one is never given back
                self._run = start_run(f"{self._name}-detections", self._read)

    def _remove(self, listeners: Iterable[Listener]) -> Run | None:
        """Remove `listeners`. Returns the run, asked to stop, if nobody else is left."""
        leaving = set(listeners)
        with self._lock:
            ended = [listener for listener in self._listeners if listener in leaving]
            self._listeners = tuple(other for other in self._listeners if other not in leaving)
            run = None if self._listeners else self._run
            if run is not None:
                run.request_stop()
        for listener in ended:
            listener.close()
            with self._errors.ending(
                "listener", "a listener of the detections could not be told its end"
            ):
                listener.at_end()
        return run

    def _read(self, run: Run) -> None:
        failure_count = 0
        with self._reading:
            while not run.is_stopping:
                run.pulse.beat()
                try:
                    self._watch(run)
                except Exception as exc:
                    failure_count += 1
                    if failure_count >= MAX_FAILURES:
                        raise  # whoever watches the thread starts another one
                    self._errors.end(
                        "detections", exc, "reading the detections failed, and is tried again"
                    )
                    run.stop_requested.wait(_RETRY_S)

    def _watch(self, run: Run) -> None:
        segment = DetectionsSegment(self._url, run.stop_requested.wait)
        subscription = self._broadcaster.subscribe("detections", MAX_WAITING, lambda: None)
        matcher = Matcher(self.counts, self.limits.patience_s)
        invalid = self.counts.invalid
        torn_reads = self.counts.torn_reads
        attachments = self.counts.attachments
        paused_at_s = float("-inf")
        try:
            while not run.stop_requested.wait(POLL_S):
                run.pulse.beat()
                matcher.times.add(subscription.take())
                was_attached = segment.is_attached
                record = segment.read_new()
                if run.is_stopping:  # another thread may have taken over meanwhile
                    return
                if self._broadcaster.is_paused:
                    paused_at_s = time.monotonic()
                    self._end_idle()
                    continue
                is_left_over = not was_attached or time.monotonic() - paused_at_s < AFTER_PAUSE_S
                self.counts.attachments = attachments + segment.attachments
                self.counts.torn_reads = torn_reads + segment.torn_reads
                self.counts.invalid = invalid + matcher.invalid_count + segment.invalid_records
                for sighting in matcher.look(record, is_left_over=is_left_over):
                    self._tell(sighting)
                self._end_idle()
        finally:
            self._broadcaster.unsubscribe(subscription)
            segment.close()

    def _tell(self, sighting: Sighting) -> None:
        for listener in self._listeners:
            try:
                listener.put(sighting)
            except Exception as exc:  # noqa: PERF203 (each for itself)
                self._errors.end(
                    "listener", exc, "a listener of the detections failed; it is called again"
                )

    def _end_idle(self) -> None:
        for listener in self._listeners:
            listener.idle_looks += listener.wake is None
        limit = self.limits.max_idle_looks
        if idle := [one for one in self._listeners if one.idle_looks > limit]:
            self._remove(idle)
