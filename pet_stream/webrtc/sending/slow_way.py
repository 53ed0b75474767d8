"""What one viewer's link carries, by its reports: the whole stream, or entry points only."""

from __future__ import annotations

import math
import time
from collections import deque
from collections.abc import Callable

from ...media.access_unit import AccessUnit
from ...media.rtp.rtcp import Report
from ...thinning import PictureRate, Thinning

WINDOW_S = 1.0
"""Time over which reports are judged together: some tell of a few packets only."""
MUCH_LOST = 0.2
"""Of the packets: no repair keeps up with that."""
SOME_LOST = 0.05
"""Wi-Fi loses that, and repair makes up for it. It is too much where a queue has grown, too, or the
viewer had to ask for a key frame."""
QUEUE_S = 0.1
LONG_QUEUE_S = 0.5
"""A round trip that has grown by this is bad even if nothing is lost."""
KEPT_WINDOWS = 32
"""The shortest round trip in these is what an empty queue takes."""

PROBE_S = 4.0
"""Every so often an entry point is sent faster, to see whether there is room for more: at the whole
stream's rate, or, where not even all entry points fit, …"""
PROBE_FACTOR = 2.0
"""… at this times the rate of those that do."""
AFTER_ROOM_S, AFTER_NO_ROOM_S = 1.0, 6.0
"""Instead, after a probe that showed room, and after one at the whole stream's rate that showed
none: it has cost the viewer a picture, or delayed it."""
PROBE_LIMIT_S = 3.0
"""A report that tells of a probe comes within this time."""
ROOM_LOST, NO_ROOM_LOST = 0.06, 0.12
ROOM_QUEUE_S, NO_ROOM_QUEUE_S = 0.06, 0.1
"""Losses and growth of the round trip behind a probe: up to the first there is room, from the
second on there is none."""

MAX_INTERVAL_NS = 4_000_000_000
"""Where entry points are rarer, or none can be decoded alone, the whole stream is the better."""


