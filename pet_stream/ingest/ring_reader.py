"""Takes every picture out of a ring that is written without any regard for readers.

Two questions are answered for each picture.

*Which one is it?* Its identity, in its slot's header (`picture_order`): most writes of a relay
repeat a picture and some bring back an older one.

*Are these its bytes, all of them?* A writer raises the index first and copies afterwards, so every
slot but the newest is complete. Where each picture is written once, waiting for the next write
would cost a picture's time; the newest slot is taken as soon as it is proven complete: what stood
there before was read in advance, and all along the new picture it has been replaced. Where a relay
writes, a complete slot may still hold wrong bytes (`relay_copies`): there two copies in a row must
agree, continue the reference chain (`frame_num`, H.264 7.4.3), and not end in old bytes. A picture
in doubt is decided when the next one appears.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import Final

from ..errors import BitstreamError
from ..media import ring
from ..media.continuity import Continuity
from ..media.h264 import is_idr, split_annex_b
from ..media.ring import SlotHeader, next_write, writes_between
from .camera_chains import CameraChains
from .counts import CameraCounts
from .picture_order import Order, PictureOrder
from .relay_copies import PictureCopies, RelayCopies, Residue
from .segment import Segment

logger = logging.getLogger(__name__)

_BACKLOG: Final = 28
"""Slots to begin with: all but the one that may be in progress and the one that is next."""
_LAP_MARGIN: Final = 2
"""A slot that is due within so many writes is given up."""
_RELAY_LOOKS: Final = 4
"""Of the writes since the last poll a relay's last two are looked at, and so many before them."""
_PROBE_SPACING: Final = 4096
_PROBE_BYTES: Final = 16
_MIN_BEFORE_BYTES: Final = 64 * 1024
_MAX_BEFORE_BYTES: Final = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Picture:
    """One coded picture, whole, as the camera made it."""

    header: SlotHeader
    nal_units: tuple[bytes, ...]
    is_discontinuity: bool
    """Pictures are missing before this one, or it is another camera's."""


