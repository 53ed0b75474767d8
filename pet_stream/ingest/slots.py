"""Reads the single slots of a stream ring."""

from __future__ import annotations

from ..media import ring
from ..media.ring import RingLayout, SlotHeader, writes_between
from .segment import Segment


class Slots:
    """The ring as it is now; its writer never waits for readers. Owned by the camera thread.

    Every method that reads raises SegmentInvalid when the segment has shrunk.
    """

    def __init__(self, segment: Segment) -> None:
        self.layout: RingLayout = ring.RING_LAYOUTS[segment.size]
        self._segment = segment

    def read_index(self) -> int:
        """Returns `write_index`: the number of the next write."""
        return int(ring.INDEX.unpack(self._segment.read(0, ring.INDEX.size))[0])

    def is_overwritten(self, write: int, index: int) -> bool:
        """Whether the writer may have come round to the slot of `write`, at `index`: it may begin
        with a slot before it raises the index."""
        return writes_between(write, index) >= self.layout.slot_lifetime(write)

    def read_header(self, write: int) -> SlotHeader:
        return SlotHeader.parse(self.read_start(write, ring.SLOT_HEADER.size))

    def read_data(self, write: int, header: SlotHeader) -> bytes | None:
        """Returns the data of the slot of `write`; None if its header has changed, or if the writer
        may have come round to the slot meanwhile."""
        slot = self.read_start(write, self.layout.data_offset + header.data_size)
        is_overwritten = self.is_overwritten(write, self.read_index())
        if is_overwritten or not slot.startswith(header.serialize()):
            return None
        return slot[self.layout.data_offset :]

    def read_start(self, write: int, size: int) -> bytes:
        """Returns the first `size` bytes of a slot, header and data."""
        return self._segment.read(self.layout.slot_offset(write), size)
