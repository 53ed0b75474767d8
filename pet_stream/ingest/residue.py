"""The older bytes that a half-copied picture can end in."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from typing import Final

from ..media.ring import SLOT_COUNT

_TAIL_BYTES: Final = 16


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