class SlowWay:
    """One viewer's. On the event-loop thread."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self.pictures_per_s = 0.0
        """How many are sent, while only entry points are; 0 until two have been."""
        self._clock = clock
        self._thinning = Thinning(clock())
        self._round_trips_s: deque[float] = deque(maxlen=KEPT_WINDOWS)
        self._window_s = clock()
        self._before: Report | None = None
        """The last report before the window."""
        self._newest: Report | None = None
        self._round_trip_s = math.inf
        """The shortest one in the window, …"""
        self._is_impaired = False
        """… whether a picture could not be sent, …"""
        self._is_frozen = False
        """… and whether the viewer has asked for a key frame."""
        self._stream_bytes_per_s = 0.0
        self._interval_ns = 0
        """From one entry point to the next."""
        self._entry_ns = 0
        """Capture time of the last one."""
        self._rate = PictureRate()
        self._left_out = 0
        self._next_probe_s = 0.0
        self._probed_s: float | None = None
        """When the probe was sent of which no report has told yet."""

    @property
    def is_wanted(self) -> bool:
        """Whether the link can't carry the whole stream now."""
        return self._thinning.every > 0

    def note_unsent(self) -> None:
        """There was no room for a picture in the socket."""
        self._is_impaired = True

    def note_keyframe_request(self) -> None:
        self._is_frozen = True

    def hear(self, report: Report, round_trip_ns: int | None, entry_interval_ns: int) -> None:
        """Take a report in. `entry_interval_ns`: how far apart entry points are; 0: that is not
        known."""
        now_s = self._clock()
        self._newest = report
        if round_trip_ns is not None:
            round_trip_s = round_trip_ns / 1e9
            sent_s = now_s - round_trip_s - report.dlsr / 65536
            if self._probed_s is None or sent_s >= self._probed_s:
                self._round_trip_s = min(self._round_trip_s, round_trip_s)
        if self._before is None:
            self._before = report
        elif now_s - self._window_s >= WINDOW_S:
            self._judge(now_s, self._before, report, entry_interval_ns)

    def begin(self, stream_bytes_per_s: float, entry_interval_ns: int) -> None:
        """From now on only entry points are sent."""
        self._stream_bytes_per_s, self._interval_ns = stream_bytes_per_s, entry_interval_ns
        self._entry_ns = self._left_out = 0
        self._rate = PictureRate()
        self._next_probe_s = self._clock() + PROBE_S

    def ends_with(self, unit: AccessUnit) -> bool:
        """Whether everything is to be sent again, from this picture on."""
        if unit.starts_clean:
            return not self.is_wanted
        is_starving = self._entry_ns > 0 and unit.capture_ns - self._entry_ns > MAX_INTERVAL_NS
        if not (unit.is_entry_point and is_starving):
            return False
        self._thinning = Thinning(self._clock())
        return True

    def end(self) -> None:
        self.pictures_per_s = 0.0
        self._probed_s = None

    def takes(self, unit: AccessUnit, *, has_gone: bool) -> bool:
        """Whether this picture is sent. `has_gone`: the one before has left; else it is given the
        time, since a late picture is better than none."""
        if not unit.starts_clean:
            return False
        interval_ns, self._entry_ns = unit.capture_ns - self._entry_ns, unit.capture_ns
        if 0 < interval_ns <= MAX_INTERVAL_NS:  # not after a pause of the camera
            self._interval_ns = interval_ns
        self._left_out += 1
        if self._left_out < self._thinning.every:
            return False
        if not has_gone:
            self._is_impaired = True
            return False
        self._left_out = 0
        self.pictures_per_s = self._rate.add(unit.capture_ns / 1e9, self._thinning.every)
        return True

    def begin_probe(self) -> bool:
        """Whether the picture that was just taken is a probe."""
        now_s = self._clock()
        if self._probed_s is not None or now_s < self._next_probe_s:
            return False
        self._probed_s = now_s
        self._begin_window(now_s)
        return True

    def bytes_per_s(self, picture_bytes: int, *, is_probe: bool) -> float:
        """The rate of what is sent; for a probe that of the whole stream."""
        every = max(1, self._thinning.every)
        if is_probe and every == 1:
            return self._stream_bytes_per_s
        bytes_per_s = picture_bytes * 1e9 / (self._interval_ns * every)
        return bytes_per_s * (PROBE_FACTOR if is_probe else 1)

    def _begin_window(self, now_s: float) -> None:
        self._window_s, self._before, self._round_trip_s = now_s, self._newest, math.inf
        self._is_impaired = self._is_frozen = False

    def _judge(self, now_s: float, before: Report, report: Report, entry_interval_ns: int) -> None:
        is_answered = self._round_trip_s < math.inf
        lost = lost_between(before, report)
        probed_s = self._probed_s
        if (
            probed_s is not None
            and not is_answered
            and lost < NO_ROOM_LOST
            and (now_s - probed_s < PROBE_LIMIT_S)
        ):
            return  # it is on its way
        if is_answered:
            self._round_trips_s.append(self._round_trip_s)
        queue_s = self._round_trip_s - min(self._round_trips_s) if is_answered else 0.0
        is_bad: bool | None = self._is_bad(lost, queue_s)
        has_room: bool | None = None
        if probed_s is not None:  # what it has lost tells nothing of the other pictures
            is_bad, has_room = None, _shows_room(lost, queue_s, is_answered=is_answered)
            self._probed_s = None
            self._next_probe_s = now_s + self._probe_wait_s(has_room)
        if not self.is_wanted and not 0 < entry_interval_ns <= MAX_INTERVAL_NS:
            is_bad = None
        self._begin_window(now_s)
        self._thinning.judge(now_s, is_bad, has_room)

    def _probe_wait_s(self, has_room: bool | None) -> float:
        if has_room is None:
            return PROBE_S
        if has_room:
            return AFTER_ROOM_S
        return AFTER_NO_ROOM_S if self._thinning.every == 1 else PROBE_S

    def _is_bad(self, lost: float, queue_s: float) -> bool:
        if lost >= MUCH_LOST or queue_s >= LONG_QUEUE_S or self._is_impaired:
            return True
        return lost >= SOME_LOST and (queue_s >= QUEUE_S or self._is_frozen)


def _shows_room(lost: float, queue_s: float, *, is_answered: bool) -> bool | None:
    """Whether there was room for a probe; None if that is not known."""
    if lost >= NO_ROOM_LOST or queue_s >= NO_ROOM_QUEUE_S:
        return False
    return True if is_answered and lost < ROOM_LOST and queue_s < ROOM_QUEUE_S else None


def lost_between(earlier: Report, later: Report) -> float:
    """Returns the share of packets that got lost between two reports."""
    expected = later.highest - earlier.highest & 0xFFFFFFFF
    lost = later.lost_count - earlier.lost_count & 0xFFFFFF
    if not 0 < expected < 0x80000000 or lost >= 0x800000:  # some came late, or twice
        return 0.0
    return min(1.0, lost / expected)
