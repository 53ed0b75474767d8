"""Decides, behind a relay, which of a picture's copies has the right bytes.

The relay (the switcher daemon) copies the newest slot of a camera's ring while the camera may still
be writing it. So even a complete slot can hold a half-copied picture, the header of one picture
over the bytes of another, or a header mixed from two pictures. But each picture comes many times,
and later copies are more likely to be complete. A picture is believed when two copies in a row are
equal, continue the reference chain (`frame_num`, H.264 7.4.3) and do not end in old bytes. A
picture in doubt is decided when the next one has come.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from ..errors import BitstreamError
from ..media.h264.continuity import Continuity
from ..media.ring import RingLayout, SlotHeader
from .camera_stream import Cameras, SlotCopy
from .residue import Residue

_AGREEING: Final = 2
_MAX_PENDING: Final = 3
_COPYING_NS: Final = 10_000_000
"""Longer than a camera needs to write a slot, unless it is delayed."""


@dataclass(slots=True, eq=False)
class PictureCopies:
    """The latest copy of one picture; how many copies in a row were equal to it, and since when."""

    latest: SlotCopy
    first_ns: int
    last_ns: int
    count: int = 1

    @property
    def agree(self) -> bool:
        return self.count >= _AGREEING

    @property
    def just_agreed(self) -> bool:
        return self.count == _AGREEING

    @property
    def outlast_copying(self) -> bool:
        """Whether they have been equal for longer than a camera needs to write a slot."""
        return self.last_ns - self.first_ns >= _COPYING_NS

    def add(self, copy: SlotCopy, now_ns: int) -> None:
        if copy.header == self.latest.header and copy.data == self.latest.data:
            self.count += 1
            self.last_ns = now_ns
        else:
            self.latest, self.count = copy, 1
            self.first_ns = self.last_ns = now_ns


class RelayCopies:
    """Collects the copies of the pictures that are not decided yet. Owned by the camera thread."""

    def __init__(self, cameras: Cameras, layout: RingLayout) -> None:
        self._cameras = cameras
        self._residue = Residue(layout)
        self._pending: list[PictureCopies] = []

    def add(self, copy: SlotCopy) -> Iterator[tuple[SlotCopy, bool]]:
        """Take one more copy. Yields each picture that it decides, oldest first, and whether to
        believe it. A picture that is believed must be delivered before the next one is asked for.
        """
        now_ns = time.monotonic_ns()
        copies = self._of_same_picture(copy.header)
        if copies is None:
            copies = PictureCopies(copy, now_ns, now_ns)
            self._pending.insert(self._position(copy.header), copies)
        else:
            copies.add(copy, now_ns)
        if copies.agree:
            end = self._pending.index(copies) + self._is_settled(copies)
        else:
            end = max(0, len(self._pending) - _MAX_PENDING)  # too long undecided
        for _ in range(end):
            decided = self._pending.pop(0)
            yield decided.latest, self._is_believed(decided)

    def take_all(self) -> list[SlotCopy]:
        """Returns all undecided copies, oldest first; for when there is no relay after all."""
        pending, self._pending = self._pending, []
        return [copies.latest for copies in pending]

    def on_delivered(self, data: bytes, *, is_gap: bool) -> None:
        """Note what was delivered. `is_gap`: pictures are missing before this one."""
        self._residue.add(data, is_gap=is_gap)

    def _of_same_picture(self, header: SlotHeader) -> PictureCopies | None:
        """Copies of one picture have the same time stamp, but the frame number may still be that of
        an older picture. Two new numbers are two pictures, even if the camera's stamps repeat."""
        for copies in self._pending:
            other = copies.latest.header
            if (
                (other.captured_at_ns, other.camera_id) == (header.captured_at_ns, header.camera_id)
            ) and (
                other.frame_number == header.frame_number
                or self._is_earlier(other)
                or self._is_earlier(header)
            ):
                return copies
        return None

    def _position(self, header: SlotHeader) -> int:
        """Returns where among the undecided a picture belongs: they come in order, unless the relay
        brings back an older one, which its number shows."""
        position = len(self._pending)
        if self._is_earlier(header):
            return position
        while position and (
            (other := self._pending[position - 1].latest.header).camera_id == header.camera_id
            and other.frame_number > header.frame_number
        ):
            position -= 1
        return position

    def _is_settled(self, copies: PictureCopies) -> bool:
        """Whether the copies that agree need not wait for the next picture."""
        if copies.just_agreed:
            return not self._is_doubtful(copies)
        return copies.outlast_copying and not self._is_gap(copies) and self._is_believed(copies)

    def _is_believed(self, copies: PictureCopies) -> bool:
        """The final decision on a picture."""
        if self._has_earlier_number(copies):
            # The number is of another picture, unless the camera has restarted.
            return copies.outlast_copying and self._is_idr(copies)
        if not copies.agree and self._is_gap(copies):
            return False
        return copies.outlast_copying or not self._residue.surely_ends(copies.latest.data)

    def _is_doubtful(self, copies: PictureCopies) -> bool:
        return (
            self._is_gap(copies)
            or self._has_earlier_number(copies)
            or self._residue.may_end(copies.latest.data)
        )

    def _is_gap(self, copies: PictureCopies) -> bool:
        """Whether the bytes do not continue what was delivered last."""
        try:
            return self._cameras.check(copies.latest) is Continuity.GAP
        except BitstreamError:
            return True

    def _is_idr(self, copies: PictureCopies) -> bool:
        try:
            return self._cameras.parse(copies.latest).is_idr
        except BitstreamError:
            return False

    def _has_earlier_number(self, copies: PictureCopies) -> bool:
        return self._is_earlier(copies.latest.header)

    def _is_earlier(self, header: SlotHeader) -> bool:
        return self._cameras.skipped_frame_numbers(header) < 0


def last_copies(copies: list[tuple[int, SlotHeader]]) -> list[tuple[int, SlotHeader]]:
    """Returns `copies` without those of which two later copies are in the list."""
    return [
        copy
        for position, copy in enumerate(copies)
        if [header for _, header in copies[position + 1 : position + 3]] != [copy[1]] * 2
    ]


def spread(count: int, stride: int) -> list[int]:
    """Returns the last two of `range(count)`, and every `stride`-th of those before."""
    last_two = max(0, count - 2)
    return [*range(last_two % stride, last_two, stride), *range(last_two, count)]
