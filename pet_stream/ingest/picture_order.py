"""Which pictures are new: by identity, number and time stamp.

A relay brings back older pictures, so the order of the writes says nothing behind one. A number may
go back (the camera has restarted), and a time stamp may be wrong by hours. So a picture is older
only if neither its number nor its stamp is later. And a stamp that is far off is no measure for
the next ones, until one goes on from it.
"""

from __future__ import annotations

from enum import Enum, auto
from typing import Final

from ..media.ring import SlotHeader

Identity = tuple[int, int, int]

_REMEMBERED: Final = 64
"""Pictures of two turns of a camera's ring."""
_ONCE_EACH_PROOF: Final = 4
"""After this many writes in a row with a different picture each, the writer is no relay."""
_OLDER_PROOF: Final = 8
"""After this many pictures in a row, each newer than the one before but all older than the last one
taken, the camera has begun anew, or the camera shown now has a clock of its own."""
_LONGEST_STEP_NS: Final = 10_000_000_000
"""Between the stamps of two pictures; a longer step may be a wrong stamp."""


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
        self._taken: dict[Identity, None] = {}
        """The newest ones, the last one last."""
        self.attach()

    def attach(self) -> None:
        """Begin with a new segment, or anew with the same one: its clock may have changed."""
        last_stamps = [stamp_ns for stamp_ns, _, _ in self._taken][-2:]
        if len(last_stamps) == 2 and last_stamps[0] == last_stamps[1]:
            self._taken.clear()  # with equal stamps, a restarted camera makes the same identities
        self._newest: SlotHeader | None = None
        self._last: Identity | None = None
        self._stamp_ns = 0
        self._doubtful_stamp_ns: int | None = None
        self._previous: Identity | None = None
        self._distinct_in_a_row = 0
        self._last_older: SlotHeader | None = None
        self._older_in_a_row = 0
        self.is_relayed = False
        """Whether pictures are written repeatedly, as a relay does."""
        self.is_once_each = False
        """Whether the writer has shown that it writes each picture once."""

    @property
    def newest(self) -> SlotHeader | None:
        """The last picture taken; None since `attach`."""
        return self._newest

    def was_taken(self, header: SlotHeader) -> bool:
        return header.identity in self._taken

    def place(self, header: SlotHeader) -> Order:
        """Returns the order of the next complete write's picture; `take` it if it is newer."""
        identity = header.identity
        if identity == self._previous:
            self.is_relayed = True
        else:
            self._distinct_in_a_row += 1
        self.is_once_each = not self.is_relayed and self._distinct_in_a_row >= _ONCE_EACH_PROOF
        self._previous = identity
        if identity == self._last:
            return Order.SAME
        if identity not in self._taken and (
            self.is_once_each  # what is written once is written in order
            or self._is_later(header)
            or self._has_begun_anew(header)
        ):
            return Order.NEWER
        return Order.OLDER

    def take(self, header: SlotHeader) -> None:
        """Note that this picture is taken or rejected; only newer ones may follow."""
        newest, identity = self._newest, header.identity
        stamp_ns = identity[0]
        if (
            newest is None
            or newest.camera_id != header.camera_id
            or _goes_on(self._stamp_ns, stamp_ns)
            or (self._doubtful_stamp_ns is not None and _goes_on(self._doubtful_stamp_ns, stamp_ns))
        ):
            self._stamp_ns, self._doubtful_stamp_ns = stamp_ns, None
        else:
            self._doubtful_stamp_ns = stamp_ns
        self._newest, self._last = header, identity
        self._taken[identity] = None
        if len(self._taken) > _REMEMBERED:
            del self._taken[next(iter(self._taken))]
        self._older_in_a_row = 0

    def _is_later(self, header: SlotHeader) -> bool:
        newest = self._newest
        return (
            newest is None
            or header.captured_at_ns > self._stamp_ns
            or (
                header.camera_id == newest.camera_id
                and 0 < header.frame_number - newest.frame_number <= _REMEMBERED
            )
        )

    def _has_begun_anew(self, header: SlotHeader) -> bool:
        last, self._last_older = self._last_older, header
        if last is None or (header.captured_at_ns, header.frame_number) > (
            last.captured_at_ns,
            last.frame_number,
        ):
            self._older_in_a_row += 1
        elif header.identity != last.identity:
            self._older_in_a_row = 1
        return self._older_in_a_row >= _OLDER_PROOF


def _goes_on(stamp_ns: int, next_ns: int) -> bool:
    return 0 < next_ns - stamp_ns <= _LONGEST_STEP_NS
