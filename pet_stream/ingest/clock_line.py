"""Learns how a camera's own clock runs against CLOCK_MONOTONIC: its offset and its rate.

A picture arrives some time after its capture: never earlier, often later. So the pictures that came
quickest show the clock, as in the minimum filters of NTP (RFC 5905 section 10) and of RTP receivers
(RFC 3550 appendix A.8 has the arithmetic). Of each window of about a second, only the quickest
picture counts. The rate is the median slope between such pictures, half of the known windows apart;
it stays 1 while the difference is within what jitter can do. The offset is slewed, never stepped:
evenly spaced stamps give evenly spaced times.
"""

from __future__ import annotations

from collections import deque
from typing import Final

_WINDOW_NS: Final = 1_000_000_000
_WINDOW_SAMPLES: Final = 4
_WINDOWS: Final = 16
_PROOF_WINDOWS: Final = 3
_SAMPLES: Final = 32
_MISSES: Final = 4
"""After this many samples in a row that do not fit the first one, learning begins anew."""
_FAULT_SAMPLES: Final = 8
_FAULT_BEGINNINGS: Final = 4
_LEAST_FITTING: Final = 0.25
_MAX_DRIFT: Final = 0.1
_JITTER_NS: Final = 60_000_000
_QUICKEST_JITTER_NS: Final = 10_000_000
_DELAY_NS: Final = 5_000_000
"""The quickest pictures are taken to be this old, so that none comes from the future."""
_SLEW_NS: Final = 16_000_000_000
_SLEW_BACK_NS: Final = 2_000_000_000
"""An error is corrected over this time; sooner where pictures would come from the future."""
_MAX_SLEW: Final = 0.05


class ClockLine:
    """The camera's clock as a straight line. A sample is the newest picture of a look. Pure.

    Its state is bounded: the quickest pictures of sixteen windows.
    """

    def __init__(self) -> None:
        self._quickest: deque[tuple[int, int]] = deque(maxlen=_WINDOWS)  # stamp, arrival
        self._window: list[tuple[int, int, int]] = []  # delay, stamp, arrival; the quickest first
        self._window_samples = 0
        self._window_end_ns = 0
        self._first: tuple[int, int] | None = None
        self._misses = 0
        self._fits = 0  # a bit for each sample, the newest is the lowest
        self.samples = 0
        self._beginnings = 0
        self._origin = (0, 0)  # stamp, capture time
        self._rate = 1.0
        self._slew = 0.0
        self._slew_ns = 0
        self._error_ns: int | None = None

    @property
    def is_no_clock(self) -> bool:
        """Whether the stamps so far can't be those of any clock."""
        return not self.is_known and (
            self.samples >= _FAULT_SAMPLES
            and (self.fitting < _LEAST_FITTING or self._beginnings >= _FAULT_BEGINNINGS)
        )

    @property
    def fitting(self) -> float:
        """Which part of the last samples, 0 to 1, may come from a clock."""
        return self._fits.bit_count() / min(max(1, self.samples), _SAMPLES)

    @property
    def is_known(self) -> bool:
        return len(self._quickest) >= _PROOF_WINDOWS

    def learn(self, stamp_ns: int, now_ns: int, interval_ns: int) -> None:
        """Take a sample of a clock that is not known yet. `interval_ns`: between two pictures."""
        fits = self._may_follow(stamp_ns, now_ns, interval_ns)
        self._fits = (self._fits << 1 | fits) & (1 << _SAMPLES) - 1
        self.samples += 1
        if fits:
            self._misses = 0
            self._collect(stamp_ns, now_ns)
            return
        self._misses += 1
        if self._first is None or self._misses >= _MISSES:
            self._begin(stamp_ns, now_ns)

    def start(self, stamp_ns: int, capture_ns: int, interval_ns: int) -> None:
        """Begin to tell times, at a picture whose time has been told otherwise."""
        self._origin = stamp_ns, capture_ns
        self._rate, self._slew, self._error_ns = self._slope(interval_ns), 0.0, None

    def to_monotonic_ns(self, stamp_ns: int) -> int:
        origin_stamp_ns, capture_ns = self._origin
        passed_ns = stamp_ns - origin_stamp_ns
        slewed_ns = min(passed_ns, self._slew_ns)
        return capture_ns + int(passed_ns * self._rate + slewed_ns * self._slew)

    def follow(self, stamp_ns: int, now_ns: int, interval_ns: int) -> None:
        """Take a sample of a clock that tells the times."""
        error_ns = now_ns - self.to_monotonic_ns(stamp_ns) - _DELAY_NS
        if self._error_ns is not None:
            error_ns = min(self._error_ns, error_ns)
        self._error_ns = error_ns
        if self._collect(stamp_ns, now_ns):
            self.start(stamp_ns, self.to_monotonic_ns(stamp_ns), interval_ns)
            self._slew_ns = _SLEW_NS if error_ns > 0 else _SLEW_BACK_NS
            self._slew = max(-_MAX_SLEW, min(_MAX_SLEW, error_ns / self._slew_ns))

    def _may_follow(self, stamp_ns: int, now_ns: int, interval_ns: int) -> bool:
        """Whether about the same time has passed on both clocks since the first sample."""
        if self._first is None:
            return False
        stamped_ns, passed_ns = stamp_ns - self._first[0], now_ns - self._first[1]
        return (
            stamped_ns > 0
            and abs(stamped_ns - passed_ns) <= _MAX_DRIFT * passed_ns + _JITTER_NS + interval_ns
        )

    def _begin(self, stamp_ns: int, now_ns: int) -> None:
        self._first = stamp_ns, now_ns
        self._misses = 0
        self._beginnings += 1
        self._quickest.clear()
        self._window.clear()

    def _collect(self, stamp_ns: int, now_ns: int) -> bool:
        """Keep the quickest picture of this window. Returns whether the window has ended."""
        sample = now_ns - stamp_ns, stamp_ns, now_ns
        if not self._window:
            self._window.append(sample)
            self._window_samples, self._window_end_ns = 1, now_ns + _WINDOW_NS
            return False
        self._window[0] = min(self._window[0], sample)
        self._window_samples += 1
        if now_ns < self._window_end_ns or self._window_samples < _WINDOW_SAMPLES:
            return False
        self._quickest.append(self._window.pop()[1:])
        return True

    def _slope(self, interval_ns: int) -> float:
        """Returns the rate: nanoseconds of CLOCK_MONOTONIC for one of the camera's."""
        points = list(self._quickest)
        apart = len(points) // 2
        pairs = zip(points, points[apart:], strict=False)
        slopes = sorted((b[1] - a[1]) / (b[0] - a[0]) for a, b in pairs if b[0] > a[0])
        if not apart or not slopes:
            return 1.0
        slope = slopes[len(slopes) // 2]
        span_ns = (points[-1][0] - points[0][0]) / 2
        is_jitter = abs(slope - 1) * span_ns <= _QUICKEST_JITTER_NS + interval_ns / 4
        return 1.0 if is_jitter else max(1 - _MAX_DRIFT, min(1 + _MAX_DRIFT, slope))
