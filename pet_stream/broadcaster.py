"""Hands every access unit to all subscribers, without waiting for any of them."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import replace

from .lifecycle import Pulse, Run
from .media.access_unit import AccessUnit
from .media.gop_memory import GopMemory
from .pause.pause import Pause
from .supervision.error_counts import ErrorCounts


class Subscription:
    """A bounded queue between the camera's thread and one consumer.

    It begins with `gop`, the units since the last entry point (or an earlier one). The queue is
    full at `capacity` units, at `max_bytes`, or at `max_seconds` from the oldest to the newest
    unit. A full queue drops new units up to the next entry point, so that the consumer can always
    decode what it takes. `on_ready` is called in the camera's thread when the empty queue gets a
    unit; it must only wake the consumer. If it fails, it is called again with the next unit.
    """

    def __init__(
        self,
        name: str,
        capacity: int,
        on_ready: Callable[[], object],
        *,
        gop: tuple[AccessUnit, ...] = (),
        is_urgent: bool = False,
        max_bytes: int | None = None,
        max_seconds: float | None = None,
    ) -> None:
        self.name = name
        self.capacity = capacity
        self.max_bytes = max_bytes
        self.max_seconds = max_seconds
        self.is_urgent = is_urgent
        self.delivered_count = len(gop)
        self.dropped_count = 0
        self._on_ready = on_ready
        self._lock = threading.Lock()
        self._queue = deque(gop)
        self._limit = capacity + len(gop)  # until the first take(): the GOP is extra
        self._awaits_entry = not gop
        self._is_woken = bool(gop)
        """Whether the consumer has been told of what is in the queue."""
        self._oldest_ns: int | None = None  # of the units put since the last take()
        self.newest_ns: int | None = None
        """Capture time of the newest unit put; None before the first one."""
        self._size_bytes = 0

    def put(self, unit: AccessUnit) -> None:
        """Offer `unit`; never blocks. Called by the broadcaster only."""
        with self._lock:
            if self._awaits_entry and not unit.is_entry_point:
                if self.delivered_count:  # before the first one there was nothing to lose
                    self.dropped_count += 1
                return
            if len(self._queue) >= self._limit or self._outgrows(unit):
                self._awaits_entry = True
                self.dropped_count += 1
                return
            self._awaits_entry = False
            was_woken, self._is_woken = self._is_woken, True
            self._queue.append(unit)
            self._account(unit)
            self.delivered_count += 1
        if not was_woken:
            try:
                self._on_ready()
            except BaseException:
                self._is_woken = False
                raise

    def take(self) -> list[AccessUnit]:
        """Returns everything queued, oldest first; an empty list if nothing is. Never blocks."""
        with self._lock:
            units = list(self._queue)
            self._queue.clear()
            self._is_woken = False
            self._limit = self.capacity
            self._oldest_ns = None
            self._size_bytes = 0
        return units

    @property
    def fill_ratio(self) -> float:
        """How full the queue is, 0 to 1."""
        ratios = [len(self._queue) / self.capacity]
        oldest_ns, newest_ns = self._oldest_ns, self.newest_ns
        if self.max_bytes is not None:
            ratios.append(self._size_bytes / self.max_bytes)
        if self.max_seconds is not None and oldest_ns is not None and newest_ns is not None:
            ratios.append((newest_ns - oldest_ns) / 1e9 / self.max_seconds)
        return min(1.0, max(ratios))

    def _outgrows(self, unit: AccessUnit) -> bool:
        if self.max_bytes is not None and self._size_bytes + unit.size_bytes > self.max_bytes:
            return True
        if self.max_seconds is None or self._oldest_ns is None:
            return False
        return unit.capture_ns - self._oldest_ns > self.max_seconds * 1e9

    def _account(self, unit: AccessUnit) -> None:
        if self.max_bytes is not None:
            self._size_bytes += unit.size_bytes
        if self._oldest_ns is None:
            self._oldest_ns = unit.capture_ns
        self.newest_ns = unit.capture_ns


class Broadcaster:
    """Publishes access units to subscriptions. `publish` belongs to the camera's thread; any thread
    may subscribe and unsubscribe.

    `memory` holds the last pictures, for new viewers and for files that begin in the past. While
    `pause` is on, nothing is published or kept; after that everything begins with an entry point
    that was taken after it, however late the camera is read. What fails of a consumer's is noted
    in `errors`, and concerns nobody else.
    """

    def __init__(
        self,
        on_audience_change: Callable[[], object] = lambda: None,
        *,
        memory: GopMemory | None = None,
        pause: Pause | None = None,
        errors: ErrorCounts | None = None,
    ) -> None:
        self.subscriptions: tuple[Subscription, ...] = ()
        """Never changed, but replaced: any thread may look."""
        self.has_urgent_subscriber = False
        self.pulse = Pulse()
        """Beats while a picture is handed to all; rests in between."""
        self.pulse.rest()
        self._on_audience_change = on_audience_change
        self._lock = threading.Lock()
        self._memory = GopMemory() if memory is None else memory
        self._pause = Pause() if pause is None else pause
        self._errors = errors or ErrorCounts()
        self._has_gap = False
        self._retired: tuple[Run, ...] = ()

    def retire(self, run: Run) -> None:
        """Another thread publishes from now on: ignore that of `run`, which was stuck in the middle
        of a picture, or will be."""
        with self._lock:
            self._retired = (*(other for other in self._retired if other.is_alive), run)

    def publish(self, unit: AccessUnit) -> None:
        self.pulse.beat_at_s = time.monotonic()
        try:
            with self._lock:
                if self._retired and self._is_retired():
                    return
                if self._pause.is_on:
                    self._forget_all(unit.capture_ns)
                    return
                if self._has_gap:
                    if not unit.is_entry_point or unit.capture_ns < self._pause.ended_ns:
                        return
                    self._has_gap = False
                    unit = replace(unit, is_discontinuity=True)
                self._memory.append(unit)
                subscriptions = self.subscriptions
            for subscription in subscriptions:
                if self._retired and self._is_retired():  # it was stuck in a subscriber's callback
                    return
                try:
                    subscription.put(unit)
                except Exception as exc:
                    said = f"the subscriber {subscription.name!r} failed; it is called again"
                    self._errors.end("subscriber", exc, said)
        finally:
            self.pulse.beat_at_s = None

    def _is_retired(self) -> bool:
        """Whether this is a thread whose pictures are ignored."""
        return any(run.is_here for run in self._retired)

    def forget(self) -> None:
        """The camera has stopped: let new viewers begin with its next entry point, not an old one.

        The pictures so far are kept, for `since`.
        """
        with self._lock:
            if not self._is_retired():
                self._memory.hide_gop()

    def forget_all(self) -> None:
        """A pause has begun: keep no picture, and go on at an entry point."""
        with self._lock:
            self._forget_all()

    def _forget_all(self, newest_ns: int | None = None) -> None:
        self._memory.clear(newest_ns)
        self._has_gap = True

    def subscribe(
        self,
        name: str,
        capacity: int,
        on_ready: Callable[[], object],
        *,
        is_urgent: bool = False,
        since_ns: int | None = None,
        max_bytes: int | None = None,
        max_seconds: float | None = None,
    ) -> Subscription:
        """Subscribe, beginning with the current GOP. It is in the queue when this returns, so call
        take() once without waiting for `on_ready`. With `since_ns`, a capture time, the queue holds
        the pictures from then on, as far as they are kept.

        `is_urgent`: someone watches, so every millisecond of latency counts. Without an urgent
        subscriber the camera is read in larger steps.
        """
        with self._lock:
            past = () if since_ns is None else self._memory.since(since_ns)
            subscription = Subscription(
                name,
                capacity,
                on_ready,
                gop=past or self._memory.gop,
                is_urgent=is_urgent,
                max_bytes=max_bytes,
                max_seconds=max_seconds,
            )
            self._hand_to(*self.subscriptions, subscription)
        self._tell_of_audience()
        return subscription

    def unsubscribe(self, subscription: Subscription) -> None:
        with self._lock:
            self._hand_to(*(other for other in self.subscriptions if other is not subscription))
        self._tell_of_audience()

    def _tell_of_audience(self) -> None:
        # whoever subscribes must get the subscription, or it would stay
        with self._errors.ending("subscriber", "a change of the audience could not be told"):
            self._on_audience_change()

    def _hand_to(self, *subscriptions: Subscription) -> None:
        self.subscriptions = subscriptions
        self.has_urgent_subscriber = any(subscription.is_urgent for subscription in subscriptions)

    def since(self, start_ns: int) -> tuple[AccessUnit, ...]:
        """Returns the pictures from `start_ns` (capture time) on, beginning at the entry point
        before it, as far as they are kept."""
        with self._lock:
            return self._memory.since(start_ns)

    def keep(self, max_seconds: float, max_bytes: int) -> None:
        """Keep this much from the next picture on, as `GopMemory` does."""
        with self._lock:
            self._memory.set_limits(max_seconds, max_bytes)

    @property
    def is_paused(self) -> bool:
        return self._pause.is_on

    @property
    def replay_bytes(self) -> int:
        return self._memory.size_bytes

    @property
    def has_gop(self) -> bool:
        """Whether `gop` holds a picture."""
        return self._memory.has_gop

    @property
    def clean_start_ns(self) -> int | None:
        """Capture time of the newest picture that browsers can begin with; without one, of the
        first picture."""
        return self._memory.clean_start_ns

    @property
    def entry_point(self) -> AccessUnit | None:
        """The first picture of `gop`."""
        with self._lock:
            return self._memory.entry_point

    @property
    def gop(self) -> tuple[AccessUnit, ...]:
        """What a new viewer begins with, up to the newest picture; empty when the camera has
        stopped, and when the GOP is too long."""
        with self._lock:
            return self._memory.gop
