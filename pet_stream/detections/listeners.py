"""Hands the detections, matched with their pictures, to everyone who listens."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable

from ..broadcaster import Broadcaster
from ..errors import MAX_FAILURES, Busy
from ..lifecycle import Run, start_run
from ..media.detections import Sighting
from ..supervision.error_counts import ErrorCounts
from .listener import MAX_WAITING, POLL_S, Listener, ListeningLimits, Patience
from .memory import SightingMemory
from .segment import DetectionsSegment, has_detector
from .updates import DetectionCounts, Matcher

AFTER_PAUSE_S = 2.0
"""For this long after a pause a record counts only if its picture was published: it may be about
one that nobody was to see."""
MEMORY_POLL_S = 0.2
"""Nobody notices anything of these looks, and boxes can be moved between what they see."""
FOR_FILE = Patience(poll_s=0.05, capacity=2000)
"""Rather more than a writer misses while its disk does not answer."""
_RETRY_S = 1.0
_END_TIMEOUT_S = 2.0


class Detections:
    """Reads the detector's segment behind `url`, in a thread of its own, while somebody listens.

    Any thread may listen. Of several records in a row without detections, only the first is passed
    on. All others are, even with the same boxes, since they are about a later picture. What fails
    of a listener's is noted in `errors`, and concerns nobody else.

    What was seen in the last `remember_s` is kept, for files that begin in the past. For these, and
    for listeners that are patient, it only reads while there is a detector: `look`, which is called
    again and again, finds out.
    """

    def __init__(
        self,
        url: str,
        broadcaster: Broadcaster,
        name: str,
        errors: ErrorCounts | None = None,
        *,
        remember_s: float = 0,
    ) -> None:
        self.counts = DetectionCounts()
        self.limits = ListeningLimits()
        self.run: Run | None = None
        """Its thread; None while it need not read."""
        self._url = url
        self._broadcaster = broadcaster
        self._name = name
        self._errors = errors or ErrorCounts()
        self._lock = threading.Lock()
        self._listeners: tuple[Listener, ...] = ()
        self._memory = SightingMemory(remember_s)
        self._is_there = False  # the detector, when it was last looked for
        self._reading = threading.Lock()  # held by the one thread that reads and counts

    @property
    def listener_count(self) -> int:
        """Those that ask; not those that are woken, nor files."""
        return sum(listener.asks for listener in self._listeners)

    def listen(
        self,
        at_end: Callable[[], object] = lambda: None,
        wake: Callable[[], object] | None = None,
    ) -> Listener:
        """Begin to listen. `at_end` is called when the listening ends, for whatever reason. Raises
        Busy when no thread can be started."""
        listener = Listener(self.leave, at_end, wake)
        with self._lock:
            self._add(listener)
        return listener

    def follow(self, since_ns: int) -> Listener:
        """Begin to listen for a file. What is remembered of its pictures from `since_ns` (capture
        time) on is in the queue. Raises Busy when no thread can be started."""
        is_there = has_detector(self._url)
        with self._lock:
            self._is_there = is_there
            past = self._memory.since(since_ns)
            listener = Listener(self.leave, patience=FOR_FILE, past=past)
            self._add(listener)
        return listener

    def keep(self, remember_s: float) -> None:
        """From now on remember what was seen in this many seconds."""
        with self._lock:
            self._memory.set_limit(remember_s)

    def leave(self, listener: Listener) -> None:
        """End this listening. The thread ends soon after the last one; nobody waits for it.
        Idempotent."""
        self._remove([listener])

    def look(self) -> None:
        """Find out whether there is a detector, if that matters. Raises Busy."""
        if self._memory.is_on or any(listener.is_patient for listener in self._listeners):
            is_there = has_detector(self._url)
            with self._lock:
                self._is_there = is_there
                self._begin_or_end()

    def stop(self, timeout_s: float = _END_TIMEOUT_S) -> None:
        """End everybody's listening, and the thread."""
        self._is_there = False
        run = self._remove(self._listeners)
        if run is not None:
            run.stop(timeout_s)

    def begin_anew(self) -> None:
        """Let another thread read for those who listen: this one is stuck, or has died. Raises
        Busy."""
        with self._lock:
            if self.run is not None:
                self.run.request_stop()
                self._reading = threading.Lock()  # the old one is never given back
                self.run = self._start()

    def _add(self, listener: Listener) -> None:
        before, self._listeners = self._listeners, (*self._listeners, listener)
        try:
            self._begin_or_end()
        except Busy:
            self._listeners = before
            raise

    def _begin_or_end(self) -> Run | None:
        """Have the thread run exactly while it is needed. Returns the one that is asked to stop.
        Call it with the lock held."""
        is_urgent = not all(listener.is_patient for listener in self._listeners)
        is_wanted = self._is_there and (self._memory.is_on or bool(self._listeners))
        run = self.run
        if is_urgent or is_wanted:
            self.run = run or self._start()
            return None
        self.run = None
        if run is not None:
            run.request_stop()
        return run

    def _start(self) -> Run:
        return start_run(f"{self._name}-detections", self._read)

    def _remove(self, listeners: Iterable[Listener]) -> Run | None:
        """Remove `listeners`. Returns the run, asked to stop, if nobody else needs it."""
        leaving = set(listeners)
        with self._lock:
            ended = [listener for listener in self._listeners if listener in leaving]
            self._listeners = tuple(other for other in self._listeners if other not in leaving)
            run = self._begin_or_end()
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
            poll_s = self._poll_s
            while not run.stop_requested.wait(poll_s):
                run.pulse.beat()
                matcher.times.add(subscription.take())
                was_attached = segment.is_attached
                record = segment.read_new()
                if run.is_stopping:  # another thread may have taken over meanwhile
                    return
                if self._broadcaster.is_paused:
                    paused_at_s = time.monotonic()
                    with self._lock:
                        self._memory.clear()
                    self._end_idle()
                    continue
                is_left_over = not was_attached or time.monotonic() - paused_at_s < AFTER_PAUSE_S
                self.counts.attachments = attachments + segment.attachments
                is_torn = self.counts.torn_reads < torn_reads + segment.torn_reads
                poll_s = POLL_S if is_torn else self._poll_s
                self.counts.torn_reads = torn_reads + segment.torn_reads
                self.counts.invalid = invalid + matcher.invalid_count + segment.invalid_records
                for sighting in matcher.look(record, is_left_over=is_left_over):
                    self._tell(sighting)
                self._end_idle()
        finally:
            self._broadcaster.unsubscribe(subscription)
            segment.close()

    @property
    def _poll_s(self) -> float:
        return min((listener.poll_s for listener in self._listeners), default=MEMORY_POLL_S)

    def _tell(self, sighting: Sighting) -> None:
        with self._lock:  # a file gets each once: remembered, or now
            self._memory.add(sighting)
            listeners = self._listeners
        for listener in listeners:
            try:
                listener.put(sighting)
            except Exception as exc:  # noqa: PERF203 (each for itself)
                self._errors.end(
                    "listener", exc, "a listener of the detections failed; it is called again"
                )

    def _end_idle(self) -> None:
        for listener in self._listeners:
            listener.idle_looks += listener.asks
        limit = self.limits.max_idle_looks
        if idle := [one for one in self._listeners if one.idle_looks > limit]:
            self._remove(idle)
