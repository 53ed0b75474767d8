"""Somebody who wants what the detector sees."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from ..mailbox import Mailbox
from ..media.detections import Sighting
from .updates import PATIENCE_S

POLL_S = 0.01
MAX_WAITING = 32


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


@dataclass(frozen=True, slots=True)
class Patience:
    """What a listener asks for that needs nothing at once."""

    poll_s: float
    """How often the segment is looked into for it."""
    capacity: int


class Listener(Mailbox[Sighting]):
    """A bounded queue of sightings; when it is full, the oldest one is dropped. Any thread.

    A listener asks again and again, or is woken: `wake` is called by the detections thread, after
    each sighting. One with `patience` does neither: it empties its queue when it likes, and waits
    until there is a detector.
    """

    def __init__(
        self,
        leave: Callable[[Listener], object],
        at_end: Callable[[], object] = lambda: None,
        wake: Callable[[], object] | None = None,
        patience: Patience | None = None,
        past: Iterable[Sighting] = (),
    ) -> None:
        super().__init__(MAX_WAITING if patience is None else patience.capacity)
        self.at_end = at_end
        self.wake = wake
        self.is_patient = patience is not None
        self.poll_s = POLL_S if patience is None else patience.poll_s
        self.idle_looks = 0
        self.dropped_count = 0
        self._leave = leave
        for sighting in past:
            self.put(sighting)

    @property
    def asks(self) -> bool:
        """Whether it is one that must ask, or is removed."""
        return self.wake is None and not self.is_patient

    def put(self, item: Sighting) -> bool:
        had_room = super().put(item)
        self.dropped_count += not had_room
        if self.wake is not None:
            self.wake()
        return had_room

    def take(self, timeout_s: float) -> Sighting | None:
        """Returns the next sighting; None when the time is up or the listener is closed. A listener
        that neither asks nor is woken is removed."""
        self.idle_looks = 0
        return super().take(timeout_s)

    def leave(self) -> None:
        """End this listening. Does not wait. Idempotent."""
        self._leave(self)
