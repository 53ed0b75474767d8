"""The slot that the writer is at: taken as soon as it is proven complete.

The index is raised before the bytes come, and nothing says when all are there. What can be known is
what stood in the slot before: once none of it is left all along the new picture, the copy is done.
"""

from __future__ import annotations

from typing import Final

from ..media import ring
from ..media.ring import SlotHeader
from .slots import Slots

_FRAME_NUMBER_BYTES: Final = 8
_PROBE_SPACING: Final = 4096
_PROBE_BYTES: Final = 16
_MIN_BYTES: Final = 16 * 1024
_MAX_BYTES: Final = 1024 * 1024


class SizeForecast:
    """How large the next picture may be: an IDR is many times as large as the pictures between."""

    def __init__(self) -> None:
        self._largest_idr = 0
        self._largest_other = 0
        self._gop_length = 0
        self._since_idr = 0

    def add(self, data_size: int, *, is_idr: bool) -> None:
        """A picture had so many bytes."""
        if is_idr:
            self._largest_idr = max(data_size, self._largest_idr * 3 // 4)
            self._gop_length, self._since_idr = self._since_idr + 1, 0
        else:
            self._largest_other = max(data_size, self._largest_other * 63 // 64)
            self._since_idr += 1

    @property
    def max_bytes(self) -> int:
        """Twice what the largest one lately had."""
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
        """The write whose slot is remembered as it was until then."""

    def remember(self, write: int) -> None:
        """Take in what stands in the slot of `write`, which is to come."""
        before = self._slots.read_start(write, self.forecast.max_bytes)
        if self._slots.read_index() == write:
            self.write, self._before = write, before

    def read(self, header: SlotHeader) -> bytes | None:
        """The data of the remembered write; None while it may not all be there.

        `header` is what its slot begins with now.
        """
        assert self.write is not None
        size = ring.SLOT_HEADER.size + header.data_size
        if size > len(self._before):
            return None
        if not is_replaced(self._before, self._slots.read_start(self.write, size)):
            return None
        # That copy may have overtaken the writer in places. Now all of it stands there.
        return self._slots.read_data(self.write, header)


def is_replaced(before: bytes, after: bytes) -> bool:
    """Whether none of the probed places of a slot, header and data, is as it was `before`.

    Probes are the frame number (some C libraries write the first bytes of a copy last), places
    every few kilobytes, and the very end: a copy that is half-way, in whatever direction, leaves
    one of them. A picture that ends like its forerunner by chance is not proven.
    """
    end = len(after)
    return before[:_FRAME_NUMBER_BYTES] != after[:_FRAME_NUMBER_BYTES] and all(
        before[stop - _PROBE_BYTES : stop] != after[stop - _PROBE_BYTES : stop]
        for stop in (*range(_PROBE_SPACING, end, _PROBE_SPACING), end)
    )
