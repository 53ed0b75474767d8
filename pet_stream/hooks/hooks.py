"""Looks at what is known, and tells of what has changed: signals first, then webhooks."""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import Busy
from ..lifecycle import Deadline, Run, start_run
from ..reason import Reason
from ..recording.status import RecordingStatus
from ..signals import ALL, has_receivers
from ..supervision.error_counts import ErrorCounts
from ..webhook import Webhook
from .changes import Change, Changes, Known, ended
from .event import Event

if TYPE_CHECKING:
    from .delivery import Delivery, DeliveryLimits
    from .outbox import Outbox

logger = logging.getLogger(__name__)

MAX_UNTOLD = 500
"""Events that may wait while a receiver of a signal takes its time. One more, and the oldest is
dropped."""
FAILING_S = 300.0
"""After this long without success, health says so."""


class Hooks:
    """Tells receivers of signals and webhooks what happens. Any thread may use it; `look` is called
    again and again, by a thread that must not wait.

    Its own thread begins when there is somebody to tell. `sender` returns the Flask app; None when
    that is gone. `known` returns what there is to look at.
    """

    def __init__(
        self,
        webhooks: Sequence[Webhook],
        queue: Path,
        known: Callable[[], Known],
        sender: Callable[[], object | None],
        name: str,
        errors: ErrorCounts,
        limits: DeliveryLimits | None = None,
    ) -> None:
        self._known = known
        self._sender = sender
        self._name = f"{name}-hooks"
        self._errors = errors
        self._outbox: Outbox | None = None
        self.deliveries: tuple[Delivery, ...] = ()
        if webhooks:
            from .delivery import Delivery  # lazy: most cameras have none, and SQLite takes 1 MB
            from .outbox import Outbox

            self._outbox = outbox = Outbox(queue)
            self.deliveries = tuple(
                Delivery(webhook, outbox, f"{self._name}-{number}", limits)
                for number, webhook in enumerate(webhooks, 1)
            )
        self._changes = Changes(time.monotonic())
        self._lock = threading.Lock()
        self._wakes = threading.Event()
        self._untold: deque[Event] = deque()
        self._finished: deque[RecordingStatus] = deque(maxlen=MAX_UNTOLD)
        self._untold_dropped = 0
        self._is_started = False
        self.run: Run | None = None

    @property
    def runs(self) -> list[Run]:
        """Its threads."""
        runs = (self.run, *(each.run for each in self.deliveries))
        return [run for run in runs if run is not None]

    @property
    def is_wanted(self) -> bool:
        """Whether there is anybody to tell."""
        return bool(self.deliveries) or has_receivers(self._sender())

    @property
    def waiting_count(self) -> int:
        return 0 if self._outbox is None else self._outbox.waiting_count

    @property
    def counts(self) -> dict[tuple[str, ...], float]:
        """By result."""
        all_counts = [each.counts for each in self.deliveries]
        dropped = sum(counts.dropped for counts in all_counts)
        given_way = 0 if self._outbox is None else self._outbox.dropped_count
        return {
            ("delivered",): sum(counts.delivered for counts in all_counts),
            ("failed",): sum(counts.failed for counts in all_counts),
            ("dropped",): dropped + self._untold_dropped + given_way,
        }

    @property
    def notices(self) -> tuple[Reason, ...]:
        """Which webhooks have not been taken for long."""
        now = time.time()
        return tuple(
            Reason("webhook_failing", f"{each.webhook.shown} does not take what it is told")
            for each in self.deliveries
            if each.failing_since is not None and now - each.failing_since > FAILING_S
        )

    def start(self) -> None:
        """Deliver what an earlier process has left. Raises Busy when no thread is to be had."""
        self._changes = Changes(time.monotonic())
        self._is_started = True
        if self._outbox is None:
            return
        self._outbox.forget_others({each.webhook.url for each in self.deliveries})
        for delivery in self.deliveries:
            delivery.start()

    def stop(self, timeout_s: float) -> None:
        """Tell what has happened until now, as far as there is time. Idempotent."""
        deadline = Deadline(timeout_s)
        with self._lock:
            self._is_started = False
            run, self.run = self.run, None
        if run is not None:
            run.stop(deadline.left_s(timeout_s))
        for delivery in self.deliveries:
            delivery.stop(deadline.left_s(timeout_s))
        if self._outbox is not None:
            self._outbox.close(deadline.left_s(timeout_s))

    def revive(self) -> None:
        """Start threads again that have died. Raises Busy."""
        self.look()
        for delivery in self.deliveries:
            delivery.wake()

    def look(self) -> None:
        """Something may have changed. Does not wait."""
        if not self.is_wanted:
            return
        with self._lock:
            if not self._is_started:
                return
            if self.run is None or not self.run.is_alive:
                try:
                    self.run = start_run(self._name, self._work, wake=self._wakes.set)
                except Busy as exc:
                    self._errors.note("hooks", exc)
        self._wakes.set()

    def tell(self, type: str, data: Mapping[str, Any]) -> None:
        """This has happened. Does not wait."""
        if self.is_wanted:
            self._keep([(type, data)])
            self.look()

    def recording_ended(self, status: RecordingStatus) -> None:
        """Does not wait."""
        if self.is_wanted:
            self._finished.append(status)
            self.look()

    def _work(self, run: Run) -> None:
        is_last = False
        while not is_last:
            run.pulse.rest()
            if not run.is_stopping:
                self._wakes.wait()
            if self._has_successor(run):
                return
            self._wakes.clear()
            is_last = run.is_stopping  # what has happened until then is told, too
            run.pulse.beat()
            with self._errors.ending("hooks", "what has happened is not told to everybody"):
                self._look()
                self._tell_all(run)

    def _has_successor(self, run: Run) -> bool:
        """Whether it did not end in time, and was left alone."""
        return self.run is not None and self.run is not run

    def _look(self) -> None:
        while self._finished:
            status = self._finished.popleft()
            self._keep([*self._changes.recording(status), ended(status)])
        self._keep(self._changes.look(self._known(), time.monotonic()))

    def _keep(self, changes: Iterable[Change]) -> None:
        for type, data in changes:
            if len(self._untold) >= MAX_UNTOLD:
                self._untold.popleft()
                self._untold_dropped += 1
            self._untold.append(Event(type, data, time.time()))

    def _tell_all(self, run: Run) -> None:
        while self._untold and not self._has_successor(run):
            run.pulse.beat()
            event = self._untold.popleft()
            self._send(event)
            self._signal(event)
        for delivery in self.deliveries:
            if delivery.is_owed_a_thread:
                delivery.wake()

    def _send(self, event: Event) -> None:
        wanting = [each for each in self.deliveries if event.type in each.webhook.events]
        if self._outbox is None or not wanting:
            return
        self._outbox.put(event, [each.webhook.url for each in wanting])
        for delivery in wanting:
            with self._errors.ending("hooks", "a webhook is told later what has happened"):
                delivery.wake()

    def _signal(self, event: Event) -> None:
        sender, signal = self._sender(), ALL[event.type]
        if sender is None:
            return
        for receiver in signal.receivers_for(sender):
            with self._errors.ending("hooks", f"a receiver of {event.type} has failed"):
                receiver(sender, event=event)
