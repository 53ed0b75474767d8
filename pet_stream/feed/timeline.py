"""Gives pictures their times from a source's time stamps, whatever these do. Pure."""

from __future__ import annotations

import statistics
from collections import deque

JUMP_S = 5.0
"""Stamps further apart than this, and than three usual intervals, have jumped: it is no pause."""
DEFAULT_RATE_FPS = 30.0

_MIN_RATE_FPS, _MAX_RATE_FPS = 0.1, 240.0
_MIN_INTERVAL_S = 1 / _MAX_RATE_FPS
_MAX_BEHIND_S = 1.0
_WRAPS_BITS = 24, 32, 33  # of FLV in milliseconds, RTP and MPEG-TS
_REMEMBERED = 32
_FEW_INTERVALS = 5  # there may be a pause among them
_MIN_ARRIVAL_S = 1.0  # what takes less time may be what a server sends at once


class Timeline:
    """The times of one source's pictures, in the order in which they come. They always rise.

    - A stamp that rises is the time, counted from where this timeline began.
    - One that jumps, ahead or back by more than a second, is one interval after the last. From here
      on stamps count from there. If 24, 32 or 33 bits wrap, they go on as if they had not.
    - One that is equal, a little earlier or hardly later is one interval after the last, until the
      stamps are there, too.
    - A missing one is one interval after the last: what the rate says, or how long the pictures of
      a live source take to arrive.
    """

    def __init__(
        self,
        rate_fps: float | None = None,
        *,
        wanted_fps: float | None = None,
        starts_at_s: float = 0.0,
    ) -> None:
        """`rate_fps` is what the source says, if it is plausible. With `wanted_fps`, pictures are
        only counted."""
        self._rate_fps = rate_fps
        self._wanted_fps = wanted_fps
        self._starts_at_s = starts_at_s
        self._count = 0
        self._time_s = starts_at_s
        self._offset_s: float | None = None
        self._latest_s = starts_at_s
        """The latest stamp, as it counts here."""
        self._count_at_latest = 0
        self._intervals_s: deque[float] = deque(maxlen=_REMEMBERED)
        self._arrivals_s: deque[float] = deque(maxlen=_REMEMBERED)
        self.interval_s = 1 / (wanted_fps or rate_fps or DEFAULT_RATE_FPS)
        """How long a picture is usually shown. A pause or a jump does not change it, nor do stamps
        that run ahead of a live source's pictures."""

    def place(self, stamp: int | None, time_base_s: float, arrived_s: float | None = None) -> float:
        """Returns the picture's time. `stamp` counts in `time_base_s`; `arrived_s` is given for
        live sources."""
        self._count += 1
        if self._wanted_fps:
            self._time_s = self._starts_at_s + (self._count - 1) / self._wanted_fps
            return self._time_s
        if arrived_s is not None:
            self._arrivals_s.append(arrived_s)
        if stamp is None or time_base_s <= 0:
            self._time_s = self._following_s()
        else:
            self._time_s = self._stamped_s(stamp * time_base_s, time_base_s)
        self.interval_s = self._usual_interval_s()
        return self._time_s

    @property
    def end_s(self) -> float:
        """When the last picture is over; the beginning if there was none."""
        return self._time_s + (self.interval_s if self._count else 0.0)

    def _stamped_s(self, stamp_s: float, time_base_s: float) -> float:
        if self._offset_s is not None:
            ahead_s = stamp_s + self._offset_s - self._time_s
            if ahead_s < -_MAX_BEHIND_S:
                wrap_s = self._wrapped_s(ahead_s, time_base_s)
                self._offset_s += wrap_s
                ahead_s += wrap_s
            if -_MAX_BEHIND_S <= ahead_s <= self._max_pause_s():
                self._remember(stamp_s + self._offset_s)
                if ahead_s < _MIN_INTERVAL_S:
                    return self._following_s()
                return self._time_s + ahead_s
        time_s = self._following_s()
        self._offset_s = time_s - stamp_s
        self._latest_s, self._count_at_latest = time_s, self._count
        return time_s

    def _following_s(self) -> float:
        """The time of a picture of which is only known that it is the next one."""
        if self._count == 1:
            return self._starts_at_s
        if self._rate_fps is None and not self._intervals_s and len(self._arrivals_s) > 1:
            arrival_s = self._arrivals_s[-1] - self._arrivals_s[-2]
            return self._time_s + min(max(arrival_s, _MIN_INTERVAL_S), JUMP_S)
        return self._time_s + self.interval_s

    def _remember(self, stamp_s: float) -> None:
        if stamp_s > self._latest_s:
            pictures = self._count - self._count_at_latest
            self._intervals_s.append((stamp_s - self._latest_s) / pictures)
            self._latest_s, self._count_at_latest = stamp_s, self._count

    def _usual_interval_s(self) -> float:
        usual_s = statistics.median_low(self._intervals_s) if self._intervals_s else 0.0
        arrived_s = self._arrivals_s[-1] - self._arrivals_s[0] if self._arrivals_s else 0.0
        arrival_s = arrived_s / (len(self._arrivals_s) - 1) if arrived_s >= _MIN_ARRIVAL_S else None
        if usual_s < _MIN_INTERVAL_S:  # the stamps are no clock
            return arrival_s or 1 / (self._rate_fps or DEFAULT_RATE_FPS)
        if self._rate_fps and len(self._intervals_s) < _FEW_INTERVALS:
            usual_s = min(usual_s, 1 / self._rate_fps)
        return usual_s if arrival_s is None else min(usual_s, arrival_s)

    def _wrapped_s(self, ahead_s: float, time_base_s: float) -> float:
        """Returns by how much the stamps wrapped, 0 if they did not."""
        for bits in _WRAPS_BITS:
            wrap_s = (1 << bits) * time_base_s
            if _MIN_INTERVAL_S <= ahead_s + wrap_s <= self._max_pause_s():
                return wrap_s
        return 0.0

    def _max_pause_s(self) -> float:
        return max(JUMP_S, 3 * self.interval_s)


def plausible_rate(*rates_fps: float | None) -> float | None:
    """Returns the first rate that may be a camera's or a film's. FFmpeg gives 90000 for a cover
    picture, and nonsense for stamps that are nonsense."""
    for rate_fps in rates_fps:
        if rate_fps is not None and _MIN_RATE_FPS <= rate_fps <= _MAX_RATE_FPS:
            return rate_fps
    return None
