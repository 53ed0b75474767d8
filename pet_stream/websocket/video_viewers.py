"""Sends the camera's H.264 to viewers over a WebSocket."""

from __future__ import annotations

import logging
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from ..camera_status import CameraStatus
from ..errors import BitstreamError
from ..event_loop import EventLoopThread
from ..fan_out import FanOut
from ..media.access_unit import AccessUnit
from ..media.gop_memory import GOP_UNITS
from .connection import Connection
from .frames import json_frame
from .ticker import Ticker
from .video_messages import VideoMessage, VideoMessages

logger = logging.getLogger(__name__)

MAX_LAG_S = 0.2
"""How long a picture may wait for a viewer's network; then the viewer goes on at the newest IDR."""
MAX_LAG_AT_IDR_S = 0.1
"""The same when a new IDR is there: going on with it costs nobody a freeze."""
MAX_WAITING = GOP_UNITS + 60
"""Messages that may wait for one viewer: a whole GOP to begin with, and those that follow it."""

_STATUS_INTERVAL_S = 0.25


@dataclass(slots=True)
class VideoCounts:
    """What happened to all viewers together. Written on the event loop; any thread may read."""

    frames_sent: int = 0
    frames_dropped: int = 0
    errors: int = 0


class VideoOutbox:
    """Holds the pictures that wait for one viewer. On the event loop."""

    def __init__(self, gop: Iterable[VideoMessage], counts: VideoCounts, now_s: float) -> None:
        self.status_frame: bytes | None = None
        """The newest, until it is sent."""
        self._counts = counts
        self._waiting = deque((now_s, message) for message in gop)
        self._awaits_idr = not self._waiting
        self._told_format = b""

    def offer(self, message: VideoMessage, now_s: float) -> None:
        """Take the next picture in, and drop those that are too old by now."""
        if self._awaits_idr and not message.is_idr:
            self._counts.frames_dropped += 1
            return
        self._awaits_idr = False
        lag_s = now_s - self._waiting[0][0] if self._waiting else 0.0
        self._waiting.append((now_s, message))
        is_too_late = lag_s > MAX_LAG_S or len(self._waiting) > MAX_WAITING
        if is_too_late or (message.is_idr and lag_s > MAX_LAG_AT_IDR_S):
            self._catch_up()

    def pop(self) -> bytes | None:
        if self.status_frame is not None:
            frame, self.status_frame = self.status_frame, None
            return frame
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
        """Go on at the newest IDR, or wait for the next one if that is what is late."""
        before = len(self._waiting)
        kept: deque[tuple[float, VideoMessage]] = deque()
        for _ in range(before - 1):  # the oldest one is late, whatever it is
            item = self._waiting.pop()
            kept.appendleft(item)
            if item[1].is_idr:
                break
        else:
            kept.clear()
            self._awaits_idr = True
        self._waiting = kept
        self._counts.frames_dropped += before - len(kept)


class VideoViewers:
    """All viewers over WebSockets. On the event loop; any thread may read the numbers.

    Each picture is made into a message once for all viewers, including those that join later.
    """

    def __init__(
        self,
        fan_out: FanOut,
        event_loop: EventLoopThread,
        camera: Callable[[], CameraStatus],
    ) -> None:
        self.counts = VideoCounts()
        self._fan_out = fan_out
        self._camera = camera
        self._viewers: dict[Connection, VideoOutbox] = {}
        self._messages = VideoMessages()
        self._told_status = ("", "")
        self._status_frame = b""
        self._ticker = Ticker(
            event_loop, "telling the camera's status", _STATUS_INTERVAL_S, self._tell_status
        )

    @property
    def viewer_count(self) -> int:
        return len(self._viewers)

    def join(self, connection: Connection) -> None:
        """Send pictures from the newest IDR on, as soon as there is one."""
        self._tell_status()  # a viewer that is lost by that leaves, perhaps the last one
        gop = self._fan_out.join(self)
        outbox = VideoOutbox(self._messages_of(gop), self.counts, time.monotonic())
        outbox.status_frame = self._status_frame
        connection.outbox = outbox
        self._viewers[connection] = outbox
        self._ticker.start()
        connection.flush()

    def leave(self, connection: Connection) -> None:
        """Does nothing if it never joined."""
        self._viewers.pop(connection, None)
        if not self._viewers:
            self._fan_out.leave(self)
            self._messages.forget()

    def send(self, units: Sequence[AccessUnit], dropped_count: int) -> None:
        now_s = time.monotonic()
        for message in self._messages_of(units):
            for outbox in self._viewers.values():
                outbox.offer(message, now_s)
        if not self._fan_out.has_gop:  # the GOP is too long, or the camera has stopped
            self._messages.forget()
        for connection in tuple(self._viewers):  # a viewer that is lost leaves meanwhile
            connection.flush()
        self.counts.frames_dropped += dropped_count

    def _messages_of(self, units: Iterable[AccessUnit]) -> Iterator[VideoMessage]:
        clock_offset_ns = time.time_ns() - time.monotonic_ns()
        for unit in units:
            try:
                message = self._messages.message(unit, clock_offset_ns)
            except BitstreamError as exc:
                logger.debug("picture %d can't be told: %s", unit.sequence, exc)
                self.counts.errors += 1
                continue
            if message is not None:
                yield message

    def _tell_status(self) -> bool:
        camera = self._camera()
        status = (camera.state, camera.reason)
        if status != self._told_status:
            self._told_status = status
            self._status_frame = json_frame(
                {
                    "type": "status",
                    "camera": camera.state,
                    "reason": camera.reason,
                    "reason_code": camera.reason.code,
                }
            )
            for connection, outbox in tuple(self._viewers.items()):
                outbox.status_frame = self._status_frame
                connection.flush()
        return bool(self._viewers)
