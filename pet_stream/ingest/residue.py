"""Recognizes a half-copied picture by the old bytes that it ends in."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from typing import Final

from ..media.ring import RingLayout

_TAIL_BYTES: Final = 16


class Residue:
    """The pictures whose bytes a half-copied slot can still hold. Owned by the camera thread.

    A slot that the camera is about to overwrite holds a picture from one turn of the ring ago and,
    behind its end, the remains of longer pictures before it: those of the camera's own buffer, or,
    if it copies the picture only, those of earlier turns in this slot, which are not all known.
    """

    def __init__(self, layout: RingLayout) -> None:
        self._layout = layout
        self._turn: deque[bytes] = deque()
        self._longer: list[bytes] = []
        """Pictures from before the last turns, each longer than all that came after it."""
        self._unbroken = 0

    def add(self, data: bytes, *, is_gap: bool) -> None:
        """`is_gap`: pictures are missing before this one."""
        self._unbroken = 0 if is_gap else self._unbroken + 1
        self._turn.append(data)
        if len(self._turn) > 2 * self._layout.slot_count:
            leaving = self._turn.popleft()
            while self._longer and len(self._longer[-1]) <= len(leaving):
                self._longer.pop()
            self._longer.append(leaving)

    def may_end(self, data: bytes) -> bool:
        """Whether the end of `data` can be residue: an older picture has the same bytes in the same
        place, or not every picture that was there is known."""
        return (
            self._layout.leaves_old_bytes
            or self._unbroken < self._layout.slot_count
            or self._ends(data)
            or not any(len(old) >= len(data) for old in self._pictures())
        )

    def surely_ends(self, data: bytes) -> bool:
        """Whether the end of `data` is zeros or certainly residue. Still scenes and filler can be
        equal by chance, so repetitive bytes don't count."""
        tail = set(data[-_TAIL_BYTES:])
        return tail == {0} or (len(tail) > _TAIL_BYTES // 2 and self._ends(data))

    def _ends(self, data: bytes) -> bool:
        # In two parts: one older picture may end within the tail, with a longer one behind it.
        end = len(data)
        middle = max(0, end - _TAIL_BYTES // 2)
        return self._has(data, middle, end) or self._has(data, max(0, end - _TAIL_BYTES), middle)

    def _has(self, data: bytes, start: int, end: int) -> bool:
        part = data[start:end]
        return bool(part) and any(old[start:end] == part for old in self._pictures())

    def _pictures(self) -> Iterator[bytes]:
        yield from self._turn
        yield from self._longer
