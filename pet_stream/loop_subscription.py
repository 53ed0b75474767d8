"""The camera's pictures on the event loop, while somebody there wants them."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from .broadcaster import Broadcaster, Subscription
from .event_loop import EventLoopThread
from .media.access_unit import AccessUnit

CAPACITY = 30
"""Access units that may wait for the event loop."""


class LoopSubscription:
    """An urgent subscription that is drained on the event loop. Used there; `fill_ratio` from any
    thread.

    `on_units` gets the new access units, oldest first, and how many were dropped before them since
    the last call: the loop was held up.
    """

    def __init__(
        self,
        broadcaster: Broadcaster,
        event_loop: EventLoopThread,
        name: str,
        on_units: Callable[[Sequence[AccessUnit], int], object],
    ) -> None:
        self._broadcaster = broadcaster
        self._event_loop = event_loop
        self._name = name
        self._on_units = on_units
        self._subscription: Subscription | None = None
        self._dropped_before = 0

    @property
    def fill_ratio(self) -> float:
        """How full the queue from the camera is, 0 to 1."""
        subscription = self._subscription
        return 0.0 if subscription is None else subscription.fill_ratio

    @property
    def has_gop(self) -> bool:
        """Whether the camera's last IDR is live: a camera that has stopped has none."""
        return bool(self._broadcaster.gop)

    def open(self) -> None:
        """Subscribe, if that is not done, and hand out what is there."""
        self._event_loop.assert_here()
        if self._subscription is None:
            self._subscription = self._broadcaster.subscribe(
                self._name, CAPACITY, self._wake, is_urgent=True
            )
            self._dropped_before = 0
        self._drain()

    def close(self) -> None:
        """Idempotent."""
        self._event_loop.assert_here()
        subscription, self._subscription = self._subscription, None
        if subscription is not None:
            self._broadcaster.unsubscribe(subscription)

    def _wake(self) -> None:
        self._event_loop.call_soon(self._drain)

    def _drain(self) -> None:
        subscription = self._subscription
        if subscription is None:  # closed meanwhile
            return
        units, dropped_count = subscription.take(), subscription.dropped_count
        dropped, self._dropped_before = dropped_count - self._dropped_before, dropped_count
        self._on_units(units, dropped)
