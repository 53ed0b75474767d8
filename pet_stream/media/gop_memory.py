"""The last pictures: for viewers who join, and for files that begin in the past."""

from __future__ import annotations

import itertools
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field

from .access_unit import AccessUnit

GOP_BYTES = 16 * 1024 * 1024
GOP_UNITS = 900
"""A new viewer begins with at most this, whatever older pictures the settings keep."""
_LONGEST_REFRESH_NS = 10_000_000_000


@dataclass(slots=True, eq=False)
class _Gop:
    """An entry point and the pictures up to the next one."""

    refreshes_for: int
    """After this many pictures the gradual refresh that begins here is over; 0 for an IDR."""
    rank: tuple[bool, bool, bool]
    """How good it is to begin here: at an IDR, with a picture that is right at once, exactly."""
    units: list[AccessUnit] = field(default_factory=list)
    size_bytes: int = 0
    right_ns: int | None = None
    """Capture time of the first picture that is right if decoding begins here. None until then."""

    @property
    def settled_ns(self) -> int:
        """When its pictures are right, or would be if they had come."""
        begun_ns = self.units[0].capture_ns
        return begun_ns + _LONGEST_REFRESH_NS if self.right_ns is None else self.right_ns

    @classmethod
    def at(cls, unit: AccessUnit) -> _Gop:
        point = unit.recovery_point
        is_exact = point is None or point.is_exact
        return cls(point.frame_count if point else 0, (unit.is_idr, unit.starts_clean, is_exact))


