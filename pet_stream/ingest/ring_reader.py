"""Takes every picture out of a ring whose writer never waits for readers.

Two questions are answered for each picture.

*Is it new?* Its slot's header identifies it (`picture_order`): most writes of a relay repeat a
picture, and some bring back an older one.

*Are these all its bytes?* A writer may raise the index first and copy afterwards, so every slot but
the newest is complete. If each picture is written once, that is enough, and the newest slot can be
taken before the next write (`slots`). Behind a relay, even a complete slot may hold wrong bytes
(`relay_copies`).
"""

from __future__ import annotations

import logging
from collections import deque
from typing import Final, NamedTuple

from ..errors import BitstreamError
from ..media.h264.coded_picture import CodedPicture
from ..media.h264.continuity import Continuity
from ..media.ring import RingLayout, SlotHeader, next_write, writes_between
from .camera_stream import Cameras, SlotCopy
from .counts import CameraCounts, Discontinuity
from .picture_order import Order, PictureOrder
from .refused import cause_in_bitstream, cause_in_header
from .relay_copies import RelayCopies, last_copies, spread
from .segment import Segment
from .slots import NewestSlot, Slots

logger = logging.getLogger(__name__)

_REFUSED_REMEMBERED: Final = 8
_LONGEST_ABSENCE: Final = 1 << 24
"""After more writes than this, the index went back. A relay needs an hour for this many."""
_MOST_SKIPPED: Final = 5
"""Frame numbers that a relayed camera may skip without loss, and twice those it skipped lately."""
_COPIES_LOOKED_AT: Final = 4
"""About this many of a relay's copies of a picture are read, and the last two writes."""


class Picture(NamedTuple):
    """One complete coded picture, as the camera made it."""

    header: SlotHeader
    coded: CodedPicture
    is_discontinuity: bool
    """Pictures are missing before this one, or the camera has changed."""

    @property
    def nal_units(self) -> tuple[bytes, ...]:
        return self.coded.nal_units


class Begin(NamedTuple):
    """Where to begin in a ring that is read after another one."""

    write: int | None
    """None: with all that it holds."""
    continues: bool
    """Whether what comes follows the last picture taken."""


