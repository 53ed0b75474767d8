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
from itertools import groupby
from typing import Final

from ..errors import BitstreamError
from ..media import ring
from ..media.continuity import Continuity, ReferenceChain
from ..media.h264 import is_idr, split_annex_b
from ..media.ring import SlotHeader, next_write, writes_between
from .counts import CameraCounts
from .picture_order import Identity, Order, PictureOrder
from .relay_copies import DeliveredBytes, PictureCopies
from .segment import Segment

logger = logging.getLogger(__name__)

_BACKLOG: Final = 28
"""Slots to begin with: all but the one that may be in progress and the one that is next."""
_LAP_MARGIN: Final = 2
"""A slot that is due within so many writes is given up."""
_AGREEING_COPIES: Final = 2
_PROBE_SPACING: Final = 4096
_PROBE_BYTES: Final = 16
_MIN_BEFORE_BYTES: Final = 64 * 1024
_MAX_BEFORE_BYTES: Final = 1024 * 1024
_MAX_CAMERAS: Final = 8


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
        self._chains: dict[int, ReferenceChain] = {}
        self._delivered_bytes = DeliveredBytes()
        self._largest_bytes = 0
        self._last_index = 0
        self._begin(self._read_index())

    def poll(self, *, is_urgent: bool) -> list[Picture]:
        """The new pictures, oldest first.

        `is_urgent`: somebody watches, take the newest slot as soon as it is complete; otherwise it
        is taken when the next write has begun. Raises SegmentInvalid when the segment has shrunk.
        """
        self._pictures: list[Picture] = []
        index = self._read_index()
        if writes_between(self._next, index) > ring.WRITE_INDEX_MODULUS // 2:
            logger.info("the camera's ring begins anew")
            self._begin(index)
        self.new_writes = writes_between(self._last_index, index)
        self._last_index = index
        if writes_between(self._next, index) > 1:
            self._take_complete(next_write(index, -1))
        if not (is_urgent and self._order.is_once_each):
            self._before = b""
            return self._pictures
        if self._next != index and self._before:
            self._take_newest(self._next)
        if self._next == index and not self._before:
            self._read_before(index)
        return self._pictures

    @property
    def is_relayed(self) -> bool:
        """Whether the writer repeats pictures, as the switcher daemon does."""
        return self._order.is_relayed

    def _begin(self, index: int) -> None:
        self._order.attach()
        self._next = next_write(index, -min(index, _BACKLOG))
        self._last_index = self._next
        self.new_writes = 0
        """Writes between the last two polls."""
        self._last: SlotHeader | None = None
        self._decided: Identity | None = None
        self._is_gap = False
        self._copies: PictureCopies | None = None
        self._before = b""

    # --- complete slots

    def _take_complete(self, end: int) -> None:
        """Take what is new in the writes up to, not including, `end`."""
        self._before = b""
        new = self._new_headers(end)
        for _, copies in groupby(new, key=lambda copy: copy[1].identity):
            for write, header in list(copies)[-2:]:  # of many copies the last two tell
                data = self._read_data(write, header)
                if not self._order.is_once_each:
                    if data is not None:
                        self._weigh(header, data)
                elif data is not None:
                    self._settle()
                    self._deliver(header, data)
                else:
                    self._miss(1)

    def _new_headers(self, end: int) -> list[tuple[int, SlotHeader]]:
        """The writes up to `end` that hold a picture not decided yet, with their headers."""
        lapped = max(0, writes_between(self._next, end) - ring.LONGEST_SLOT_LIFETIME)
        first = next_write(self._next, lapped)
        headers = []
        while first != end:
            headers.append((first, self._read_header(first)))
            first = next_write(first)
        self._next = end

        index = self._read_index()
        new = []
        for write, header in headers:
            if writes_between(write, index) + _LAP_MARGIN > ring.slot_lifetime(write):
                lapped += 1
            elif self._is_picture(header) and self._is_undecided(header):
                new.append((write, header))
        if lapped and not self._order.is_relayed:
            self._miss(lapped)
        return new

    def _is_picture(self, header: SlotHeader) -> bool:
        if not header.is_plausible:
            self._counts.invalid_headers_skipped += 1
        elif header.format != ring.FORMAT_H264:
            self._counts.other_formats_skipped += 1
        else:
            return True
        return False

    def _is_undecided(self, header: SlotHeader) -> bool:
        order = self._order.sort(header)
        if order is Order.OLDER:
            self._counts.older_skipped += 1
            return False
        if order is Order.SAME:
            self._counts.repeats_skipped += 1
        return header.identity != self._decided

    # --- the newest slot, which may still be in progress

    def _take_newest(self, write: int) -> None:
        """Take the slot that the writer is at, if it is proven complete."""
        header = self._read_header(write)
        if (
            not header.is_plausible
            or header.format != ring.FORMAT_H264
            or not self._order.is_newer(header)
            or header.data_size > len(self._before)
            or not _is_replaced(self._before, self._read_payload(write, header))
        ):
            return
        # The first copy may have overtaken the writer; now all of it stands there.
        if self._read_header(write) != header or (data := self._read_data(write, header)) is None:
            return
        self._order.sort(header)
        self._next = next_write(write)
        self._before = b""
        self._deliver(header, data)

    def _read_before(self, write: int) -> None:
        """Remember what stands in the slot that is written next."""
        size = min(max(_MIN_BEFORE_BYTES, self._largest_bytes * 3 // 2), _MAX_BEFORE_BYTES)
        before = self._segment.read(ring.slot_offset(write) + ring.SLOT_HEADER.size, size)
        if self._read_index() == write:
            self._before = before

    # --- behind a relay

    def _weigh(self, header: SlotHeader, data: bytes) -> None:
        """Consider a further copy of an undecided picture."""
        if header.identity == self._decided:
            return
        copies = self._copies
        if copies is not None and copies.header.identity == header.identity:
            copies.add(data)
        else:
            if copies is not None and copies.data == data:
                self._copies = None  # that header stood over this picture's bytes
                self._counts.stale_skipped += 1
            self._settle()
            copies = self._copies = PictureCopies(header, data)
        if copies.agreeing >= _AGREEING_COPIES and not self._is_doubtful(copies):
            self._settle()

    def _settle(self) -> None:
        """Decide on the picture whose copies were weighed, if there is one."""
        copies, self._copies = self._copies, None
        if copies is None:
            return
        if copies.agreeing < _AGREEING_COPIES and self._is_doubtful(copies):
            self._counts.stale_skipped += 1
            self._is_gap = True
        else:
            self._deliver(copies.header, copies.data)
            self._delivered_bytes.add(copies.data)

    def _is_doubtful(self, copies: PictureCopies) -> bool:
        try:
            continuity = self._check(copies.header, split_annex_b(copies.data))
        except BitstreamError:
            return True
        return continuity is Continuity.GAP or self._delivered_bytes.end_like(copies.data)

    # --- deciding

    def _deliver(self, header: SlotHeader, data: bytes) -> None:
        self._decided = header.identity
        self._largest_bytes = max(header.data_size, self._largest_bytes * 63 // 64)
        try:
            nal_units = split_annex_b(data)
            continuity = self._check(header, nal_units)
        except BitstreamError as exc:
            logger.debug("picture %d skipped: %s", header.frame_number, exc)
            self._counts.process_errors += 1
            self._is_gap = True
            return
        is_gap = self._is_gap or continuity is Continuity.GAP
        if self._order.is_relayed:
            skipped = self._skipped_frame_numbers(header)
            # frame_num tells nothing across an IDR, so that any jump counts there.
            is_gap = is_gap or (skipped > 0 and is_idr(nal_units))
            self._counts.frames_missed += max(1, skipped) if is_gap else 0
        is_discontinuity = is_gap or continuity is Continuity.FIRST
        self._chain(header).advance(nal_units)
        self._counts.frames_read += 1
        self._counts.discontinuities += is_discontinuity
        self._is_gap = False
        self._last = header
        self._pictures.append(Picture(header, nal_units, is_discontinuity))

    def _miss(self, count: int) -> None:
        self._counts.frames_missed += count
        self._is_gap = True

    def _check(self, header: SlotHeader, nal_units: tuple[bytes, ...]) -> Continuity:
        if self._last is None or header.camera_id != self._last.camera_id:
            return Continuity.FIRST
        return self._chain(header).check(nal_units)

    def _chain(self, header: SlotHeader) -> ReferenceChain:
        """The reference chain of the camera that made this picture."""
        chain = self._chains.get(header.camera_id)
        if chain is None:
            if len(self._chains) >= _MAX_CAMERAS:
                self._chains.clear()
            chain = self._chains[header.camera_id] = ReferenceChain()
        return chain

    def _skipped_frame_numbers(self, header: SlotHeader) -> int:
        """How many numbers the camera left out since the last picture: an upper bound of what is
        missing, since it also counts the pictures that it did not encode."""
        if self._last is None or header.camera_id != self._last.camera_id:
            return 0
        return max(0, header.frame_number - self._last.frame_number - 1)

    # --- the segment

    def _read_index(self) -> int:
        """`write_index`: the number of the next write to come."""
        return int(ring.INDEX.unpack(self._segment.read(0, ring.INDEX.size))[0])

    def _read_header(self, write: int) -> SlotHeader:
        data = self._segment.read(ring.slot_offset(write), ring.SLOT_HEADER.size)
        return SlotHeader.parse(data)

    def _read_payload(self, write: int, header: SlotHeader) -> bytes:
        return self._segment.read(ring.slot_offset(write) + ring.SLOT_HEADER.size, header.data_size)

    def _read_data(self, write: int, header: SlotHeader) -> bytes | None:
        """The picture in the slot of `write`; None when the writer has come round meanwhile."""
        data = self._read_payload(write, header)
        age = writes_between(write, self._read_index())
        return data if age <= ring.slot_lifetime(write) else None


def _is_replaced(before: bytes, after: bytes) -> bool:
    """Whether none of the probed places in `after` is as it was `before`.

    Probes stand every few kilobytes and at the very end: a copy that is half-way, in whatever
    direction, leaves one of them. A picture that ends like its forerunner by chance is not proven.
    """
    end = len(after)
    return all(
        after[max(0, stop - _PROBE_BYTES) : stop] != before[max(0, stop - _PROBE_BYTES) : stop]
        for stop in (*range(_PROBE_SPACING, end, _PROBE_SPACING), end)
    )
