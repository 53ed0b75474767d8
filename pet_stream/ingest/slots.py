"""Reads the single slots of a stream ring."""

from __future__ import annotations

from ..media import ring
from ..media.ring import SlotHeader, writes_between
from .segment import Segment


class Slots:
    """The ring as it is now; its writer never waits for readers. Owned by the camera thread.

    Every method raises SegmentInvalid when the segment has shrunk.
    """

    def __init__(self, segment: Segment) -> None:
        self._segment = segment

    def read_index(self) -> int:
        """Returns `write_index`: the number of the next write."""
        return int(ring.INDEX.unpack(self._segment.read(0, ring.INDEX.size))[0])

    def read_header(self, write: int) -> SlotHeader:
        return SlotHeader.parse(self.read_start(write, ring.SLOT_HEADER.size))

    def read_data(self, write: int, header: SlotHeader) -> bytes | None:
        """Returns the data of the slot of `write`; None if its header has changed, or if the writer
        has come round to the slot meanwhile."""
        slot = self.read_start(write, ring.SLOT_HEADER.size + header.data_size)
        age = writes_between(write, self.read_index())
        if age > ring.slot_lifetime(write) or not slot.startswith(header.serialize()):
            return None
        return slot[ring.SLOT_HEADER.size :]

    def read_start(self, write: int, size: int) -> bytes:
        """Returns the first `size` bytes of a slot, header and data."""
        return self._segment.read(ring.slot_offset(write), size)
