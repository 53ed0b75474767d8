"""Which pictures are new: by identity and capture time, never by the order of the writes."""

from __future__ import annotations

from collections import deque
from enum import Enum, auto
from typing import Final

from ..media.ring import SlotHeader

Identity = tuple[int, int, int]

_REMEMBERED: Final = 64
"""Two turns of a camera's ring."""
_ONCE_EACH_PROOF: Final = 4
"""So many writes in a row, each of another picture: no relay."""
_CLOCK_STEP_PROOF: Final = 8
"""So many pictures in a row, each newer than the one before and all older than the newest: the
camera's clock was set back."""


class Order(Enum):
    NEWER = auto()
    SAME = auto()
    """A further copy of the newest picture."""
    OLDER = auto()


class PictureOrder:
    """Sorts the identities that appear in a ring. Owned by the camera thread; outlives a segment,
    so that a daemon that starts again can't repeat what was delivered."""

    def __init__(self) -> None:
        self._seen: deque[Identity] = deque(maxlen=_REMEMBERED)
        self.attach()

    def attach(self) -> None:
        """Another segment, or the same one from its beginning: its clock may be another."""
        self._newest: Identity | None = None
        self._previous: Identity | None = None
        self._distinct_in_a_row = 0
        self._last_older: Identity | None = None
        self._older_in_a_row = 0
        self.is_relayed = False
        """Pictures are written again and again."""

    @property
    def is_once_each(self) -> bool:
        """The writer has shown that it writes each picture once."""
        return not self.is_relayed and self._distinct_in_a_row >= _ONCE_EACH_PROOF

    def is_newer(self, header: SlotHeader) -> bool:
        """What `sort` would say, without believing `header` yet."""
        return header.identity not in self._seen and (
            self._newest is None or header.identity > self._newest
        )

    def sort(self, header: SlotHeader) -> Order:
        """Place the header of the next complete write."""
        identity = header.identity
        if identity == self._previous:
            self.is_relayed = True
        self._distinct_in_a_row += 1
        self._previous = identity
        if identity == self._newest:
            return Order.SAME
        if self.is_newer(header) or self._clock_was_set_back(identity):
            self._newest = identity
            self._seen.append(identity)
            self._older_in_a_row = 0
            return Order.NEWER
        return Order.OLDER

    def _clock_was_set_back(self, identity: Identity) -> bool:
        if identity in self._seen:
            return False
        is_rising = self._last_older is None or identity > self._last_older
        self._older_in_a_row = self._older_in_a_row + 1 if is_rising else 1
        self._last_older = identity
        return self._older_in_a_row >= _CLOCK_STEP_PROOF
