"""Tells every open page when recording, viewers, camera or health have changed."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from ..event_loop import EventLoopThread
from .detection_feed import DetectionFeed
from .frames import json_frame
from .state_outbox import StateOutbox
from .ticker import Ticker

if TYPE_CHECKING:
    from .connection import Connection

LOOK_INTERVAL_S = 0.15
"""Changes within this time are sent as one. With the two seconds after which a camera is silent it
must not be much."""
COUNTING_INTERVAL_S = 1.0
"""How often numbers are sent that always change."""
BEAT_INTERVAL_S = 1.0
"""How often each page is told that the state is still the one that it knows. Two missing ones are
silence to it (`static/js/state_socket.js`)."""
MAX_FOLLOWED = 4
"""A page has a player or two."""

_COUNTING = frozenset(
    {
        "frame_count",
        "bytes_written",
        "duration_ms",
        "silent_s",
        "missing_ms",
        "size_bytes",
        "free_bytes",
    }
)

State = dict[str, Any]


class Followed:
    """A page's WebRTC viewer. On the event loop."""

    def __init__(self, pc_id: str, thinned_to: Callable[[], float | None]) -> None:
        self.pc_id = pc_id
        self._thinned_to = thinned_to
        self._told: float | None = None

    def news(self) -> bytes | None:
        """Returns what the page is to be told, if that is new."""
        thinned_to = self._thinned_to()
        if thinned_to in (0.0, self._told):  # 0: not known yet
            return None
        self._told = thinned_to
        return json_frame({"type": "thinned", "pc_id": self.pc_id, "fps": thinned_to})


class FollowedViewers:
    """The viewers of one page, the newest MAX_FOLLOWED. On the event loop."""

    def __init__(self) -> None:
        self._viewers: dict[str, Followed] = {}

    def add(self, followed: Followed) -> None:
        self._viewers.pop(followed.pc_id, None)
        self._viewers[followed.pc_id] = followed
        if len(self._viewers) > MAX_FOLLOWED:
            del self._viewers[next(iter(self._viewers))]

    def news(self) -> dict[str, bytes]:
        """Returns what the page is to be told, by viewer."""
        news = {pc_id: followed.news() for pc_id, followed in self._viewers.items()}
        return {pc_id: frame for pc_id, frame in news.items() if frame is not None}


class LiveState:
    """Looks at the state a few times a second while a page is open, and sends all pages one message
    when it has changed, and a beat each second in between. On the event loop, but for
    `tell_recordings_soon`.

    `state` returns what is to be told, JSON with the recording under `recording`; it must not wait
    for anything. A page asks for the list of recordings when it is told that it has changed.
    """

    def __init__(
        self, event_loop: EventLoopThread, state: Callable[[], State], feed: DetectionFeed
    ) -> None:
        self.feed = feed
        """For pages that have joined."""
        self.counting_interval_s = COUNTING_INTERVAL_S
        self._event_loop = event_loop
        self._state = state
        self._listeners: dict[Connection, StateOutbox] = {}
        self._followed: dict[Connection, FollowedViewers] = {}
        self._told: State = {}
        self._recording: tuple[object, object] | None = None
        self._frame = b""
        self._told_at_s = 0.0
        self._beat_at_s = 0.0
        self._ticker = Ticker(event_loop, "telling the state", LOOK_INTERVAL_S, self._look)

    @property
    def listener_count(self) -> int:
        return len(self._listeners)

    def join(self, connection: Connection) -> None:
        self._event_loop.assert_here()
        self._ticker.tick_now()
        outbox = connection.outbox = StateOutbox()
        outbox.state_frame = self._frame or None
        self._listeners[connection] = outbox
        self._ticker.start()
        connection.flush()

    def leave(self, connection: Connection) -> None:
        """Does nothing if it never joined."""
        self._listeners.pop(connection, None)
        self._followed.pop(connection, None)
        self.feed.unsubscribe(connection)

    def follow(self, connection: Connection, followed: Followed) -> None:
        """Tell the page how many pictures its WebRTC viewer is sent, while those are fewer than
        all; MAX_FOLLOWED viewers for each page, the newest. Does nothing for a page that has
        gone."""
        self._event_loop.assert_here()
        if connection in self._listeners:
            self._followed.setdefault(connection, FollowedViewers()).add(followed)

    def tell_recordings_soon(self) -> None:
        """Tell all pages that the list of recordings has changed. Any thread."""
        self._event_loop.call_soon(self._tell_recordings)

    def _look(self) -> bool:
        state, now_s = self._state(), time.monotonic()
        is_recording = bool(state["recording"]["recording"])
        is_due = is_recording and now_s - self._told_at_s >= self.counting_interval_s
        if is_due or without_counting(state) != without_counting(self._told):
            self._told, self._told_at_s, self._beat_at_s = state, now_s, now_s
            self._frame = json_frame({"type": "state", **state})
            for connection, outbox in tuple(self._listeners.items()):
                outbox.state_frame = self._frame
                connection.flush()
        elif now_s - self._beat_at_s >= BEAT_INTERVAL_S - LOOK_INTERVAL_S / 2:
            self._beat_at_s = now_s
            for connection, outbox in tuple(self._listeners.items()):
                outbox.owes_beat = True
                connection.flush()
        for connection, viewers in tuple(self._followed.items()):
            if news := viewers.news():
                outbox = self._listeners[connection]
                waiting = {**outbox.thinned_frames, **news}
                outbox.thinned_frames = dict([*waiting.items()][-MAX_FOLLOWED:])
                connection.flush()
        recording = (state["recording"]["filename"], is_recording)
        if recording != self._recording:
            was_known, self._recording = self._recording is not None, recording
            if was_known:
                self._tell_recordings()
        return bool(self._listeners)

    def _tell_recordings(self) -> None:
        self._event_loop.assert_here()
        for connection, outbox in tuple(self._listeners.items()):
            outbox.has_new_recordings = True
            connection.flush()


def without_counting(value: Any) -> Any:
    """Returns a state, or a part of one, without the numbers that always change."""
    if isinstance(value, dict):
        return {k: without_counting(v) for k, v in value.items() if k not in _COUNTING}
    return value
