"""What ends a recording besides whoever stops it: its length, no heartbeat, the server's end."""

from __future__ import annotations

from collections.abc import Callable

from ..process.gunicorn import is_server_ending
from ..process.standstill import Looks
from ..reason import Reason
from .home_loop import HomeLoop
from .settings import RecorderSettings
from .status import SHUT_DOWN

FIRST_PICTURE_POLL_S = 0.25
SERVER_LOOK_S = 0.5
LOOKS_A_HEARTBEAT = 8


class Limits:
    """Calls `end` when one of them is reached. On the event loop, `home`.

    The length is counted from the first picture on, and not as long as `is_waiting`.
    """

    def __init__(
        self,
        home: HomeLoop,
        settings: RecorderSettings,
        is_waiting: Callable[[], bool],
        end: Callable[[Reason], None],
    ) -> None:
        self._home = home
        self._settings = settings
        self._is_waiting = is_waiting
        self._end = end
        self._ends_at: float | None = None
        """On the clock of all loops; None while it waits."""
        self._beat_at = home.time()

    def start(self) -> None:
        """Look from now on, on the loop that `home` is now."""
        self._home.call_later(SERVER_LOOK_S, self._look_for_servers_end)
        if self._settings.max_duration_s:
            self._limit_duration()
        if self._settings.heartbeat_s:
            self._look_for_heartbeat(Looks(self._settings.heartbeat_s / LOOKS_A_HEARTBEAT))

    def beat(self) -> None:
        """Note a heartbeat: the recording shall go on."""
        self._beat_at = self._home.time()

    def _limit_duration(self) -> None:
        if self._ends_at is None:
            if self._is_waiting():
                self._home.call_later(FIRST_PICTURE_POLL_S, self._limit_duration)
                return
            self._ends_at = self._home.time() + self._settings.max_duration_s
        reason = Reason("duration", "it has the length that was asked for")
        self._home.call_later(self._ends_at - self._home.time(), self._end, reason)

    def _look_for_servers_end(self) -> None:
        """Now, and not at the process's end: a stranger's half request may keep the server from
        coming to that, and it is killed."""
        if is_server_ending():
            self._end(SHUT_DOWN)
        else:
            self._home.call_later(SERVER_LOOK_S, self._look_for_servers_end)

    def _look_for_heartbeat(self, looks: Looks) -> None:
        now_s = self._home.time()
        if looks.is_late(now_s):
            self.beat()  # a heartbeat may have been missed while the process stood still
        if now_s - self._beat_at < self._settings.heartbeat_s:
            self._home.call_later(looks.interval_s, self._look_for_heartbeat, looks)
        else:
            self._end(Reason("no_heartbeat", "the page that wanted it is gone"))
