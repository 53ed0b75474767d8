"""The last pictures: for whoever joins now, and for files that begin in the past."""

from __future__ import annotations

import itertools
from collections import deque
from dataclasses import dataclass, field

from .access_unit import AccessUnit

GOP_BYTES = 16 * 1024 * 1024
GOP_UNITS = 900
"""Up to here the newest GOP is kept, however little is kept of the past."""


@dataclass(slots=True)
class _Gop:
    units: list[AccessUnit] = field(default_factory=list)
    size_bytes: int = 0


class GopMemory:
    """The newest GOP, and whole GOPs before it. Owned by one thread, or by a lock.

    The GOPs before go, the oldest first, when those after them reach back `max_seconds`, or when
    all together have more than `max_bytes`. At low rates there is thus more than was asked for: it
    reaches back to the IDR before.

    The newest GOP is for whoever joins as long as it has at most `gop_bytes` and `gop_units`. It is
    kept beyond that if `max_bytes` suffice; if not, it is forgotten whole, because a part of it
    could not be decoded.
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
        """Who joins now begins with the next IDR. What was shown stays, for files."""
        self._is_joinable = False

    @property
    def has_gop(self) -> bool:
        """Whether who joins now has an IDR to begin with."""
        return self._is_joinable

    @property
    def gop(self) -> tuple[AccessUnit, ...]:
        """What who joins now begins with, from the newest IDR to the newest picture; empty: with
        the next IDR."""
        return tuple(self._gops[-1].units) if self._is_joinable else ()

    def since(self, start_ns: int) -> tuple[AccessUnit, ...]:
        """What was shown from `start_ns` (capture time) on, from the IDR before it; as far as it is
        kept, and empty if all of it is older."""
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
