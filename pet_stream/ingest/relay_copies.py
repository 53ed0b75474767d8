"""Behind a careless relay: which of a picture's copies has the right bytes.

The switcher daemon copies the newest slot of a camera's ring while the camera may still be writing
it. A complete slot of ours can therefore hold a half-copied picture, or one picture's header over
another's bytes, for good. But each picture comes many times, and the later a copy was made, the
longer the camera was done.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import Final

from ..media.ring import SlotHeader

_REMEMBERED: Final = 40
"""A turn of the camera's ring, whose slots the half-copied bytes come from, with some margin."""
_TAIL_BYTES: Final = 16


@dataclass(slots=True)
class PictureCopies:
    """The copies of one picture so far: its latest bytes, and how many copies in a row had them."""

    header: SlotHeader
    data: bytes
    agreeing: int = 1

    def add(self, data: bytes) -> None:
        if data == self.data:
            self.agreeing += 1
        else:
            self.data = data
            self.agreeing = 1


class DeliveredBytes:
    """The bytes of the pictures delivered last. Owned by the camera thread."""

    def __init__(self) -> None:
        self._pictures: deque[bytes] = deque(maxlen=_REMEMBERED)

    def add(self, data: bytes) -> None:
        self._pictures.append(data)

    def end_like(self, data: bytes) -> bool:
        """Whether one of them has, at the same place, the same bytes that `data` ends with.

        Coded video hardly ever repeats itself to the byte, but this is what a copy looks like that
        was not finished: the new picture's header with an old picture's bytes at the end.
        """
        end = len(data)
        start = max(0, end - _TAIL_BYTES)
        tail = data[start:]
        return any(old[start:end] == tail for old in self._pictures)
