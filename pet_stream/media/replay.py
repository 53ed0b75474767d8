"""The last seconds, kept so that a recording can begin before somebody pressed the button."""

from __future__ import annotations

import itertools
from collections import deque
from dataclasses import dataclass, field

from .access_unit import AccessUnit


@dataclass(slots=True)
class _Gop:
    units: list[AccessUnit] = field(default_factory=list)
    size_bytes: int = 0


class ReplayMemory:
    """Whole GOPs of the last `max_seconds`, bounded in bytes. Owned by one thread, or by a lock.

    The oldest GOP goes when the ones after it reach back far enough, or when the bytes do not
    suffice. At low rates it thus holds more than was asked for: it reaches back to the IDR before.
    A GOP that alone outgrows the bytes is forgotten whole: a part of it could not be decoded.
    """

    def __init__(self, max_seconds: float, max_bytes: int) -> None:
        self.max_seconds = max_seconds
        self.max_bytes = max_bytes
        self._gops: deque[_Gop] = deque()
        self._size_bytes = 0

    def append(self, unit: AccessUnit) -> None:
        if not self.max_seconds:
            return
        if unit.is_idr:
            self._gops.append(_Gop())
        elif not self._gops:
            return
        gop, size_bytes = self._gops[-1], unit.size_bytes
        gop.units.append(unit)
        gop.size_bytes += size_bytes
        self._size_bytes += size_bytes
        oldest_needed_ns = unit.capture_ns - round(self.max_seconds * 1e9)
        while self._gops and (
            self._size_bytes > self.max_bytes
            or (len(self._gops) > 1 and self._gops[1].units[0].capture_ns <= oldest_needed_ns)
        ):
            self._size_bytes -= self._gops.popleft().size_bytes

    def since(self, start_ns: int) -> tuple[AccessUnit, ...]:
        """What was shown from `start_ns` (capture time) on, from the IDR before it; as far as it is
        kept, and empty if all of it is older."""
        if not self._gops or self._gops[-1].units[-1].capture_ns < start_ns:
            return ()
        ends_ns = [gop.units[0].capture_ns for gop in self._gops][1:]
        past_count = sum(end_ns <= start_ns for end_ns in ends_ns)
        gops = itertools.islice(self._gops, past_count, None)
        return tuple(unit for gop in gops for unit in gop.units)

    def clear(self) -> None:
        self._gops.clear()
        self._size_bytes = 0

    @property
    def size_bytes(self) -> int:
        return self._size_bytes

    @property
    def seconds(self) -> float:
        """How far it reaches back from its newest picture."""
        if not self._gops:
            return 0.0
        return (self._gops[-1].units[-1].capture_ns - self._gops[0].units[0].capture_ns) / 1e9
