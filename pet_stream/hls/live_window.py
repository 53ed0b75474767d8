"""What can be fetched now: the newest segments, the same for all viewers."""

from __future__ import annotations

import re
import threading
import time
from collections import deque
from collections.abc import Callable

from ..broadcaster import Broadcaster
from ..errors import BadRequest, NoPicture, NotFound
from ..media.mp4 import writing as mp4
from . import playlists
from .timeline import Part, Timeline

CACHE_BYTES = 16 * 1024 * 1024
"""Fragments are kept for further viewers, the newest so many bytes."""
PATIENCE_S = 5.0
"""How long the first playlist waits for a picture."""
LOOK_S = 0.25
"""Who waits looks this often whether the client still does."""
MAX_AHEAD = 2
"""A playlist may be asked for so many segments before they come (rfc8216bis, 6.2.5.2)."""
MAX_PARTS_AHEAD = 3
_WAITING_CAPACITY = 120
_MEDIA_NAME = re.compile(r"([0-9]{1,12})(?:\.([0-9]{1,4}))?\.m4s", re.ASCII)


class LiveWindow:
    """Any thread; one lock guards it all. Nothing happens here unless somebody asks.

    Of those who wait for the next part, one looks at the pictures as they come, and tells the
    others.
    """

    def __init__(self, broadcaster: Broadcaster) -> None:
        self.patience_s = PATIENCE_S
        self.made_count = 0
        """Parts that were made into MP4."""
        self.waiting_count = 0
        """Requests that wait for the next part."""
        self._broadcaster = broadcaster
        self._changed = threading.Condition()
        self._timeline = Timeline()
        self._is_watched = False
        self._kept: deque[Part] = deque()
        self._kept_bytes = 0
        self._clock_offset_ns = 0
        self._told_key: object = None
        self._told = ""

    @property
    def target_s(self) -> int:
        """The target duration, as the next playlist tells it."""
        with self._changed:
            return playlists.target_s(self._timeline.segments)

    def forget(self) -> None:
        """Keep no picture: a pause has begun, or nobody watches any more."""
        with self._changed:
            self._timeline.clear()
            self._kept.clear()
            self._kept_bytes = 0
            self._changed.notify_all()

    def outlook(self, timeout_s: float, is_over: Callable[[], bool]) -> playlists.Outlook:
        """Returns what is told of the video first. Waits for a picture; raises NoPicture."""
        self._wait(lambda: any(s.parts for s in self._timeline.segments), timeout_s, is_over)
        with self._changed:
            if not any(s.parts for s in self._timeline.segments):
                raise NoPicture("The camera sends no picture to begin with")
            return playlists.outlook_of(self._timeline.segments)

    def playlist(
        self,
        *,
        after: tuple[int, int | None] | None,
        timeout_s: float,
        is_over: Callable[[], bool],
        is_low_latency: bool,
        query: str,
    ) -> str:
        """Returns the media playlist. Waits for its first segment, or until it has what `after`
        asks for: a segment, or a part of one. Raises NoPicture, and BadRequest if that is far off.
        """
        with self._changed:
            self._advance()
            if after is not None:
                self._check_is_near(*after)
        self._wait(lambda: self._has_come(after), timeout_s, is_over)
        with self._changed:
            if not self._has_whole_segment():
                raise NoPicture("The camera sends no picture to begin with")
            segments, next_part = self._timeline.segments, self._timeline.next_part
            key = (segments[0].number, next_part, is_low_latency, query)
            if key != self._told_key:  # most viewers ask for the same
                self._told = playlists.media(
                    segments,
                    self._clock_offset_ns,
                    next_part=next_part,
                    is_low_latency=is_low_latency,
                    query=query,
                )
                self._told_key = key
            return self._told

    def file(self, name: str, *, timeout_s: float, is_over: Callable[[], bool]) -> list[bytes]:
        """Returns the data of a name that a playlist holds. Waits for the part that comes next.
        Raises NotFound if it is too old, or none."""
        match = _MEDIA_NAME.fullmatch(name)
        if match and match[2]:
            wanted = int(match[1]), int(match[2])
            with self._changed:
                self._advance()
                is_next = wanted == self._timeline.next_part
            if is_next:
                self._wait(lambda: self._has_come(wanted), timeout_s, is_over)
        with self._changed:
            self._advance()
            if match:
                parts = self._parts_of(int(match[1]), match[2] and int(match[2]))
                return [self._data_of(part) for part in parts]
            for segment in self._timeline.segments:
                if segment.init_name == name:
                    return [mp4.file_start(segment.video_format, 0, is_clip=False)]
        raise NotFound("No such segment; perhaps it was too long ago")

    def _parts_of(self, number: int, part: int | str | None) -> list[Part]:
        for segment in self._timeline.segments:
            if segment.number == number:
                if part is None and segment.is_complete:
                    return segment.parts
                if isinstance(part, int) and part < len(segment.parts):
                    return [segment.parts[part]]
        raise NotFound("No such segment; perhaps it was too long ago")

    def _data_of(self, part: Part) -> bytes:
        if part.data is None:
            part.data = part.to_mp4()
            self.made_count += 1
            self._kept.append(part)
            self._kept_bytes += len(part.data)
            while self._kept_bytes > CACHE_BYTES and len(self._kept) > 1:
                oldest = self._kept.popleft()
                self._kept_bytes -= len(oldest.data or b"")
                oldest.data = None
        return part.data

    def _advance(self) -> bool:
        """Take the pictures that have come. Returns whether they complete a part."""
        if not self._timeline.segments:
            # So that no number comes again after a while, or after a restart.
            self._timeline.clear(next_number=int(time.time()))
            self._clock_offset_ns = time.time_ns() - time.monotonic_ns()
        units = self._broadcaster.since(self._timeline.newest[0])
        return self._timeline.add(units) > 0

    def _check_is_near(self, number: int, part: int | None) -> None:
        next_number, next_part = self._timeline.next_part
        if number > next_number + MAX_AHEAD - 1 or (
            part is not None and number == next_number and part > next_part + MAX_PARTS_AHEAD
        ):
            raise BadRequest("_HLS_msn or _HLS_part is too far ahead")

    def _has_come(self, after: tuple[int, int | None] | None) -> bool:
        if not self._has_whole_segment():
            return False
        if after is None:
            return True
        number, part = after
        next_number, next_part = self._timeline.next_part
        if part is None:
            newest = self._timeline.segments[-1]
            return number < newest.number or (number == newest.number and newest.is_complete)
        return number < next_number or (number == next_number and part < next_part)

    def _has_whole_segment(self) -> bool:
        return any(segment.is_complete for segment in self._timeline.segments)

    def _wait(
        self, is_met: Callable[[], bool], timeout_s: float, is_over: Callable[[], bool]
    ) -> None:
        """Wait until `is_met`, which is asked under the lock, or the time is up, or `is_over`."""
        deadline_s = time.monotonic() + timeout_s
        with self._changed:
            self._advance()
            if is_met():
                return
            self.waiting_count += 1
        try:
            while (left_s := deadline_s - time.monotonic()) > 0 and not is_over():
                with self._changed:
                    if is_met():
                        return
                    watches, self._is_watched = not self._is_watched, True
                    if not watches:
                        self._changed.wait(min(LOOK_S, left_s))
                if watches:
                    self._watch(is_met, deadline_s, is_over)
        finally:
            with self._changed:
                self.waiting_count -= 1

    def _watch(
        self, is_met: Callable[[], bool], deadline_s: float, is_over: Callable[[], bool]
    ) -> None:
        """Look at pictures as they come, for all who wait, as long as this one has to."""
        has_come = threading.Event()
        subscription = self._broadcaster.subscribe(
            "HLS", _WAITING_CAPACITY, has_come.set, is_urgent=True
        )
        try:
            while (left_s := deadline_s - time.monotonic()) > 0 and not is_over():
                with self._changed:
                    if self._advance():
                        self._changed.notify_all()
                    if is_met():
                        return
                has_come.wait(min(LOOK_S, left_s))
                has_come.clear()
                subscription.take()
        finally:
            self._broadcaster.unsubscribe(subscription)
            with self._changed:
                self._is_watched = False
                self._changed.notify_all()  # another one has to
