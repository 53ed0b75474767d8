"""Saves clips of what just happened, from memory."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from functools import partial

from ..admission.token_bucket import TokenBucket
from ..broadcaster import Broadcaster, Subscription
from ..errors import NothingToSave, TooMany
from .session import Session
from .settings import RecorderSettings
from .status import RecordingStatus
from .target import Targets

CLIP_EVERY_S = 1.0


class Clips:
    """One clip at a time. Belongs to the event loop.

    A clip's writer calls `claim` first, with the bytes of its pictures. `on_over` is called on the
    loop when a clip is closed.
    """

    def __init__(
        self,
        broadcaster: Broadcaster,
        targets: Targets,
        make_session: Callable[..., Session],
        *,
        claim: Callable[[int], object],
        on_over: Callable[[Session], object],
        tokens: TokenBucket | None,
        clock_ns: Callable[[], int],
    ) -> None:
        self.session: Session | None = None
        """The clip that is being saved."""
        self.frame_count = 0
        """Pictures in all clips."""
        self._broadcaster = broadcaster
        self._targets = targets
        self._make_session = make_session
        self._claim = claim
        self._on_over = on_over
        self._tokens = tokens or TokenBucket(1, CLIP_EVERY_S)
        self._clock_ns = clock_ns

    def begin(
        self,
        seconds: float,
        filename: str | None,
        file_format: str | None,
        settings: RecorderSettings,
    ) -> Session:
        """Begin to write what was shown in the last `seconds`. Raises BadName, NothingToSave,
        TooMany."""
        if self.session is not None and not self.session.is_over:
            raise TooMany("Another clip is still being saved")
        now_ns = self._clock_ns()
        units = self._broadcaster.since(now_ns - round(seconds * 1e9))
        if not units:
            raise NothingToSave("No picture of the last seconds is there")
        started_at = time.time() - (now_ns - units[0].capture_ns) / 1e9
        target = replace(self._targets.choose(filename, file_format, started_at), is_clip=True)
        size_bytes = sum(unit.size_bytes for unit in units)
        self._tokens.take("A clip was saved just now")
        session = self._make_session(
            subscription=Subscription("clip", 1, lambda: None),
            preroll=units,
            target=target,
            settings=_clip_settings(settings),
            claim=partial(self._claim, size_bytes),
            started_at=started_at,
            now_ns=now_ns,
            wanted_s=seconds,
            totals_before=(0, 0),
            on_over=self._handle_over,
        )
        session.start()
        self.session = session
        return session

    async def finish(
        self, session: Session, open_wait_s: float, disk_timeout_s: float
    ) -> RecordingStatus:
        """Wait until it is on the disk. Raises NameExists, NotRecorderOwner, StorageError."""
        await session.until_opened(open_wait_s)
        session.end(None)
        return await session.until_closed(disk_timeout_s)

    def move_here(self) -> None:
        """Go on on this loop. Whoever asked for the clip is not waiting any more."""
        session = self.session
        if session is not None and session.is_left_in_the_middle:
            session.move_here()
        if self.session is not None and self.session.has_begun and not self.session.is_ending:
            self.session.end(None)

    def _handle_over(self, session: Session) -> None:
        self.session = None
        self.frame_count += session.frame_totals[0]
        self._on_over(session)


def _clip_settings(settings: RecorderSettings) -> RecorderSettings:
    """Returns those of a clip. It needs twice the free space at which a recording ends, so that it
    never ends one."""
    return replace(
        settings, max_duration_s=0, heartbeat_s=0, min_free_bytes=2 * settings.min_free_bytes
    )
