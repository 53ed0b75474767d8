"""Sends the camera's H.264 to viewers over a WebSocket."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

from ..camera_status import CameraState, CameraStatus
from ..errors import BitstreamError
from ..event_loop import EventLoopThread
from ..fan_out import FanOut
from ..first_pictures import FirstPictures
from ..media.access_unit import AccessUnit
from ..reason import Reason
from .frames import json_frame
from .ticker import Ticker
from .video_messages import VideoMessage, VideoMessages
from .video_outbox import LagLimits, VideoCounts, VideoOutbox

if TYPE_CHECKING:
    from .connection import Connection

logger = logging.getLogger(__name__)

_STATUS_INTERVAL_S = 0.25


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
                    outbox.offer(message, now_s, connection.carried_bytes_per_s)
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
