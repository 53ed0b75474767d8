"""Reads the slots of a stream ring: the complete ones, and the one that is being written.

A writer may raise the index before it copies the bytes, and nothing says when it is done. So the
old content of the slot that is written next is remembered: once none of it is left over the length
of the new picture, the copy is complete. This holds in whatever order header, data and index come.
If the writer began before the old content was remembered, that only takes away from the proof.

Each read costs more than what it copies, so header and data, which are neighbours, come by one.
"""

from __future__ import annotations

from collections.abc import Iterator
from operator import eq
from typing import Final

from ..media import ring
from ..media.ring import SLOT_HEADER, RingLayout, SlotHeader, next_write, writes_between
from .segment import Segment

_MIN_BYTES: Final = 16 * 1024
_MAX_BYTES: Final = 1024 * 1024
_PROBE_BYTES: Final = 16
_PROBE_SPACING: Final = 4096
_HEADER_PROBES: Final = (slice(0, 8), slice(40, 48))
_PROBES: Final = tuple(
    slice(stop - _PROBE_BYTES, stop) for stop in range(_PROBE_SPACING, _MAX_BYTES, _PROBE_SPACING)
)


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

    def newest_writes(self, end: int | None = None) -> Iterator[int]:
        """Yields the writes before `end` whose slots are not written again soon, newest first. If
        it is None, the first one may be in progress."""
        index = self.read_index()
        count = min(index, self.layout.slot_count - 2)
        skipped = 0 if end is None else writes_between(end, index)
        for back in range(1 + skipped, count + 1):
            yield next_write(index, -back)

    def find(self, picture: SlotHeader) -> int | None:
        """Returns the write of `picture`; None if the ring does not hold it."""
        for write in self.newest_writes():
            if self.read_header(write).identity == picture.identity:
                return write
        return None

    def read_header(self, write: int) -> SlotHeader:
        return SlotHeader.parse(self.read_start(write, SLOT_HEADER.size))

    def read_data(self, write: int, header: SlotHeader) -> bytes | None:
        """Returns the data of the slot of `write`; None if its header has changed, or if the writer
        may have come round to the slot meanwhile."""
        slot = self.read_start(write, self.layout.data_offset + header.data_size)
        is_overwritten = self.is_overwritten(write, self.read_index())
        if is_overwritten or SLOT_HEADER.unpack_from(slot) != header:
            return None
        return slot[self.layout.data_offset :]

    def read_start(self, write: int, size: int) -> bytes:
        """Returns the first `size` bytes of a slot, header and data."""
        return self._segment.read(self.layout.slot_offset(write), size)


class SizeForecast:
    """How large the next picture may be. An IDR is many times larger than the other pictures."""

    def __init__(self) -> None:
        self._largest_idr = 0
        self._largest_other = 0
        self._gop_length = 0
        self._since_idr = 0

    def add(self, data_size: int, *, is_idr: bool) -> None:
        """Note the size of a picture, in bytes."""
        if is_idr:
            self._largest_idr = max(data_size, self._largest_idr * 3 // 4)
            self._gop_length, self._since_idr = self._since_idr + 1, 0
        else:
            self._largest_other = max(data_size, self._largest_other * 63 // 64)
            self._since_idr += 1

    @property
    def likely_bytes(self) -> int:
        """The size of the largest recent picture of the kind that comes next."""
        may_be_idr = self._since_idr + 1 >= self._gop_length
        return max(self._largest_idr, self._largest_other) if may_be_idr else self._largest_other


class NewestSlot:
    """The slot that is written next, as it was before. Owned by the camera thread."""

    def __init__(self, slots: Slots) -> None:
        self.forecast = SizeForecast()
        self.write: int | None = None
        """The write whose slot is remembered."""
        self._slots = slots
        self._before = b""
        self._likely_bytes = 0

    def remember(self, write: int) -> None:
        """Remember the slot of `write`, the next write, before it is counted."""
        likely_bytes = self.forecast.likely_bytes
        most_bytes = min(max(_MIN_BYTES, 2 * likely_bytes), _MAX_BYTES)
        before = self._slots.read_start(write, most_bytes)
        if self._slots.read_index() == write:
            self.write, self._before, self._likely_bytes = write, before, likely_bytes

    def read(self) -> tuple[SlotHeader, bytes] | None:
        """Returns header and data of the remembered write; None while it may be incomplete."""
        assert self.write is not None
        data_offset = self._slots.layout.data_offset
        seen = self._slots.read_start(self.write, data_offset + self._likely_bytes)
        header = SlotHeader.parse(seen[: SLOT_HEADER.size])
        size = data_offset + header.data_size
        if size > len(self._before):
            return None
        if size > len(seen):
            seen = self._slots.read_start(self.write, size)
        if not is_replaced(self._before, seen, data_offset, size):
            return None
        # Our copy may have overtaken the writer in places, so read again: all of it is there now.
        data = self._slots.read_data(self.write, header)
        return None if data is None else (header, data)


def is_replaced(before: bytes, after: bytes, data_offset: int, size: int) -> bool:
    """Whether every probed place of a slot's first `size` bytes has changed since `before`.

    Probed are the header's first and last fields, number and size (some C libraries write the first
    bytes of a copy last, and some writers the header after the data), a place every few kilobytes,
    and the end: an unfinished copy, in either direction, leaves one of them unchanged. A picture
    that happens to have the size of the one before, or to end like it, is not proven complete.
    """
    end = slice(max(data_offset, size - _PROBE_BYTES), size)
    probes = (*_HEADER_PROBES, *_PROBES[: (size - 1) // _PROBE_SPACING], end)
    return not any(map(eq, map(before.__getitem__, probes), map(after.__getitem__, probes)))
