"""Holds the pictures that wait for one viewer over a WebSocket."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass

from ..media.gop_memory import GOP_UNITS
from ..thinning import PictureRate, Thinning
from .frames import json_frame
from .video_messages import VideoMessage

MAX_WAITING = GOP_UNITS + 60
"""Messages that may wait for one viewer: a whole GOP to begin with, and those that follow it."""
MAX_INTERVAL_S = 4.0
"""Where entry points are rarer, all pictures are the better, however slow the connection."""
ROOM_SHARE, NO_ROOM_SHARE = 0.6, 0.3
"""A connection that carried a picture at these shares of a rate, or more, or less, has room for it,
or none. Not at the whole rate: TCP begins each picture slowly."""


@dataclass(frozen=True, slots=True)
class LagLimits:
    lag_s: float = 0.2
    """How long a picture may wait for a viewer's network; then the viewer goes on at the newest
    entry point."""
    lag_at_idr_s: float = 0.1
    """The same when a new one is there: going on with it costs nobody a freeze."""


@dataclass(slots=True)
class VideoCounts:
    """What happened to all viewers together. Written on the event loop; any thread may read."""

    frames_sent: int = 0
    frames_dropped: int = 0
    errors: int = 0
    thinned: int = 0
    """How many times a viewer was sent entry points only, because its connection is slow."""


class VideoOutbox:
    """Holds the pictures that wait for one viewer. On the event loop."""

    def __init__(
        self,
        gop: Iterable[VideoMessage],
        counts: VideoCounts,
        now_s: float,
        limits: LagLimits | None = None,
    ) -> None:
        self._status_frame: bytes | None = None  # the newest, until it is sent
        self._told_status = b""
        self._counts = counts
        self._limits = limits or LagLimits()
        self._waiting = deque((now_s, message) for message in gop)
        self._awaits_entry = not self._waiting
        self.has_begun = bool(self._waiting)
        """Whether it has had a picture to begin with."""
        self._told_format = b""
        self._thinning = Thinning(now_s)
        self.thinned_to: float | None = None
        """Pictures a second that are sent while only entry points are; 0 until that is known."""
        self._told_thinned: float | None = None
        self._is_late: bool | None = False
        """Whether pictures were dropped since the last entry point; None: none was due."""
        self._entry_s = 0.0
        """When the last one came."""
        self._rate = PictureRate()
        self._bytes = 0
        """Of all pictures since then."""
        self._left_out = 0

    def tell(self, status_frame: bytes) -> bool:
        """Have this told next, unless it was the last that was told. Returns whether it was new."""
        is_new = status_frame != self._told_status
        if is_new:
            self._status_frame = self._told_status = status_frame
        return is_new

    def offer(self, message: VideoMessage, now_s: float, carried_bytes_per_s: float = 0.0) -> None:
        """Take the next picture in, and drop those that are too old by now. `carried_bytes_per_s`:
        how fast the last large one went; 0: not known."""
        # A player that has begun goes on with a picture that builds up; none begins with it.
        is_start = message.is_entry_point and not message.builds_up
        if is_start:
            self._judge(now_s, message, carried_bytes_per_s)
        self._bytes += len(message.frame)
        if self.thinned_to is not None:
            if is_start:
                self._offer_thinned(message, now_s)
            return
        if self._awaits_entry and not (message.is_entry_point if self.has_begun else is_start):
            self._counts.frames_dropped += 1
            return
        self._awaits_entry = False
        self.has_begun = True
        lag_s = now_s - self._waiting[0][0] if self._waiting else 0.0
        self._waiting.append((now_s, message))
        is_too_late = lag_s > self._limits.lag_s or len(self._waiting) > MAX_WAITING
        if is_too_late or (is_start and lag_s > self._limits.lag_at_idr_s):
            self._catch_up()

    def pop(self) -> bytes | None:
        if self._status_frame is not None:
            frame, self._status_frame = self._status_frame, None
            return frame
        if self.thinned_to != self._told_thinned and self.thinned_to != 0.0:
            self._told_thinned = self.thinned_to
            return json_frame({"type": "thinned", "fps": self.thinned_to})
        if not self._waiting:
            return None
        message = self._waiting[0][1]
        if message.format_frame != self._told_format:
            self._told_format = message.format_frame
            return message.format_frame
        self._waiting.popleft()
        self._counts.frames_sent += 1
        return message.frame

    def _catch_up(self) -> None:
        """Go on at the newest entry point, or wait for the next one if that is what is late."""
        self._is_late = True
        before = len(self._waiting)
        kept: deque[tuple[float, VideoMessage]] = deque()
        for _ in range(before - 1):  # the oldest one is late, whatever it is
            item = self._waiting.pop()
            kept.appendleft(item)
            if item[1].is_entry_point:
                break
        else:
            kept.clear()
            self._awaits_entry = True
        self._waiting = kept
        self._counts.frames_dropped += before - len(kept)

    def _judge(self, now_s: float, entry: VideoMessage, carried_bytes_per_s: float) -> None:
        """At each entry point: whether the connection carries all pictures."""
        interval_s = now_s - self._entry_s
        is_late, self._is_late = self._is_late, None if self._thinning.every else False
        if self._entry_s and 0 < interval_s <= MAX_INTERVAL_S:
            needed = self._bytes / interval_s
            if (every := self._thinning.every) > 1:  # for the next step up
                needed = len(entry.frame) * 2 / (every * interval_s)
            self._thinning.judge(now_s, is_late, _has_room(carried_bytes_per_s, needed))
        elif self.thinned_to is not None and interval_s > MAX_INTERVAL_S:
            self._thinning = Thinning(now_s)
        self._entry_s, self._bytes = now_s, 0
        if (self.thinned_to is not None) == (self._thinning.every > 0):
            return
        if self.thinned_to is not None:
            self.thinned_to = None
            return
        self.thinned_to = 0.0
        self._left_out = 0
        self._rate = PictureRate()
        self._counts.thinned += 1
        self._counts.frames_dropped += len(self._waiting)
        self._waiting.clear()

    def _offer_thinned(self, entry: VideoMessage, now_s: float) -> None:
        """Take in those entry points that are due. One that has not left is dropped for it."""
        self._left_out += 1
        if self._left_out < self._thinning.every:
            return
        self._left_out = 0
        self._awaits_entry = False
        self.has_begun = True
        self._is_late = bool(self._waiting)
        self._counts.frames_dropped += len(self._waiting)
        self._waiting.clear()
        self.thinned_to = self._rate.add(now_s, self._thinning.every)
        self._waiting.append((now_s, entry))


def _has_room(carried_bytes_per_s: float, needed_bytes_per_s: float) -> bool | None:
    if not carried_bytes_per_s:
        return None
    if carried_bytes_per_s >= ROOM_SHARE * needed_bytes_per_s:
        return True
    return None if carried_bytes_per_s >= NO_ROOM_SHARE * needed_bytes_per_s else False
