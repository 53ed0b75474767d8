"""Hands the camera's pictures to the viewers of all kinds, on the event loop."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Protocol

from .broadcaster import Broadcaster, Subscription
from .event_loop import EventLoopThread
from .histogram import DELAYS_S, Histogram
from .media.access_unit import AccessUnit

CAPACITY = 30
"""Access units that may wait for the event loop."""


class Viewers(Protocol):
    """All viewers of one kind. On the event loop."""

    def send(self, units: Sequence[AccessUnit], dropped_count: int) -> None:
        """Send `units`, oldest first. Before them, `dropped_count` units were dropped since the
        last call because the loop was delayed."""


class FanOut:
    """Takes each picture once for all viewers, while there are any. On the event loop;
    `fill_ratio` and `sending` from any thread.

    It keeps no pictures: what a new viewer begins with is the broadcaster's
    newest GOP, up to the last picture that was handed out.
    """

    def __init__(self, broadcaster: Broadcaster, event_loop: EventLoopThread) -> None:
        self._broadcaster = broadcaster
        self._event_loop = event_loop
        self._subscription: Subscription | None = None
        self._dropped_before = 0
        self._last_sequence = -1
        self._kinds: tuple[Viewers, ...] = ()
        self.sending = Histogram(DELAYS_S)
        """From the publication of a picture until it is sent to the last viewer. Of pictures that
        are sent together, the oldest one counts."""
        self._published_ns = self._measured_ns = 0

    @property
    def fill_ratio(self) -> float:
        """How full the queue from the camera is, 0 to 1."""
        subscription = self._subscription
        return 0.0 if subscription is None else subscription.fill_ratio

    @property
    def entry_point(self) -> AccessUnit | None:
        """The picture that a new viewer begins with; None without one."""
        return self._broadcaster.entry_point

    def join(self, viewers: Viewers) -> tuple[AccessUnit, ...]:
        """Add one viewer to `viewers`. Returns what the others have received from its entry point
        on; what follows is handed to `send`."""
        self._event_loop.assert_here()
        self._drain()  # viewers that fail here leave, perhaps the last one
        if self._subscription is None:
            self._dropped_before = 0
            self._last_sequence = -1
            self._subscription = self._broadcaster.subscribe(
                "viewers", CAPACITY, self._wake, is_urgent=True
            )
            self._drain()
        if viewers not in self._kinds:
            self._kinds = (*self._kinds, viewers)
        gop = self._broadcaster.gop
        return tuple(unit for unit in gop if unit.sequence <= self._last_sequence)

    def leave(self, viewers: Viewers) -> None:
        """The last of `viewers` has left. Idempotent."""
        self._event_loop.assert_here()
        self._kinds = tuple(other for other in self._kinds if other is not viewers)
        if not self._kinds and self._subscription is not None:
            self._broadcaster.unsubscribe(self._subscription)
            self._subscription = None

    def abandon(self) -> None:
        """Hand out nothing more. Any thread, where the loop is stuck."""
        subscription, self._subscription = self._subscription, None
        if subscription is not None:
            self._broadcaster.unsubscribe(subscription)

    def _wake(self) -> None:
        """A picture waits, and none before it. In the camera's thread."""
        self._published_ns = time.monotonic_ns()
        self._event_loop.call_soon(self._drain)

    def _drain(self) -> None:
        self._event_loop.assert_here()
        subscription = self._subscription
        if subscription is None:  # nobody watches any more
            return
        published_ns = self._published_ns  # read first: what is taken is not older
        units, dropped_count = subscription.take(), subscription.dropped_count
        dropped, self._dropped_before = dropped_count - self._dropped_before, dropped_count
        if units:
            self._last_sequence = units[-1].sequence
        if units or dropped:
            for viewers in self._kinds:
                self._send(viewers, units, dropped)
        if units and self._kinds and published_ns != self._measured_ns:
            self.sending.add(time.monotonic_ns() - published_ns)
        self._measured_ns = published_ns

    def _send(self, viewers: Viewers, units: Sequence[AccessUnit], dropped_count: int) -> None:
        try:
            viewers.send(units, dropped_count)
        except Exception as exc:  # one kind of viewers must not cost the other kind a picture
            said = "a picture could not be handed to viewers; the next one is"
            self._event_loop.errors.end("viewers", exc, said)
