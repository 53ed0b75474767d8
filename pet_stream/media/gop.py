"""Everything since the last IDR, so that whoever joins can start at once."""

from __future__ import annotations

from .access_unit import AccessUnit


class GopCache:
    """The access units of the current GOP, bounded in bytes and count. Owned by one thread.

    A GOP that outgrows a bound is forgotten whole: a part of it could not be decoded.
    """

    def __init__(self, max_bytes: int = 16 * 1024 * 1024, max_units: int = 900) -> None:
        self._max_bytes = max_bytes
        self._max_units = max_units
        self._units: list[AccessUnit] = []
        self._size_bytes = 0

    def append(self, unit: AccessUnit) -> None:
        if unit.is_idr:
            self.clear()
        elif not self._units:
            return
        self._units.append(unit)
        self._size_bytes += unit.size_bytes
        if self._size_bytes > self._max_bytes or len(self._units) > self._max_units:
            self.clear()

    def clear(self) -> None:
        self._units = []
        self._size_bytes = 0

    @property
    def units(self) -> tuple[AccessUnit, ...]:
        """From the IDR to the newest picture; empty before the first IDR."""
        return tuple(self._units)

    @property
    def size_bytes(self) -> int:
        return self._size_bytes