class GopMemory:
    """The newest pictures to begin with, and those before. Owned by one thread, or by a lock.

    All begins at an entry point: an IDR, or a recovery point. The oldest GOP is dropped when the
    ones after it cover `max_seconds`, or when all together have more than `max_bytes`. Whole GOPs
    are kept, so at low rates the memory reaches further back than `max_seconds`: to the entry point
    before.

    A new viewer begins at the newest IDR while the pictures from there on are at most `gop_bytes`
    and `gop_units`; beyond that at a recovery point behind it. Among recovery points one whose
    pictures are right by now is better than one where the picture still builds up. Pictures are
    kept beyond these limits if `max_bytes` allows; otherwise they are dropped up to where a viewer
    begins: a part of a GOP can't be decoded.
    """

    def __init__(
        self,
        max_seconds: float = 0,
        max_bytes: int = 0,
        *,
        gop_bytes: int = GOP_BYTES,
        gop_units: int = GOP_UNITS,
    ) -> None:
        self.set_limits(max_seconds, max_bytes)
        self._gop_bytes = gop_bytes
        self._gop_units = gop_units
        self._gops: deque[_Gop] = deque()
        self._size_bytes = 0
        self._joined: deque[_Gop] = deque()  # the last of _gops: what a new viewer begins with
        self._joined_bytes = self._joined_units = 0
        self._refreshing: list[_Gop] = []  # those of _joined whose pictures are not right yet
        self.clean_start_ns: int | None = None
        """Capture time of the newest picture that is right if decoding begins with it, as browsers
        need it. Without one, of the first picture; None before that."""

    def set_limits(self, max_seconds: float, max_bytes: int) -> None:
        """From the next picture on these count, as in the constructor."""
        self._max_ns = round(max_seconds * 1e9)
        self._max_bytes = max_bytes if max_seconds else 0  # then only what viewers begin with

    def append(self, unit: AccessUnit) -> None:
        if unit.is_entry_point:
            self._begin_gop(unit)
        elif not self._gops:
            return
        newest, size_bytes = self._gops[-1], unit.size_bytes
        newest.units.append(unit)
        newest.size_bytes += size_bytes
        self._size_bytes += size_bytes
        if self._joined:
            self._joined_bytes += size_bytes
            self._joined_units += 1
        if self._refreshing:
            self._advance_refreshes(unit)
        if self._is_too_much(self._joined_bytes, self._joined_units):
            self._shorten()
        self._drop_old(unit.capture_ns)

    def hide_gop(self) -> None:
        """Let new viewers begin with the next entry point. The pictures are kept, for files."""
        self._joined.clear()
        self._refreshing.clear()
        self._joined_bytes = self._joined_units = 0

    def clear(self, clean_start_ns: int | None = None) -> None:
        """Forget all pictures. `clean_start_ns`: when one came that was of no use here."""
        self.clean_start_ns = clean_start_ns or self.clean_start_ns
        self.hide_gop()
        self._gops.clear()
        self._size_bytes = 0

    @property
    def has_gop(self) -> bool:
        """Whether a new viewer has something to begin with."""
        return bool(self._joined)

    @property
    def entry_point(self) -> AccessUnit | None:
        """The first picture of `gop`."""
        return self._joined[0].units[0] if self._joined else None

    @property
    def gop(self) -> tuple[AccessUnit, ...]:
        """Returns what a new viewer begins with: from an entry point up to the newest picture.
        Empty: the viewer begins with the next entry point."""
        return _units(self._joined)

    def since(self, start_ns: int) -> tuple[AccessUnit, ...]:
        """Returns the pictures from `start_ns` (capture time) on, as far as they are kept,
        beginning at the newest entry point from which they are right; empty if all are older."""
        if not self._gops or self._gops[-1].units[-1].capture_ns < start_ns:
            return ()
        first = 0
        for index, gop in enumerate(self._gops):
            if gop.right_ns is not None and gop.right_ns <= start_ns:
                first = index
        return _units(itertools.islice(self._gops, first, None))

    @property
    def size_bytes(self) -> int:
        return self._size_bytes

    def _begin_gop(self, unit: AccessUnit) -> None:
        gop = _Gop.at(unit)
        if unit.starts_clean or self.clean_start_ns is None:
            self.clean_start_ns = unit.capture_ns
        self._gops.append(gop)
        if unit.is_discontinuity:  # nothing from before leads here
            self.hide_gop()
        self._joined.append(gop)
        if gop.refreshes_for:
            self._refreshing.append(gop)
        else:
            self._settle(gop, unit)

    def _advance_refreshes(self, unit: AccessUnit) -> None:
        for gop in tuple(self._refreshing):
            gop.refreshes_for -= unit is not gop.units[0]
            if gop.refreshes_for <= 0:
                self._refreshing.remove(gop)
                self._settle(gop, unit)

    def _settle(self, gop: _Gop, unit: AccessUnit) -> None:
        """From `unit` on the pictures are right if decoding begins at `gop`: new viewers begin
        there, unless they have something better."""
        gop.right_ns = unit.capture_ns
        while self._joined[0] is not gop and (
            self._joined[0].right_ns is None or self._joined[0].rank <= gop.rank
        ):
            self._leave_oldest()

    def _shorten(self) -> None:
        """Have new viewers begin later, because it is too much: at the newest recovery point whose
        pictures are right, else at one where they will be, else at the next entry point."""
        while self._joined and self._is_too_much(self._joined_bytes, self._joined_units):
            self._leave_oldest()
        right = [gop for gop in self._joined if gop.right_ns is not None]
        while right and self._joined[0] is not right[-1]:
            self._leave_oldest()

    def _leave_oldest(self) -> None:
        gop = self._joined.popleft()
        self._joined_bytes -= gop.size_bytes
        self._joined_units -= len(gop.units)
        if gop in self._refreshing:
            self._refreshing.remove(gop)

    def _drop_old(self, now_ns: int) -> None:
        kept_from = self._joined[0] if self._joined else self._gops[-1]
        while self._gops[0] is not kept_from:
            is_past = self._gops[1].settled_ns <= now_ns - self._max_ns
            if not is_past and self._size_bytes <= self._max_bytes:
                break
            self._forget_oldest()
        if (
            not self._joined
            and self._size_bytes > self._max_bytes
            and self._is_too_much(kept_from.size_bytes, len(kept_from.units))
        ):
            self._forget_oldest()

    def _forget_oldest(self) -> None:
        self._size_bytes -= self._gops.popleft().size_bytes

    def _is_too_much(self, size_bytes: int, unit_count: int) -> bool:
        return size_bytes > self._gop_bytes or unit_count > self._gop_units


def _units(gops: Iterable[_Gop]) -> tuple[AccessUnit, ...]:
    return tuple(unit for gop in gops for unit in gop.units)
