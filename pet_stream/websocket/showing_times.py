"""When pictures are shown that are decoded in another order: B pictures, live. Pure."""

from __future__ import annotations

from itertools import pairwise

from ..media.access_unit import AccessUnit

MAX_INTERVALS = 16
"""H.264 lets no picture be decoded further ahead of its showing (A.3.1)."""
MAX_OFFSET_US = 8_000_000
"""What fits into 24 bits with a sign."""
_ORDERS_KEPT = 64


class ShowingTimes:
    """Tells how much later than it is decoded each picture is shown, or how much earlier on the
    scale of capture times, which come in decoding order. Owned by one thread.

    Nothing is known of later pictures, so the place in the order of showing (`pic_order`) is
    compared with that in the order of decoding: the difference is a number of intervals.
    """

    def __init__(self) -> None:
        self._orders: list[int] = []  # the newest ones of this run
        self._step = 2  # of `pic_order` from one picture to the next, as most encoders count
        self._is_reordered = False
        self._index = 0  # in the order of decoding, since the run began
        self._first_order = 0
        self._first_ns = 0
        self._interval_us = 0.0

    def offset_us(self, unit: AccessUnit) -> int:
        """Returns the offset of the next picture in decoding order; 0 where none is reordered."""
        order = unit.pic_order
        if order is None:
            return 0
        self._index += 1
        if unit.is_idr or unit.is_discontinuity or not self._orders:
            self._begin(unit, order)
        ahead = (order - self._first_order) // self._step - self._index
        if abs(ahead) > MAX_INTERVALS:  # pictures are missing, or the count has started again
            self._begin(unit, order)
            ahead = 0
        self._is_reordered |= order < max(self._orders, default=order)
        self._orders.append(order)
        if len(self._orders) == _ORDERS_KEPT:
            self._learn()
        if not self._is_reordered:
            return 0
        if self._index:
            self._interval_us = (unit.capture_ns - self._first_ns) / 1000 / self._index
        offset_us = round(ahead * self._interval_us)
        return max(-MAX_OFFSET_US, min(offset_us, MAX_OFFSET_US))

    def _begin(self, unit: AccessUnit, order: int) -> None:
        self._learn()
        self._index, self._first_order, self._first_ns = 0, order, unit.capture_ns

    def _learn(self) -> None:
        """Take from the pictures of this run how they are counted, and whether they are
        reordered."""
        in_order = sorted(self._orders)
        if len(in_order) > 2:
            self._is_reordered = in_order != self._orders
            steps = (b - a for a, b in pairwise(in_order) if b > a)
            self._step = min(steps, default=self._step)
        self._orders = []
