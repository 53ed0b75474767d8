"""Which pictures are new: by identity and capture time, never by the order of the writes."""

from __future__ import annotations

from collections import deque
from enum import Enum, auto
from typing import Final

from ..media.ring import SlotHeader

Identity = tuple[int, int, int]

_REMEMBERED: Final = 64
"""Pictures of two turns of a camera's ring."""
_ONCE_EACH_PROOF: Final = 4
"""After this many writes in a row with a different picture each, the writer is no relay."""
_CLOCK_STEP_PROOF: Final = 8
"""After this many pictures in a row, each newer than the one before but all older than the last one
taken, the camera's clock was set back."""


class Order(Enum):
    NEWER = auto()
    SAME = auto()
    """A copy of the last picture taken."""
    OLDER = auto()


class PictureOrder:
    """Decides whether a picture in the ring is newer than the last one taken.

    Outlives a segment, so that a restarted daemon can't repeat pictures that were taken before.
    Owned by the camera thread.
    """

    def __init__(self) -> None:
        self._taken: deque[Identity] = deque(maxlen=_REMEMBERED)
        self.attach()

    def attach(self) -> None:
        """Begin with a new segment, or anew with the same one: its clock may have changed."""
        self._newest: Identity | None = None
        self._previous: Identity | None = None
        self._distinct_in_a_row = 0
        self._last_older: Identity | None = None
        self._older_in_a_row = 0
        self.is_relayed = False
        """Whether pictures are written repeatedly, as a relay does."""

    @property
    def is_once_each(self) -> bool:
        """Whether the writer has shown that it writes each picture once."""
        return not self.is_relayed and self._distinct_in_a_row >= _ONCE_EACH_PROOF

    def is_newer(self, header: SlotHeader) -> bool:
        return not self.was_taken(header) and (
            self._newest is None or header.identity > self._newest
        )

    def was_taken(self, header: SlotHeader) -> bool:
        return header.identity in self._taken

    def place(self, header: SlotHeader) -> Order:
        """Returns the order of the next complete write's picture; `take` it if it is newer."""
        identity = header.identity
        if identity == self._previous:
            self.is_relayed = True
        else:
            self._distinct_in_a_row += 1
        self._previous = identity
        if identity == self._newest:
            return Order.SAME
        if self.is_newer(header) or self._clock_was_set_back(identity):
            return Order.NEWER
        return Order.OLDER

    def take(self, header: SlotHeader) -> None:
        """Note that this picture is taken or rejected; only newer ones may follow."""
        self._newest = header.identity
        self._taken.append(header.identity)
        self._older_in_a_row = 0

    def _clock_was_set_back(self, identity: Identity) -> bool:
        if identity in self._taken:
            return False
        if self._last_older is None or identity > self._last_older:
            self._older_in_a_row += 1
        elif identity < self._last_older:
            self._older_in_a_row = 1
        self._last_older = identity
        return self._older_in_a_row >= _CLOCK_STEP_PROOF
