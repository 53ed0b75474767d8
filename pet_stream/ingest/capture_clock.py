"""When a picture was taken, on CLOCK_MONOTONIC, whatever the camera's time stamps say."""

from __future__ import annotations

import time
from collections.abc import Sequence
from itertools import groupby
from operator import itemgetter
from typing import Final, Literal, NamedTuple

from .arrival_times import ArrivalTimes
from .clock_ages import EARLY_NS, LIVE_AGE_NS, ClockAges
from .clock_line import ClockLine
from .counts import CameraCounts

ClockName = Literal["monotonic", "realtime", "unknown", "arrival"]

_OLDEST_NS: Final = 60_000_000_000
"""More than a ring holds of a slow camera."""
_STEP_NS: Final = 100_000
_UNEVEN: Final = 2
_UNEVEN_NS: Final = 20_000_000
"""Pictures of one look may lie this many intervals, and this time, off even spacing."""
_STAMPS: Final = 32
_ALL_STAMPS: Final = (1 << _STAMPS) - 1
_FEWEST_BELIEVED: Final = 8
"""When fewer of the last 32 stamps are believed, the clock is given up."""
_RETURN_LOOKS: Final = 64
"""After this many looks in a row, a clock that was given up is believed again."""
_RETURN_FITTING: Final = 0.75
_REALTIME_STEP_NS: Final = 50_000_000
_SLEWING_WEIGHT: Final = 64
_MAX_CAMERAS: Final = 8


class Now(NamedTuple):
    """Both clocks of this machine, read at one moment, nanoseconds."""

    monotonic_ns: int
    realtime_ns: int

    @classmethod
    def read(cls) -> Now:
        return cls(time.monotonic_ns(), time.time_ns())


class CaptureClock:
    """The clocks of a segment's cameras, which need not be the same. Owned by one thread; `name`
    and `fault` may be read by any."""

    def __init__(self, counts: CameraCounts) -> None:
        self._counts = counts
        self._cameras: dict[int, CameraClock] = {}
        self._shown = CameraClock(counts)

    @property
    def name(self) -> ClockName | None:
        """The clock of the camera whose picture came last, see `CameraClock`; None before."""
        return self._shown.name

    @property
    def fault(self) -> str:
        """Why its stamps are no clock, as in "they are always 0"; empty otherwise."""
        return self._shown.fault

    def times_ns(self, stamps: Sequence[tuple[int, int]], now: Now) -> list[int]:
        """Returns when the pictures of one look were taken, nanoseconds of CLOCK_MONOTONIC.

        `stamps`: of each, oldest first, the camera's number and the camera's time in nanoseconds.
        `now`: after they were read.
        """
        if len(stamps) == 1:
            [(camera_id, stamp_ns)] = stamps
            self._shown = self._clock_of(camera_id)
            return self._shown.times_ns([stamp_ns], now)
        times: list[int] = []
        for camera_id, run in groupby(stamps, key=itemgetter(0)):
            self._shown = self._clock_of(camera_id)
            times += self._shown.times_ns([stamp_ns for _, stamp_ns in run], now)
        return times

    def _clock_of(self, camera_id: int) -> CameraClock:
        if camera_id not in self._cameras:
            if len(self._cameras) >= _MAX_CAMERAS:
                self._cameras.clear()
            self._cameras[camera_id] = CameraClock(self._counts)
        return self._cameras[camera_id]


