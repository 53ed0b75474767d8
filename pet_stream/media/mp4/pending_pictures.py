"""The pictures of an MP4's next fragment, until it is complete, and their times."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from ..access_unit import AccessUnit
from ..h264.avcc import length_prefixed
from .sample_table import MAX_DURATION, Sample

MAX_FRAGMENT_NS = 2_000_000_000
"""A longer GOP of a file is written in several fragments."""
IN_ORDER_COUNT = 60
"""After this many pictures that are shown in decoding order, the others are expected to be."""
MAX_REORDERED = 16
"""Pictures that may be decoded before one that is shown before them (H.264 A.3.1)."""


class TimedPicture(NamedTuple):
    """A picture with its place in the file, in ticks."""

    unit: AccessUnit
    duration: int
    composition_offset: int
    """From its time of decoding to the time at which it is shown."""
    is_sync: bool
    """Whether players can begin here: at an entry point that no leading picture follows."""


class PendingPictures:
    """Collects pictures in decoding order, and gives them their times. Owned by one thread.

    Capture times come in decoding order, so they are the times of decoding. Within a fragment they
    are given out again in display order: what is shown first is shown at the earliest time. So a
    fragment ends before a picture that is shown after all of those in it.
    """

    def __init__(self, max_fragment_ns: int = MAX_FRAGMENT_NS) -> None:
        """A longer GOP is cut where it can be, at twice `max_fragment_ns` anywhere."""
        self.max_fragment_ns = max_fragment_ns
        self._units: list[AccessUnit] = []
        self._times: list[int] = []
        self._newest_shown: int | None = None  # the greatest pic_order
        self._complete_count = 0  # those in front of the picture that is shown last
        self._in_order_count = 0  # pictures since the last one that was not

    def __len__(self) -> int:
        return len(self._units)

    @property
    def start_time(self) -> int:
        return self._times[0]

    @property
    def times(self) -> list[int]:
        return self._times

    @property
    def complete_count(self) -> int:
        """How many of them no later picture can be shown before."""
        tail = len(self._units) - self._complete_count
        if self._in_order_count >= IN_ORDER_COUNT or tail > MAX_REORDERED:
            return len(self._units)
        return self._complete_count

    def ends_before(self, unit: AccessUnit) -> bool:
        """Whether the fragment is complete, and `unit` begins the next one."""
        if not self._units:
            return False
        if unit.is_entry_point:
            return True
        duration_ns = unit.capture_ns - self._units[0].capture_ns
        if duration_ns >= 2 * self.max_fragment_ns:
            return True
        return duration_ns >= self.max_fragment_ns and self._is_shown_last(unit)

    def append(self, unit: AccessUnit, time: int) -> None:
        if unit.pic_order is None:
            self._complete_count = len(self._units) + 1
        elif self._is_shown_last(unit):
            self._complete_count = len(self._units)
            self._newest_shown = unit.pic_order
            self._in_order_count += 1
        else:
            self._in_order_count = 0
        self._units.append(unit)
        self._times.append(time)

    def take(self, count: int, end_time: int) -> Iterator[TimedPicture]:
        """Take the first `count` out; the last of them ends at `end_time`."""
        units, times = self._units[:count], self._times[:count]
        self._units, self._times = self._units[count:], self._times[count:]
        self._complete_count = max(0, self._complete_count - count)
        if not self._units:
            self._newest_shown = None
        ends = [*times[1:], end_time]
        shown_times = _display_times(units, times)
        is_open = any(unit.is_leading for unit in units)
        for unit, time, end, shown in zip(units, times, ends, shown_times, strict=True):
            duration = min(end - time, MAX_DURATION)
            is_sync = unit.is_idr or (unit.is_entry_point and not is_open)
            yield TimedPicture(unit, duration, shown - time, is_sync)

    def clear(self) -> None:
        self._units, self._times = [], []
        self._complete_count, self._newest_shown = 0, None

    def _is_shown_last(self, unit: AccessUnit) -> bool:
        newest, order = self._newest_shown, unit.pic_order
        return newest is None or order is None or order > newest


def to_samples(
    pictures: Iterable[TimedPicture], *, begins_file: bool = False
) -> tuple[list[bytes], list[Sample]]:
    """Returns the data of `pictures` as it stands in an MP4, and what its tables say of them.
    A file begins at its first picture, whatever that is."""
    data: list[bytes] = []
    samples: list[Sample] = []
    for picture in pictures:
        data.append(length_prefixed(picture.unit.nal_units))
        samples.append(
            Sample(
                size_bytes=len(data[-1]),
                duration=picture.duration,
                is_sync=picture.is_sync or (begins_file and not samples),
                composition_offset=picture.composition_offset,
            )
        )
    return data, samples


def _display_times(units: list[AccessUnit], times: list[int]) -> list[int]:
    """Returns when each of `units` is shown."""
    orders = [unit.pic_order for unit in units]
    known = [order for order in orders if order is not None]
    if len(known) < len(orders) or known == sorted(known):
        return times
    shown = [0] * len(units)
    for time, index in zip(times, sorted(range(len(units)), key=known.__getitem__), strict=True):
        shown[index] = time
    return shown