class RingReader:
    """Reads one attached segment. Owned by the camera thread."""

    def __init__(
        self,
        segment: Segment,
        order: PictureOrder,
        cameras: Cameras,
        counts: CameraCounts,
        begin: Begin | None = None,
    ) -> None:
        """`order` and `cameras` outlive the segment. `begin`: where; None: with all that it
        holds."""
        self._slots = Slots(segment)
        self._order = order
        self._counts = counts
        self._cameras = cameras
        self._newest = NewestSlot(self._slots)
        self._relay_copies = RelayCopies(cameras, self._slots.layout)
        self._pictures: list[Picture] = []
        self._last_index = 0
        self._delivered_at = 0
        self._writes_a_picture = 1.0
        self._begin(self._slots.read_index(), begin)

    def poll(self, *, is_urgent: bool) -> list[Picture]:
        """Returns the new pictures, oldest first.

        `is_urgent`: somebody watches, so the newest slot is taken as soon as it is complete;
        otherwise when the next write has begun. Raises SegmentInvalid when the segment has shrunk.
        """
        index = self._slots.read_index()
        if index == self._last_index == self._newest.write:  # nothing was written, or is awaited
            self.new_writes = 0
            return []
        unread = writes_between(self._next, index)
        if unread > _LONGEST_ABSENCE:
            logger.info("the camera's ring starts over")
            self._begin(index)
            unread = writes_between(self._next, index)
        self.new_writes = writes_between(self._last_index, index)
        self._last_index = index
        if unread > 1:
            self._take_complete(next_write(index, -1))
        if is_urgent and self._order.is_once_each and self._newest.write != index:
            self._follow(index)
        self.is_write_in_progress = self._order.is_once_each and self._next != index
        pictures, self._pictures = self._pictures, []
        return pictures

    @property
    def layout(self) -> RingLayout:
        return self._slots.layout

    @property
    def is_relayed(self) -> bool:
        """Whether the writer repeats pictures, as the switcher daemon does."""
        return self._order.is_relayed

    def holds(self, picture: SlotHeader) -> bool:
        """Whether a complete slot has this picture."""
        return self._slots.find(picture) is not None

    def _begin(self, index: int, begin: Begin | None = None) -> None:
        """Take what the ring holds so far, from `begin` on."""
        self._order.attach()
        if begin is None or not begin.continues:
            self._cameras.reset()
        self._newest.write = None
        # The slots of the newest and of the next write may be in progress.
        oldest = next_write(index, -min(index, self._slots.layout.slot_count - 2))
        self._next = oldest if begin is None or begin.write is None else begin.write
        self._last_index = self._delivered_at = self._next
        self.new_writes = 0
        """The number of writes between the last two polls."""
        self.is_write_in_progress = False
        """Whether a camera (not a relay) is writing a slot that could not be taken yet."""
        self._has_missed = False
        self._usually_skipped = 0
        self._refused: deque[tuple[int, int]] = deque(maxlen=_REFUSED_REMEMBERED)
        if self._next != index:
            missed = self._counts.frames_missed
            self._take_complete(next_write(index, -1))
            self._counts.frames_missed = missed  # pictures from before we began are not missed
        self._counts.refused = None

    def _take_complete(self, end: int) -> None:
        """Take the new pictures of the writes before `end`: their slots are complete."""
        for write, header in last_copies(self._new_headers(end)):
            if self._order.was_taken(header):  # by the copy before
                continue
            data = self._slots.read_data(write, header)
            if not self._order.is_once_each:
                if data is not None:
                    self._weigh(SlotCopy(header, data))
                continue
            for copy in self._relay_copies.take_all():
                self._deliver(copy)
            if data is not None:
                self._deliver(SlotCopy(header, data))
            else:
                self._miss(1)

    def _new_headers(self, end: int) -> list[tuple[int, SlotHeader]]:
        """Returns the writes before `end` that hold a new picture, with their headers."""
        longest = self._slots.layout.longest_slot_lifetime
        lapped = max(0, writes_between(self._next, end) - longest)
        first = next_write(self._next, lapped)
        count = writes_between(first, end)
        self._next = end
        stride = int(self._writes_a_picture / _COPIES_LOOKED_AT) if self._order.is_relayed else 1
        looked_at = [next_write(first, offset) for offset in spread(count, max(1, stride))]
        headers = [(write, self._slots.read_header(write)) for write in looked_at]
        index = self._slots.read_index()
        new = []
        for write, header in headers:
            if self._slots.is_overwritten(write, index):
                lapped += 1
            elif self._is_new_picture(header):
                new.append((write, header))
        if lapped and not self._order.is_relayed:
            self._miss(lapped)
        return new

    def _is_new_picture(self, header: SlotHeader) -> bool:
        if not header.may_be_h264:
            self._skip(header)
        elif (order := self._order.place(header)) is Order.SAME:
            self._counts.repeats_skipped += 1
        elif order is Order.OLDER:
            self._counts.older_skipped += 1
        else:
            return True
        return False

    def _skip(self, header: SlotHeader) -> None:
        cause = cause_in_header(header)
        if not header.is_plausible:
            self._counts.invalid_headers_skipped += 1
            self._counts.refuse(cause)
            return
        self._counts.other_formats_skipped += 1
        number = (header.camera_id, header.frame_number)
        if number not in self._refused:  # else a relay repeats it, maybe with half a header
            self._refused.append(number)
            self._counts.refuse(cause)

    def _follow(self, index: int) -> None:
        """Take the slot that is being written, if it is proven complete; then remember the next
        one, whose write is `index`."""
        if self._newest.write == self._next:
            slot = self._newest.read()
            if slot is None:
                return
            self._next = next_write(self._next)
            header, data = slot
            if self._is_new_picture(header):
                self._deliver(SlotCopy(header, data))
        self._newest.remember(index)

    def _weigh(self, copy: SlotCopy) -> None:
        """Consider a copy of a picture that may come again."""
        for decided, is_believed in self._relay_copies.add(copy):
            if is_believed:
                self._deliver(decided)
            else:
                self._counts.stale_skipped += 1
                self._has_missed = True

    def _deliver(self, copy: SlotCopy) -> None:
        header, last = copy.header, self._cameras.last
        self._order.take(header)
        skipped = self._cameras.skipped_frame_numbers(header) if self._order.is_relayed else 0
        try:
            coded, continuity = self._cameras.advance(copy)
        except BitstreamError as exc:
            logger.debug("picture %d skipped: %s", header.frame_number, exc)
            self._counts.process_errors += 1
            self._counts.refuse(cause_in_bitstream(exc))
            self._has_missed = True
            return
        is_gap = self._is_gap(continuity, skipped, starts_gop=coded.is_idr)
        is_discontinuity = is_gap or continuity is Continuity.FIRST
        if is_discontinuity:
            is_of_another = last is not None and last.camera_id != header.camera_id
            self._counts.discontinuities[self._cause(continuity, is_of_another)] += 1
        self._has_missed = False
        if self._counts.refused is not None:
            self._counts.on_readable()
        self._newest.forecast.add(header.data_size, is_idr=coded.is_entry_point)
        self._counts.frames_read += 1
        self._pictures.append(Picture(header, coded, is_discontinuity))
        if not self._order.is_once_each:
            self._relay_copies.on_delivered(copy.data, is_gap=is_discontinuity)
            writes = writes_between(self._delivered_at, self._last_index)
            self._writes_a_picture += (writes - self._writes_a_picture) / 8
            self._delivered_at = self._last_index

    def _is_gap(self, continuity: Continuity, skipped: int, *, starts_gop: bool) -> bool:
        """Whether pictures are missing before this one; counts those that a relay hid.

        `skipped`: the number of frame numbers between the last picture and this one.
        """
        if not self._order.is_relayed:
            return self._has_missed or continuity is Continuity.GAP
        # The loss of exactly one GOP leaves frame_num as it would be.
        is_jump = skipped > max(_MOST_SKIPPED, 2 * self._usually_skipped)
        self._usually_skipped = max(skipped, self._usually_skipped * 7 // 8)
        is_gap = (
            continuity is Continuity.GAP
            or (continuity is Continuity.NEXT and is_jump)
            # Nothing else tells across an IDR.
            or (
                (continuity is Continuity.UNKNOWN or starts_gop)
                and (self._has_missed or skipped > 0)
            )
        )
        if is_gap and continuity is not Continuity.FIRST:
            self._counts.frames_missed += max(1, skipped)
        return is_gap

    def _cause(self, continuity: Continuity, is_of_another: bool) -> Discontinuity:
        if continuity is Continuity.FIRST:
            return Discontinuity.CAMERA_CHANGED if is_of_another else Discontinuity.BEGAN
        return Discontinuity.MISSED if self._has_missed else Discontinuity.GAP

    def _miss(self, count: int) -> None:
        self._counts.frames_missed += count
        self._has_missed = True
