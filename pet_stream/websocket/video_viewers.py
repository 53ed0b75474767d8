"""Sends the camera's H.264 to viewers over a WebSocket."""

from __future__ import annotations

import logging
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..camera_status import CameraState, CameraStatus
from ..errors import BitstreamError
from ..event_loop import EventLoopThread
from ..fan_out import FanOut
from ..first_pictures import FirstPictures
from ..media.access_unit import AccessUnit
from ..media.gop_memory import GOP_UNITS
from ..reason import Reason
from .frames import json_frame
from .ticker import Ticker
from .video_messages import VideoMessage, VideoMessages

if TYPE_CHECKING:
    from .connection import Connection

logger = logging.getLogger(__name__)

MAX_WAITING = GOP_UNITS + 60
"""Messages that may wait for one viewer: a whole GOP to begin with, and those that follow it."""

_STATUS_INTERVAL_S = 0.25


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

    def tell(self, status_frame: bytes) -> bool:
        """Have this told next, unless it was the last that was told. Returns whether it was new."""
        is_new = status_frame != self._told_status
        if is_new:
            self._status_frame = self._told_status = status_frame
        return is_new

    def offer(self, message: VideoMessage, now_s: float) -> None:
        """Take the next picture in, and drop those that are too old by now."""
        # A player that has begun goes on with a picture that builds up; none begins with it.
        is_start = message.is_entry_point and not message.builds_up
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


class VideoViewers:
    """All viewers over WebSockets. On the event loop; any thread may read the numbers.

    Each picture is made into a message once for all viewers, including those that join later.
    """

    def __init__(
        self,
        fan_out: FanOut,
        event_loop: EventLoopThread,
        camera: Callable[[], CameraStatus],
        counts: VideoCounts | None = None,
    ) -> None:
        """`counts`: to count in together with the viewers of another camera."""
        self.counts = counts or VideoCounts()
        self.limits = LagLimits()
        """For viewers that join from now on."""
        self.first_pictures = FirstPictures()
        self._errors = event_loop.errors
        self._fan_out = fan_out
        self._camera = camera
        self._viewers: dict[Connection, VideoOutbox] = {}
        self._messages = VideoMessages()
        self._status_frame = b""
        self._waiting_frame = b""
        """The same, for viewers that have had no picture yet."""
        self._ticker = Ticker(
            event_loop, "telling the camera's status", _STATUS_INTERVAL_S, self._tell_status
        )

    @property
    def viewer_count(self) -> int:
        return len(self._viewers)

    def join(self, connection: Connection) -> None:
        """Send pictures from the newest entry point on, as soon as there is one."""
        self.first_pictures.expect(connection, time.monotonic_ns())
        self._tell_status()  # a viewer that is lost by that leaves, perhaps the last one
        gop = self._fan_out.join(self)
        if gop and not gop[0].starts_clean:
            gop = ()
        outbox = VideoOutbox(self._messages_of(gop), self.counts, time.monotonic(), self.limits)
        outbox.tell(self._status_frame if outbox.has_begun else self._waiting_frame)
        connection.outbox = outbox
        self._viewers[connection] = outbox
        self._ticker.start()
        connection.flush()
        self._note_first_pictures()

    def leave(self, connection: Connection) -> None:
        """Does nothing if it never joined."""
        self.first_pictures.give_up(connection)
        self._viewers.pop(connection, None)
        if not self._viewers:
            self._fan_out.leave(self)
            self._messages.forget()

    def send(self, units: Sequence[AccessUnit], dropped_count: int) -> None:
        now_s = time.monotonic()
        viewers = tuple(self._viewers.items())  # one that fails leaves meanwhile
        for message in self._messages_of(units):
            for connection, outbox in viewers:
                try:
                    outbox.offer(message, now_s)
                except Exception as exc:  # noqa: PERF203 (each for itself)
                    connection.fail(
                        exc, "a viewer over WebSockets is ended: it can't hold a picture"
                    )
        self._messages.forget_before(self._fan_out.entry_point)
        for connection in tuple(self._viewers):  # a viewer that is lost leaves meanwhile
            connection.flush()
        if self.first_pictures.waiting:
            self._note_first_pictures()
        self.counts.frames_dropped += dropped_count

    def _note_first_pictures(self) -> None:
        for connection, outbox in self._viewers.items():
            if outbox.has_begun:
                self.first_pictures.come(connection)

    def _messages_of(self, units: Iterable[AccessUnit]) -> Iterator[VideoMessage]:
        clock_offset_ns = time.time_ns() - time.monotonic_ns()
        for unit in units:
            try:
                message = self._messages.message(unit, clock_offset_ns)
            except BitstreamError as exc:
                logger.debug("picture %d can't be told: %s", unit.sequence, exc)
                self.counts.errors += 1
                continue
            except Exception as exc:
                self._errors.end(
                    "viewers", exc, "a picture is left out for viewers over WebSockets"
                )
                self.counts.errors += 1
                self._messages = VideoMessages()  # which begins with an entry point
                continue
            if message is not None:
                yield message

    def _tell_status(self) -> bool:
        camera = self._camera()
        self._status_frame = _status_frame(camera.state, camera.reason)
        self._waiting_frame = self._status_frame
        if camera.entry_reason and camera.entry != "recovery_point":
            self._waiting_frame = _status_frame("waiting", camera.entry_reason)
        for connection, outbox in tuple(self._viewers.items()):
            if outbox.tell(self._status_frame if outbox.has_begun else self._waiting_frame):
                connection.flush()
        return bool(self._viewers)


def _status_frame(state: CameraState, reason: Reason) -> bytes:
    message = {"type": "status", "camera": state, "reason": reason, "reason_code": reason.code}
    return json_frame(message)