class CameraClock:
    """Times one camera's pictures. Each is later than the one before, and none in the future.

    A stamp is believed if it lies between the picture before and now. Any other is refused, and
    this picture alone is timed by its arrival, evenly (`ArrivalTimes`). There are four ways from
    the camera's clock to CLOCK_MONOTONIC:

    - `monotonic`, `realtime`: one of this machine's clocks, as the daemons have it. One picture
      with a plausible age decides. CLOCK_REALTIME is slewed and set meanwhile, so it is followed.
    - `unknown`: a clock of its own, which may drift (`ClockLine`). Until it is known, for a few
      seconds, arrival counts.
    - `arrival`: stamps that are no clock. Arrival counts.

    A clock is given up when most stamps are refused, or by the ages of its pictures (`ClockAges`).
    It may come back, but then it has to prove itself.

    A picture as it should be is timed at once: on a clock of this machine, the only one of its
    look, of a plausible age, after 31 others whose stamps were believed. What it says of the clock
    is worked out about once a second, with the others like it.
    """

    def __init__(self, counts: CameraCounts) -> None:
        self.name: ClockName | None = None
        self.fault = ""
        self._counts = counts
        self._arrivals = ArrivalTimes()
        self._ages = ClockAges()
        self._line = ClockLine()
        self._follows_line = False
        self._realtime_offset_ns: int | None = None
        self._last_ns: int | None = None
        self._last_stamp_ns: int | None = None
        self._is_constant = False
        self._believed = _ALL_STAMPS  # a bit for each stamp, the newest is the lowest
        self._is_returning = False
        self._return_looks = 0
        self._waiting: list[tuple[int, int]] = []
        """Age and arrival of the pictures that were timed at once since the last look that was
        worked out."""
        self._until_ns = 0
        """Until then pictures may be timed at once."""

    def times_ns(self, stamps: Sequence[int], now: Now) -> list[int]:
        """Returns the times of the pictures of one look, in order; see `CaptureClock`."""
        now_ns, newest_ns = now.monotonic_ns, stamps[-1]
        if self.name != "monotonic":
            self._follow_realtime(now_ns - now.realtime_ns)
        if now_ns < self._until_ns and len(stamps) == 1:
            captured_ns = self._time_at_once_ns(newest_ns, now_ns)
            if captured_ns is not None:
                return [captured_ns]
        self._work_out()
        self._arrivals.on_look(len(stamps), now_ns)
        if self.name != "monotonic":
            self._find(newest_ns, now_ns)
        times = [
            self._time_ns(stamp_ns, len(stamps) - 1 - place, now_ns)
            for place, stamp_ns in enumerate(stamps)
        ]
        self._judge(newest_ns, now_ns)
        is_ours = self.name in ("monotonic", "realtime")
        self._until_ns = self._ages.window_end_ns if is_ours else 0
        return times

    def _time_at_once_ns(self, stamp_ns: int, now_ns: int) -> int | None:
        """None if this picture is not as it should be."""
        captured_ns, last_ns = self._by_stamp_ns(stamp_ns), self._last_ns
        if captured_ns is None or last_ns is None or self._believed != _ALL_STAMPS:
            return None
        age_ns = now_ns - captured_ns
        if not 0 <= age_ns <= LIVE_AGE_NS or captured_ns < last_ns + _STEP_NS:
            return None
        self._last_ns, self._last_stamp_ns, self._is_constant = captured_ns, stamp_ns, False
        self._waiting.append((age_ns, now_ns))
        return captured_ns

    def _work_out(self) -> None:
        for age_ns, now_ns in self._waiting:
            self._arrivals.on_look(1, now_ns)
            self._ages.refute(age_ns, now_ns, is_believed=True)
        self._waiting.clear()

    def _time_ns(self, stamp_ns: int, later: int, now_ns: int) -> int:
        """`later`: the number of pictures that this look found after this one."""
        self._is_constant = stamp_ns == self._last_stamp_ns
        self._last_stamp_ns = stamp_ns
        captured_ns = self._by_stamp_ns(stamp_ns)
        has_clock = captured_ns is not None
        if captured_ns is None or not self._believe(captured_ns, later, now_ns):
            self._counts.timed_by_arrival += 1
            captured_ns = None
        # What is ahead of its arrival, but not by much, has to leave room for the later ones.
        room_ns = later * (self._arrivals.spacing_ns // 2 if self._follows_line else _STEP_NS)
        if captured_ns is None or captured_ns > now_ns - room_ns:
            captured_ns = self._arrivals.place(
                self._last_ns, later, now_ns, follows_arrival=not has_clock
            )
        self._last_ns = captured_ns
        return captured_ns

    def _believe(self, captured_ns: int, later: int, now_ns: int) -> bool:
        is_believed = self._youngest_ns(later) <= now_ns - captured_ns <= _OLDEST_NS and (
            self._last_ns is None or captured_ns >= self._last_ns + _STEP_NS
        )
        self._believed = (self._believed << 1 | is_believed) & _ALL_STAMPS
        return is_believed

    def _youngest_ns(self, later: int) -> int:
        """Returns the least age of a picture after which this look found `later` more: they came
        evenly, roughly. A clock of its own is known as exactly as it is looked for."""
        arrivals = self._arrivals
        youngest_ns = -arrivals.interval_ns if self._follows_line else -EARLY_NS
        return youngest_ns + max(0, (later - _UNEVEN) * arrivals.spacing_ns - _UNEVEN_NS)

    def _by_stamp_ns(self, stamp_ns: int) -> int | None:
        if self.name == "monotonic":
            return stamp_ns
        if self.name == "realtime":
            return stamp_ns + (self._realtime_offset_ns or 0)
        return self._line.to_monotonic_ns(stamp_ns) if self._follows_line else None

    def _find(self, stamp_ns: int, now_ns: int) -> None:
        """Take one of this machine's clocks if this picture's age is plausible on it."""
        if self.name == "realtime":
            return
        clocks: tuple[tuple[ClockName, int], ...] = (
            ("monotonic", 0),
            ("realtime", self._realtime_offset_ns or 0),
        )
        for name, offset_ns in clocks:
            age_ns = now_ns - stamp_ns - offset_ns
            if not self._is_returning and self._ages.are_plausible(age_ns):
                self._take(name)
                return
            if self._is_returning and self._ages.are_usual(age_ns):
                self._return_looks += 1
                if self._return_looks >= _RETURN_LOOKS:
                    self._take(name)
                return
        self._return_looks = 0
        self.name = self.name or "unknown"

    def _judge(self, stamp_ns: int, now_ns: int) -> None:
        """Learn from the newest picture of a look, and give up what is no clock."""
        captured_ns = self._by_stamp_ns(stamp_ns)
        is_believed = bool(self._believed & 1)
        if captured_ns is None:
            self._learn(stamp_ns, now_ns)
        elif self._believed.bit_count() < _FEWEST_BELIEVED or (
            not self._follows_line
            and self._ages.refute(now_ns - captured_ns, now_ns, is_believed=is_believed)
        ):
            self._give_up()
        elif self._follows_line and is_believed:
            self._line.follow(stamp_ns, now_ns, self._arrivals.interval_ns)

    def _learn(self, stamp_ns: int, now_ns: int) -> None:
        line, interval_ns = self._line, self._arrivals.interval_ns
        line.learn(stamp_ns, now_ns, interval_ns)
        if line.is_known and (not self.fault or line.fitting >= _RETURN_FITTING):
            assert self._last_ns is not None
            self._take("unknown")
            self._follows_line = True
            line.start(stamp_ns, self._last_ns, interval_ns)
        elif line.is_no_clock:
            self.fault = "they do not go with the time"
            if self._is_constant and not line.fitting:
                self.fault = f"they are always {'0' if stamp_ns == 0 else 'the same'}"
            self.name, self._is_returning = "arrival", True

    def _take(self, name: ClockName) -> None:
        self.name, self.fault = name, ""
        self._follows_line = False
        self._believed = _ALL_STAMPS
        self._ages.begin()

    def _give_up(self) -> None:
        self.name, self._follows_line = "unknown", False
        self._is_returning, self._return_looks = True, 0
        self._line = ClockLine()
        self._realtime_offset_ns = None  # to be read anew

    def _follow_realtime(self, offset_ns: int) -> None:
        """Follow a step at once, small changes smoothed, because the thread may be delayed between
        the two clock readings."""
        change_ns = offset_ns - (self._realtime_offset_ns or 0)
        if self._realtime_offset_ns is None or abs(change_ns) > _REALTIME_STEP_NS:
            self._realtime_offset_ns = offset_ns
        else:
            self._realtime_offset_ns += change_ns // _SLEWING_WEIGHT
