"""The detections, matched with the pictures they are about, for those who listen."""

from __future__ import annotations

import logging
import threading
from collections import deque

from ..broadcaster import Broadcaster
from .detections_segment import DetectionsSegment
from .sightings import DetectionCounts, Matcher, Sighting

logger = logging.getLogger(__name__)

POLL_S = 0.01
MAX_WAITING = 32
_RETRY_S = 1.0


class Listener:
    """A bounded queue of sightings; the oldest one is dropped. Any thread."""

    def __init__(self) -> None:
        self._arrived = threading.Condition()
        self._waiting: deque[Sighting] = deque(maxlen=MAX_WAITING)
        self._is_closed = False

    def put(self, sighting: Sighting) -> None:
        with self._arrived:
            self._waiting.append(sighting)
            self._arrived.notify()

    def take(self, timeout_s: float) -> Sighting | None:
        """The next one; None when the time is up or it is closed."""
        with self._arrived:
            self._arrived.wait_for(lambda: self._waiting or self._is_closed, timeout_s)
            return self._waiting.popleft() if self._waiting else None

    def close(self) -> None:
        with self._arrived:
            self._is_closed = True
            self._arrived.notify()

    def __len__(self) -> int:
        return len(self._waiting)

    @property
    def is_closed(self) -> bool:
        return self._is_closed


class Detections:
    """Reads the detector's segment behind `url` in a thread of its own while somebody listens.

    Any thread may listen. A record without detections is passed on once; what else comes is news,
    even the same boxes, since they are about a later picture.
    """

    def __init__(self, url: str, broadcaster: Broadcaster, name: str) -> None:
        self.counts = DetectionCounts()
        self._url = url
        self._broadcaster = broadcaster
        self._name = name
        self._lock = threading.Lock()
        self._listeners: tuple[Listener, ...] = ()
        self._thread: threading.Thread | None = None
        self._stop_requested = threading.Event()

    @property
    def listener_count(self) -> int:
        return len(self._listeners)

    def listen(self) -> Listener:
        listener = Listener()
        with self._lock:
            self._listeners = (*self._listeners, listener)
            if self._thread is None:
                self._stop_requested = threading.Event()
                self._thread = threading.Thread(
                    target=self._run,
                    args=(self._stop_requested,),
                    name=f"{self._name}-detections",
                    daemon=True,
                )
                self._thread.start()
        return listener

    def leave(self, listener: Listener) -> None:
        """Idempotent. The thread ends with the last one."""
        with self._lock:
            self._listeners = tuple(other for other in self._listeners if other is not listener)
            if self._listeners:
                return
            self._stop_requested.set()
            self._thread = None

    def stop(self, timeout_s: float = 2.0) -> None:
        """End everybody's listening."""
        with self._lock:
            listeners, self._listeners = self._listeners, ()
            self._stop_requested.set()
            thread, self._thread = self._thread, None
        for listener in listeners:
            listener.close()
        if thread is not None:
            thread.join(timeout_s)

    def _run(self, stop_requested: threading.Event) -> None:
        while not stop_requested.is_set():
            self._watch_safely(stop_requested)

    def _watch_safely(self, stop_requested: threading.Event) -> None:
        try:
            self._watch(stop_requested)
        except Exception:
            logger.exception("reading the detections failed")
            stop_requested.wait(_RETRY_S)

    def _watch(self, stop_requested: threading.Event) -> None:
        segment = DetectionsSegment(self._url, stop_requested.wait)
        subscription = self._broadcaster.subscribe("detections", MAX_WAITING, lambda: None)
        matcher = Matcher(self.counts)
        invalid = self.counts.invalid
        torn_reads = self.counts.torn_reads
        attachments = self.counts.attachments
        try:
            while not stop_requested.wait(POLL_S):
                matcher.times.add(subscription.take())
                was_attached = segment.is_attached
                record = segment.read_new()
                self.counts.attachments = attachments + segment.attachments
                self.counts.torn_reads = torn_reads + segment.torn_reads
                self.counts.invalid = invalid + matcher.invalid_count + segment.invalid_records
                for sighting in matcher.look(record, is_left_over=not was_attached):
                    for listener in self._listeners:
                        listener.put(sighting)
        finally:
            self._broadcaster.unsubscribe(subscription)
            segment.close()
