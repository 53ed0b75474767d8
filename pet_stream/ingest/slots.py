"""Reads single slots of a stream ring."""

from __future__ import annotations

from ..media import ring
from ..media.ring import SlotHeader, writes_between
from .segment import Segment


class Slots:
    """What stands in the ring at this moment; its writer never waits. Owned by the camera thread.

    Every method raises SegmentInvalid when the segment has shrunk.
    """

    def __init__(self, segment: Segment) -> None:
        self._segment = segment

    def read_index(self) -> int:
        """`write_index`: the number of the next write to come."""
        return int(ring.INDEX.unpack(self._segment.read(0, ring.INDEX.size))[0])

    def read_header(self, write: int) -> SlotHeader:
        return SlotHeader.parse(self.read_start(write, ring.SLOT_HEADER.size))

    def read_data(self, write: int, header: SlotHeader) -> bytes | None:
        """The picture in the slot of `write`; None when the writer has come round meanwhile."""
        offset = ring.slot_offset(write) + ring.SLOT_HEADER.size
        data = self._segment.read(offset, header.data_size)
        age = writes_between(write, self.read_index())
        return data if age <= ring.slot_lifetime(write) else None

    def read_start(self, write: int, size: int) -> bytes:
        """The first `size` bytes of a slot, header and data."""
        return self._segment.read(ring.slot_offset(write), size)
