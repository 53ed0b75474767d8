"""Reads the slot that is being written, as soon as it is proven complete.

A writer may raise the index before it copies the bytes, and nothing says when it is done. So the
slot's old content is remembered: once none of it is left over the length of the new picture, the
copy is complete. This holds in whatever order header, data and index come. If the writer began
before the old content was remembered, that only takes away from the proof.
"""

from __future__ import annotations

from typing import Final

from ..media.ring import SlotHeader
from .slots import Slots

_HEADER_PROBES: Final = ((0, 8), (40, 48))
_PROBE_SPACING: Final = 4096
_PROBE_BYTES: Final = 16
_MIN_BYTES: Final = 16 * 1024
_MAX_BYTES: Final = 1024 * 1024


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
    def max_bytes(self) -> int:
        """Twice the size of the largest recent picture, within bounds."""
        may_be_idr = self._since_idr + 1 >= self._gop_length
        largest = max(self._largest_idr, self._largest_other) if may_be_idr else self._largest_other
        return min(max(_MIN_BYTES, 2 * largest), _MAX_BYTES)


class NewestSlot:
    """Remembers one slot from before its next write. Owned by the camera thread."""

    def __init__(self, slots: Slots) -> None:
        self._slots = slots
        self._before = b""
        self.forecast = SizeForecast()
        self.write: int | None = None
        """The write whose slot is remembered as it was before."""

    def remember(self, write: int) -> None:
        """Remember the slot of `write`, the next write, before it is counted."""
        before = self._slots.read_start(write, self.forecast.max_bytes)
        if self._slots.read_index() == write:
            self.write, self._before = write, before

    def read(self, header: SlotHeader) -> bytes | None:
        """Returns the data of the remembered write; None while it may be incomplete.

        `header` is the current header of its slot.
        """
        assert self.write is not None
        data_offset = self._slots.layout.data_offset
        size = data_offset + header.data_size
        if size > len(self._before):
            return None
        if not is_replaced(self._before, self._slots.read_start(self.write, size), data_offset):
            return None
        # Our copy may have overtaken the writer in places, so read again: all of it is there now.
        return self._slots.read_data(self.write, header)


def is_replaced(before: bytes, after: bytes, data_offset: int) -> bool:
    """Whether every probed place of a slot, header and data, has changed since `before`.

    Probed are the header's first and last fields, number and size (some C libraries write the first
    bytes of a copy last, and some writers the header after the data), a place every few kilobytes,
    and the end: an unfinished copy, in either direction, leaves one of them unchanged. A picture
    that happens to have the size of the one before, or to end like it, is not proven complete.
    """
    end = len(after)
    for start, stop in _HEADER_PROBES:
        if before[start:stop] == after[start:stop]:
            return False
    for stop in (*range(_PROBE_SPACING, end, _PROBE_SPACING), end):
        start = max(data_offset, stop - _PROBE_BYTES)
        if before[start:stop] == after[start:stop]:
            return False
    return True
