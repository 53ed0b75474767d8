"""Sends what waits for one URL: in order, again and again until it is taken."""

from __future__ import annotations

import logging
import random
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..lifecycle import Run, start_run
from ..outgoing.exchange import Exchange
from ..version import __version__
from ..webhook import Webhook

if TYPE_CHECKING:
    from .outbox import Letter, Outbox

logger = logging.getLogger(__name__)

_TRY_LATER = frozenset({408, 425, 429})
"""Statuses of the 4xx that say nothing against what was sent."""


@dataclass(frozen=True, slots=True)
class DeliveryLimits:
    request_s: float = 10.0
    first_retry_s: float = 1.0
    """Doubled after each failure, half of it random, …"""
    last_retry_s: float = 300.0
    """… up to this."""
    good_for_s: float = 24 * 3600.0
    """An event that could not be delivered for this long is dropped."""
    refusals: int = 10
    """And one that was refused (4xx) this many times, which takes minutes: a receiver that begins
    anew, or a clock here that is not right yet, has passed by then. Those behind it may be
    taken."""


@dataclass(slots=True)
class DeliveryCounts:
    delivered: int = 0
    failed: int = 0
    """Tries."""
    dropped: int = 0


class Delivery:
    """Sends the letters of one webhook, in a thread that exists while there are any. Any thread may
    call `wake`."""

    def __init__(
        self,
        webhook: Webhook,
        outbox: Outbox,
        name: str,
        limits: DeliveryLimits | None = None,
        now: Callable[[], float] = time.time,
    ) -> None:
        self.webhook = webhook
        self.counts = DeliveryCounts()
        self.failing_since: float | None = None
        """Epoch seconds; None if the last try went well."""
        self._outbox = outbox
        self._name = name
        self._limits = limits or DeliveryLimits()
        self._now = now
        self._lock = threading.Lock()
        self._is_wanted = self._is_started = False
        self._began_s = 0.0
        self.run: Run | None = None

    def wake(self) -> None:
        """There is a letter, or may be. Raises Busy when no thread is to be had."""
        with self._lock:
            self._is_wanted = True
            if self._is_started and (self.run is None or not self.run.is_alive):
                exchange = Exchange(limit_s=self._limits.request_s)
                self.run = start_run(
                    self._name, lambda run: self._work(run, exchange), wake=exchange.cancel
                )

    @property
    def is_owed_a_thread(self) -> bool:
        """Whether none was to be had at the last `wake`."""
        return self.run is None and self._is_wanted and self._is_started

    def start(self) -> None:
        """Raises Busy when no thread is to be had."""
        with self._lock:
            self._is_started = True
            self._began_s = time.monotonic()
        self.wake()

    def stop(self, timeout_s: float) -> None:
        """What waits goes on at the next start. Idempotent."""
        with self._lock:
            self._is_started = False
            run, self.run = self.run, None
        if run is not None:
            run.stop(timeout_s)

    def _work(self, run: Run, exchange: Exchange) -> None:
        failures = refusals = 0
        while (letter := self._next(run)) is not None:
            run.pulse.rest()  # however long the other side takes, that is no fault of ours
            status = self._send(letter, exchange)
            if run.is_stopping and status is None:
                continue
            if status is not None and 200 <= status < 300:
                self.counts.delivered += 1
                self.failing_since = None
                failures = refusals = 0
                self._outbox.remove(letter)
                continue
            failures += 1
            refusals += status is not None and 400 <= status < 500 and status not in _TRY_LATER
            self.counts.failed += 1
            self.failing_since = self.failing_since or self._now()
            if refusals >= self._limits.refusals or self._is_too_old(letter):
                logger.warning("%s does not take an event: dropped", self.webhook.shown)
                self.counts.dropped += 1
                refusals = 0
                self._outbox.remove(letter)
            run.stop_requested.wait(self._pause_s(failures))

    def _next(self, run: Run) -> Letter | None:
        """Returns the next letter; None: the thread ends."""
        while not run.is_stopping:
            self._is_wanted = False
            letter = self._outbox.first(self.webhook.url)
            if letter is not None:
                return letter
            with self._lock:
                if not self._is_wanted:
                    if self.run is run:
                        self.run = None
                    return None
        return None

    def _send(self, letter: Letter, exchange: Exchange) -> int | None:
        """Returns the status of the answer; None: there was none."""
        at_s = int(self._now())
        headers = {
            "Content-Type": "application/json",
            "User-Agent": f"pet-stream/{__version__}",
            "webhook-id": letter.id,
            "webhook-timestamp": str(at_s),
            "webhook-signature": self.webhook.sign(letter.id, at_s, letter.body),
        }
        try:
            answer = exchange.ask("POST", self.webhook.url, headers, letter.body)
        except OSError as exc:
            if not exchange.is_cancelled:
                self._say_failure(str(exc))
            return None
        if not 200 <= answer.status < 300:
            self._say_failure(f"it answers {answer.status}")
        return answer.status

    def _say_failure(self, why: str) -> None:
        if self.failing_since is None:
            logger.warning("%s is told later what has happened: %s", self.webhook.shown, why)

    def _is_too_old(self, letter: Letter) -> bool:
        """Of a clock that jumps, as one does that was wrong after a power cut, no more counts than
        this process has seen."""
        age_s = min(self._now() - letter.at, time.monotonic() - self._began_s)
        return age_s > self._limits.good_for_s

    def _pause_s(self, failures: int) -> float:
        limits = self._limits
        ceiling_s = min(limits.last_retry_s, limits.first_retry_s * 2.0 ** min(failures - 1, 20))
        return ceiling_s / 2 + random.random() * ceiling_s / 2
