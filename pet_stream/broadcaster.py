"""Hands every access unit to everyone who subscribed, without waiting for any of them."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable

from .media.access_unit import AccessUnit
from .media.gop import GopCache


class Subscription:
    """A bounded queue between the camera's thread and one consumer.

    It begins with `gop`, the units since the last IDR. A full queue drops what comes, up to the
    next IDR, so that what the consumer takes out can always be decoded. `on_ready` is called, in
    the camera's thread, when the empty queue gets something; it must only wake the consumer up.
    """

    def __init__(
        self,
        name: str,
        capacity: int,
        on_ready: Callable[[], object],
        *,
        gop: tuple[AccessUnit, ...] = (),
        is_urgent: bool = False,
    ) -> None:
        self.name = name
        self.capacity = capacity
        self.is_urgent = is_urgent
        self.delivered_count = len(gop)
        self.dropped_count = 0
        self._on_ready = on_ready
        self._lock = threading.Lock()
        self._queue = deque(gop)
        self._limit = capacity + len(gop)  # until the first take(): the GOP comes on top
        self._awaits_idr = not gop

    def put(self, unit: AccessUnit) -> None:
        """Offer `unit`; never blocks. Called by the broadcaster only."""
        with self._lock:
            if self._awaits_idr and not unit.is_idr:
                if self.delivered_count:  # before the first IDR there was nothing to lose
                    self.dropped_count += 1
                return
            if len(self._queue) >= self._limit:
                self._awaits_idr = True
                self.dropped_count += 1
                return
            self._awaits_idr = False
            was_empty = not self._queue
            self._queue.append(unit)
            self.delivered_count += 1
        if was_empty:
            self._on_ready()

    def take(self) -> list[AccessUnit]:
        """Everything queued, oldest first; empty when there is nothing. Never blocks."""
        with self._lock:
            units = list(self._queue)
            self._queue.clear()
            self._limit = self.capacity
        return units

    @property
    def fill_ratio(self) -> float:
        """How full the queue is, 0 to 1."""
        return min(1.0, len(self._queue) / self.capacity)


class Broadcaster:
    """Publishes access units to subscriptions. `publish` belongs to the camera's thread; everyone
    may subscribe and unsubscribe."""

    def __init__(self, on_audience_change: Callable[[], object] = lambda: None) -> None:
        self._on_audience_change = on_audience_change
        self._lock = threading.Lock()
        self._subscriptions: tuple[Subscription, ...] = ()
        self._gop = GopCache()

    def publish(self, unit: AccessUnit) -> None:
        with self._lock:
            self._gop.append(unit)
            subscriptions = self._subscriptions
        for subscription in subscriptions:
            subscription.put(unit)

    def forget(self) -> None:
        """The camera has stopped: who joins now begins with its next IDR, not with an old one."""
        with self._lock:
            self._gop.clear()

    def subscribe(
        self,
        name: str,
        capacity: int,
        on_ready: Callable[[], object],
        *,
        is_urgent: bool = False,
    ) -> Subscription:
        """Join at the cached IDR: the queue holds the current GOP when this returns, so take()
        once without waiting for `on_ready`.

        `is_urgent`: someone watches and every millisecond of latency counts; without an urgent
        subscriber the camera is read in larger steps.
        """
        with self._lock:
            subscription = Subscription(
                name, capacity, on_ready, gop=self._gop.units, is_urgent=is_urgent
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

    @property
    def gop(self) -> tuple[AccessUnit, ...]:
        """The current GOP, from its IDR to the newest picture."""
        with self._lock:
            return self._gop.units