class RingReader:
    """Reads one attached segment. Owned by the camera thread."""

    def __init__(self, segment: Segment, order: PictureOrder, counts: CameraCounts) -> None:
        self._segment = segment
        self._order = order
        self._counts = counts
        self._chains = CameraChains()
        self._copies = RelayCopies()
        self._residue = Residue()
        self._largest_bytes = 0
        self._pictures: list[Picture] = []
        self._last_index = 0
        self._begin(self._read_index())

    def poll(self, *, is_urgent: bool) -> list[Picture]:
        """The new pictures, oldest first.

        `is_urgent`: somebody watches, take the newest slot as soon as it is complete; otherwise it
        is taken when the next write has begun. Raises SegmentInvalid when the segment has shrunk.
        """
        index = self._read_index()
        if writes_between(self._next, index) > ring.WRITE_INDEX_MODULUS // 2:
            logger.info("the camera's ring begins anew")
            self._begin(index)
        self.new_writes = writes_between(self._last_index, index)
        self._last_index = index
        if writes_between(self._next, index) > 1:
            self._take_complete(next_write(index, -1))
        if is_urgent and self._order.is_once_each:
            if self._next != index and self._before_of == self._next:
                self._take_newest(self._next)
            if self._before_of not in (self._next, index):
                self._read_before(index)
        pictures, self._pictures = self._pictures, []
        return pictures

    @property
    def is_relayed(self) -> bool:
        """Whether the writer repeats pictures, as the switcher daemon does."""
        return self._order.is_relayed

    def _begin(self, index: int) -> None:
        self._order.attach()
        self._chains.reset()
        self._next = next_write(index, -min(index, _BACKLOG))
        self._last_index = self._next
        self.new_writes = 0
        """Writes between the last two polls."""
        self._has_missed = False
        self._before_of: int | None = None
        self._before = b""
        """Header and data that stood in the slot of write `_before_of` until then."""
        if index != self._next:
            missed = self._counts.frames_missed
            self._take_complete(next_write(index, -1))
            self._counts.frames_missed = missed  # what was gone before is nobody's loss

    # --- complete slots

    def _take_complete(self, end: int) -> None:
        """Take what is new in the writes up to, not including, `end`."""
        for write, header in _last_copies(self._new_headers(end)):
            if self._order.was_taken(header):
                continue
            data = self._read_data(write, header)
            if not self._order.is_once_each:
                if data is not None:
                    self._weigh(header, data)
            elif data is not None:
                self._deliver(header, data)
            else:
                self._miss(1)

    def _new_headers(self, end: int) -> list[tuple[int, SlotHeader]]:
        """The writes up to `end` that hold a new picture, with their headers."""
        lapped = max(0, writes_between(self._next, end) - ring.LONGEST_SLOT_LIFETIME)
        first = next_write(self._next, lapped)
        count = writes_between(first, end)
        self._next = end
        offsets = _spread(count, _RELAY_LOOKS) if self._order.is_relayed else range(count)
        looked_at = [next_write(first, offset) for offset in offsets]
        headers = [(write, self._read_header(write)) for write in looked_at]
        index = self._read_index()
        new = []
        for write, header in headers:
            if writes_between(write, index) + _LAP_MARGIN > ring.slot_lifetime(write):
                lapped += 1
            elif self._is_new_picture(header):
                new.append((write, header))
        if lapped and not self._order.is_relayed:
            self._miss(lapped)
        return new

    def _is_new_picture(self, header: SlotHeader) -> bool:
        if not header.is_plausible:
            self._counts.invalid_headers_skipped += 1
        elif header.format != ring.FORMAT_H264:
            self._counts.other_formats_skipped += 1
        elif (order := self._order.place(header)) is Order.SAME:
            self._counts.repeats_skipped += 1
        elif order is Order.OLDER:
            self._counts.older_skipped += 1
        else:
            return True
        return False

    # --- the newest slot, which may still be in progress

    def _take_newest(self, write: int) -> None:
        """Take the slot that the writer is at, if it is proven complete."""
        header = self._read_header(write)
        size = ring.SLOT_HEADER.size + header.data_size
        if (
            not header.is_plausible
            or header.format != ring.FORMAT_H264
            or not self._order.is_newer(header)
            or size > len(self._before)
            or not _is_replaced(self._before, self._segment.read(ring.slot_offset(write), size))
        ):
            return
        # The first copy may have overtaken the writer; now all of it stands there.
        if self._read_header(write) == header and (data := self._read_data(write, header)):
            self._next = next_write(write)
            self._order.place(header)
            self._deliver(header, data)

    def _read_before(self, write: int) -> None:
        """Remember what stands in the slot that is written next."""
        size = min(max(_MIN_BEFORE_BYTES, self._largest_bytes * 2), _MAX_BEFORE_BYTES)
        before = self._segment.read(ring.slot_offset(write), size)
        if self._read_index() == write:
            self._before_of, self._before = write, before

    # --- behind a relay

    def _weigh(self, header: SlotHeader, data: bytes) -> None:
        """Consider a further copy of an undecided picture."""
        copies = self._copies.add(header, data)
        is_decided = copies.just_agreed and not self._is_doubtful(copies)
        for decided in self._copies.take_until(copies, inclusive=is_decided):
            if self._is_believed(decided):
                self._deliver(decided.header, decided.data)
            else:
                self._counts.stale_skipped += 1
                self._has_missed = True

    def _is_believed(self, copies: PictureCopies) -> bool:
        """The last word on a picture."""
        if not copies.agree:
            return not self._is_doubtful(copies)
        if self._has_earlier_number(copies):
            # Another picture's number, unless the camera has begun anew.
            return copies.outlast_copying and copies.is_idr
        return copies.outlast_copying or not self._residue.surely_ends(copies.data)

    def _is_doubtful(self, copies: PictureCopies) -> bool:
        try:
            continuity = self._chains.check(copies.header, split_annex_b(copies.data))
        except BitstreamError:
            return True
        return (
            continuity is Continuity.GAP
            or self._has_earlier_number(copies)
            or self._residue.may_end(copies.data)
        )

    def _has_earlier_number(self, copies: PictureCopies) -> bool:
        return self._chains.skipped_frame_numbers(copies.header) < 0

    # --- deciding

    def _deliver(self, header: SlotHeader, data: bytes) -> None:
        self._order.take(header)
        self._largest_bytes = max(header.data_size, self._largest_bytes * 255 // 256)
        try:
            nal_units = split_annex_b(data)
            continuity = self._chains.check(header, nal_units)
            is_gap = self._is_gap(header, nal_units, continuity)
            self._chains.advance(header, nal_units)
        except BitstreamError as exc:
            logger.debug("picture %d skipped: %s", header.frame_number, exc)
            self._counts.process_errors += 1
            self._has_missed = True
            return
        is_discontinuity = is_gap or continuity is Continuity.FIRST
        self._has_missed = False
        self._counts.frames_read += 1
        self._counts.discontinuities += is_discontinuity
        self._pictures.append(Picture(header, nal_units, is_discontinuity))
        if not self._order.is_once_each:
            self._residue.add(data, is_gap=is_discontinuity)

    def _is_gap(
        self, header: SlotHeader, nal_units: tuple[bytes, ...], continuity: Continuity
    ) -> bool:
        """Whether pictures are missing before this one; counts those that a relay hid."""
        if not self._order.is_relayed:
            return self._has_missed or continuity is Continuity.GAP
        skipped = self._chains.skipped_frame_numbers(header)
        is_gap = continuity is Continuity.GAP or (
            # Nothing else tells across an IDR.
            (continuity is Continuity.UNKNOWN or is_idr(nal_units))
            and (self._has_missed or skipped > 0)
        )
        if is_gap and continuity is not Continuity.FIRST:
            self._counts.frames_missed += max(1, skipped)
        return is_gap

    def _miss(self, count: int) -> None:
        self._counts.frames_missed += count
        self._has_missed = True

    # --- the segment

    def _read_index(self) -> int:
        """`write_index`: the number of the next write to come."""
        return int(ring.INDEX.unpack(self._segment.read(0, ring.INDEX.size))[0])

    def _read_header(self, write: int) -> SlotHeader:
        data = self._segment.read(ring.slot_offset(write), ring.SLOT_HEADER.size)
        return SlotHeader.parse(data)

    def _read_data(self, write: int, header: SlotHeader) -> bytes | None:
        """The picture in the slot of `write`; None when the writer has come round meanwhile."""
        offset = ring.slot_offset(write) + ring.SLOT_HEADER.size
        data = self._segment.read(offset, header.data_size)
        age = writes_between(write, self._read_index())
        return data if age <= ring.slot_lifetime(write) else None


def _last_copies(copies: list[tuple[int, SlotHeader]]) -> list[tuple[int, SlotHeader]]:
    """Without those of which two later copies are in the list."""
    return [
        copy
        for position, copy in enumerate(copies)
        if [header for _, header in copies[position + 1 : position + 3]] != [copy[1]] * 2
    ]


def _spread(count: int, looks: int) -> list[int]:
    """The last two of `range(count)`, and about `looks` spread over those before."""
    stride = max(1, -(-(count - 2) // looks))
    return [
        *range(max(0, (count - 2) % stride), count - 2, stride),
        *range(max(0, count - 2), count),
    ]


def _is_replaced(before: bytes, after: bytes) -> bool:
    """Whether none of the probed places of a slot, header and data, is as it was `before`.

    Probes are the frame number (some C libraries write the first bytes of a copy last), places
    every few kilobytes, and the very end: a copy that is half-way, in whatever direction, leaves
    one of them. A picture that ends like its forerunner by chance is not proven.
    """
    end = len(after)
    return before[:8] != after[:8] and all(
        before[stop - _PROBE_BYTES : stop] != after[stop - _PROBE_BYTES : stop]
        for stop in (*range(_PROBE_SPACING, end, _PROBE_SPACING), end)
    )
