"""Hands every access unit to everyone who subscribed, without waiting for any of them."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable

from .media.access_unit import AccessUnit
from .media.gop_memory import GopMemory


class Subscription:
    """A bounded queue between the camera's thread and one consumer.

    It begins with `gop`, the units since the last IDR (or an earlier one). A full queue drops what
    comes, up to the next IDR, so that what the consumer takes out can always be decoded: full is
    `capacity` units, or `max_bytes`, or `max_seconds` from the oldest to the newest. `on_ready` is
    called, in the camera's thread, when the empty queue gets something; it must only wake the
    consumer up.
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
        self._limit = capacity + len(gop)  # until the first take(): the GOP comes on top
        self._awaits_idr = not gop
        self._oldest_ns: int | None = None  # of what was put since the last take()
        self._newest_ns = 0
        self._size_bytes = 0

    def put(self, unit: AccessUnit) -> None:
        """Offer `unit`; never blocks. Called by the broadcaster only."""
        with self._lock:
            if self._awaits_idr and not unit.is_idr:
                if self.delivered_count:  # before the first IDR there was nothing to lose
                    self.dropped_count += 1
                return
            if len(self._queue) >= self._limit or self._outgrows(unit):
                self._awaits_idr = True
                self.dropped_count += 1
                return
            self._awaits_idr = False
            was_empty = not self._queue
            self._queue.append(unit)
            self._account(unit)
            self.delivered_count += 1
        if was_empty:
            self._on_ready()

    def take(self) -> list[AccessUnit]:
        """Everything queued, oldest first; empty when there is nothing. Never blocks."""
        with self._lock:
            units = list(self._queue)
            self._queue.clear()
            self._limit = self.capacity
            self._oldest_ns = None
            self._size_bytes = 0
        return units

    @property
    def fill_ratio(self) -> float:
        """How full the queue is, 0 to 1."""
        ratios = [len(self._queue) / self.capacity]
        oldest_ns = self._oldest_ns
        if self.max_bytes is not None:
            ratios.append(self._size_bytes / self.max_bytes)
        if self.max_seconds is not None and oldest_ns is not None:
            ratios.append((self._newest_ns - oldest_ns) / 1e9 / self.max_seconds)
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
        self._newest_ns = unit.capture_ns


class Broadcaster:
    """Publishes access units to subscriptions. `publish` belongs to the camera's thread; everyone
    may subscribe and unsubscribe.

    `memory` holds the last pictures, for those who join and those who want to begin in the past.
    """

    def __init__(
        self,
        on_audience_change: Callable[[], object] = lambda: None,
        *,
        memory: GopMemory | None = None,
    ) -> None:
        self._on_audience_change = on_audience_change
        self._lock = threading.Lock()
        self._subscriptions: tuple[Subscription, ...] = ()
        self._memory = GopMemory() if memory is None else memory

    def publish(self, unit: AccessUnit) -> None:
        with self._lock:
            self._memory.append(unit)
            subscriptions = self._subscriptions
        for subscription in subscriptions:
            subscription.put(unit)

    def forget(self) -> None:
        """The camera has stopped: who joins now begins with its next IDR, not with an old one.

        What was shown until then is kept, for `since`.
        """
        with self._lock:
            self._memory.hide_gop()

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
        """Join at the cached IDR: the queue holds the current GOP when this returns, so take()
        once without waiting for `on_ready`. With `since_ns`, a capture time, it holds what was
        shown from then on, as far as it is kept.

        `is_urgent`: someone watches and every millisecond of latency counts; without an urgent
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
            self._subscriptions = (*self._subscriptions, subscription)
        self._on_audience_change()
        return subscription

    def unsubscribe(self, subscription: Subscription) -> None:
        with self._lock:
            self._subscriptions = tuple(
                other for other in self._subscriptions if other is not subscription
            )
        self._on_audience_change()

    @property
    def has_urgent_subscriber(self) -> bool:
        return any(subscription.is_urgent for subscription in self._subscriptions)

    def since(self, start_ns: int) -> tuple[AccessUnit, ...]:
        """What was shown from `start_ns` (capture time) on, from the IDR before it, as far as it is
        kept."""
        with self._lock:
            return self._memory.since(start_ns)

    @property
    def replay_bytes(self) -> int:
        return self._memory.size_bytes

    @property
    def has_gop(self) -> bool:
        """Whether `gop` holds anything."""
        return self._memory.has_gop

    @property
    def gop(self) -> tuple[AccessUnit, ...]:
        """The current GOP, from its IDR to the newest picture; empty when the camera has stopped,
        and when it is too long."""
        with self._lock:
            return self._memory.gop
