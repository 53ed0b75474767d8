"""The last pictures: for viewers who join, and for files that begin in the past."""

from __future__ import annotations

import itertools
from collections import deque
from dataclasses import dataclass, field

from .access_unit import AccessUnit

GOP_BYTES = 16 * 1024 * 1024
GOP_UNITS = 900
"""The newest GOP is kept up to this size, even when the settings keep nothing older."""


@dataclass(slots=True)
class _Gop:
    units: list[AccessUnit] = field(default_factory=list)
    size_bytes: int = 0


class GopMemory:
    """The newest GOP, and whole GOPs before it. Owned by one thread, or by a lock.

    The oldest GOP is dropped when the ones after it cover `max_seconds`, or when all together have
    more than `max_bytes`. Whole GOPs are kept, so at low rates the memory reaches further back than
    `max_seconds`: to the IDR before.

    The newest GOP is given to new viewers while it has at most `gop_bytes` and `gop_units`. It is
    kept beyond that if `max_bytes` allows; otherwise all of it is dropped, because a part of it
    can't be decoded.
    """

    def __init__(
        self,
        max_seconds: float = 0,
        max_bytes: int = 0,
        *,
        gop_bytes: int = GOP_BYTES,
        gop_units: int = GOP_UNITS,
    ) -> None:
        self._max_ns = round(max_seconds * 1e9)
        self._max_bytes = max_bytes if max_seconds else 0  # then only the newest GOP
        self._gop_bytes = gop_bytes
        self._gop_units = gop_units
        self._gops: deque[_Gop] = deque()
        self._size_bytes = 0
        self._is_joinable = False

    def append(self, unit: AccessUnit) -> None:
        if unit.is_idr:
            self._gops.append(_Gop())
            self._is_joinable = True
        elif not self._gops:
            return
        newest, size_bytes = self._gops[-1], unit.size_bytes
        newest.units.append(unit)
        newest.size_bytes += size_bytes
        self._size_bytes += size_bytes
        while len(self._gops) > 1 and (
            self._size_bytes > self._max_bytes
            or self._gops[1].units[0].capture_ns <= unit.capture_ns - self._max_ns
        ):
            self._forget_oldest()
        if newest.size_bytes > self._gop_bytes or len(newest.units) > self._gop_units:
            self._is_joinable = False
            if self._size_bytes > self._max_bytes:
                self._forget_oldest()

    def hide_gop(self) -> None:
        """Let new viewers begin with the next IDR. The pictures are kept, for files."""
        self._is_joinable = False

    @property
    def has_gop(self) -> bool:
        """Whether a new viewer has an IDR to begin with."""
        return self._is_joinable

    @property
    def gop(self) -> tuple[AccessUnit, ...]:
        """Returns what a new viewer begins with: the newest IDR up to the newest picture. Empty:
        the viewer begins with the next IDR."""
        return tuple(self._gops[-1].units) if self._is_joinable else ()

    def since(self, start_ns: int) -> tuple[AccessUnit, ...]:
        """Returns the pictures from `start_ns` (capture time) on, as far as they are kept,
        beginning at the IDR before it; empty if all are older."""
        if not self._gops or self._gops[-1].units[-1].capture_ns < start_ns:
            return ()
        ends_ns = [gop.units[0].capture_ns for gop in self._gops][1:]
        past_count = sum(end_ns <= start_ns for end_ns in ends_ns)
        gops = itertools.islice(self._gops, past_count, None)
        return tuple(unit for gop in gops for unit in gop.units)

    @property
    def size_bytes(self) -> int:
        return self._size_bytes

    def _forget_oldest(self) -> None:
        self._size_bytes -= self._gops.popleft().size_bytes
