"""Behind a careless relay: which of a picture's copies has the right bytes.

The switcher daemon copies the newest slot of a camera's ring while the camera may still be writing
it. A complete slot of ours can therefore hold a half-copied picture, one picture's header over
another's bytes, or a header of two pictures, for good. But each picture comes many times, and the
later a copy was made, the longer the camera was done.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from ..errors import BitstreamError
from ..media.h264 import is_idr, split_annex_b
from ..media.ring import SLOT_COUNT, SlotHeader

_AGREEING: Final = 2
_COPYING_NS: Final = 10_000_000
"""Longer than a camera takes for a slot, unless it is held up."""
_MAX_PENDING: Final = 3
_TAIL_BYTES: Final = 16


@dataclass(slots=True)
class PictureCopies:
    """One picture's latest copy, and how many copies in a row were like it, found when."""

    header: SlotHeader
    data: bytes
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
        """Whether they were found alike for longer than a camera copies."""
        return self.last_ns - self.first_ns >= _COPYING_NS

    @property
    def is_idr(self) -> bool:
        try:
            return is_idr(split_annex_b(self.data))
        except BitstreamError:
            return False

    def add(self, header: SlotHeader, data: bytes, now_ns: int) -> None:
        if header == self.header and data == self.data:
            self.count += 1
            self.last_ns = now_ns
        else:
            self.header, self.data, self.count = header, data, 1
            self.first_ns = self.last_ns = now_ns


class RelayCopies:
    """Collects the copies of the pictures that are not decided yet. Owned by the camera thread."""

    def __init__(self) -> None:
        self._pending: dict[tuple[int, int], PictureCopies] = {}

    def add(self, header: SlotHeader, data: bytes) -> PictureCopies:
        """A further copy. Copies belong together by their moment of capture: a frame number may be
        another picture's still."""
        moment = (header.captured_at_ns, header.camera_id)
        now_ns = time.monotonic_ns()
        copies = self._pending.get(moment)
        if copies is None:
            copies = self._pending[moment] = PictureCopies(header, data, now_ns, now_ns)
        else:
            copies.add(header, data, now_ns)
        return copies

    def take_until(self, copies: PictureCopies, *, inclusive: bool) -> list[PictureCopies]:
        """Take out what was captured before `copies`, oldest first, and itself if `inclusive`.

        Without agreement on `copies` it takes what is too long undecided.
        """
        moments = sorted(self._pending)
        if copies.agree:
            end = moments.index((copies.header.captured_at_ns, copies.header.camera_id)) + inclusive
        else:
            end = max(0, len(moments) - _MAX_PENDING)
        return [self._pending.pop(moment) for moment in moments[:end]]


class Residue:
    """The older bytes that a half-copied slot can hold: for each length, those of the last pictures
    that were as long. Owned by the camera thread.

    A slot that the camera is about to overwrite holds a picture of one turn of its ring ago and,
    behind that one's end, what longer ones before it have left.
    """

    def __init__(self) -> None:
        self._turn: deque[bytes] = deque()
        self._longer: list[bytes] = []
        """From before the last turns, each longer than all that came after it."""
        self._unbroken = 0

    def add(self, data: bytes, *, is_gap: bool) -> None:
        """`is_gap`: pictures are missing before this one."""
        self._unbroken = 0 if is_gap else self._unbroken + 1
        self._turn.append(data)
        if len(self._turn) > 2 * SLOT_COUNT:
            leaving = self._turn.popleft()
            while self._longer and len(self._longer[-1]) <= len(leaving):
                self._longer.pop()
            self._longer.append(leaving)

    def may_end(self, data: bytes) -> bool:
        """Whether the end of `data` can be residue: an older picture has the same bytes in the same
        place, or not all that can stand there are known."""
        return (
            self._unbroken < SLOT_COUNT
            or self._ends(data)
            or not any(len(old) >= len(data) for old in self._pictures())
        )

    def surely_ends(self, data: bytes) -> bool:
        """Whether the end of `data` is residue or nothing, not alike by chance, as still scenes and
        filler are."""
        tail = set(data[-_TAIL_BYTES:])
        return tail == {0} or (len(tail) > _TAIL_BYTES // 2 and self._ends(data))

    def _ends(self, data: bytes) -> bool:
        # In two parts, as an older picture may end within the tail, and what is behind it is from
        # yet another.
        end = len(data)
        middle = max(0, end - _TAIL_BYTES // 2)
        return self._has(data, middle, end) or self._has(data, max(0, end - _TAIL_BYTES), middle)

    def _has(self, data: bytes, start: int, end: int) -> bool:
        part = data[start:end]
        return bool(part) and any(old[start:end] == part for old in self._pictures())

    def _pictures(self) -> Iterator[bytes]:
        yield from self._turn
        yield from self._longer
