"""Begins recordings: seldom enough, with their pre-roll, and remembered in the journal."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

from ..admission.token_bucket import TokenBucket
from ..broadcaster import Broadcaster
from ..media.access_unit import AccessUnit
from .journal import Journal
from .journal_entry import JournalEntry
from .session import Session
from .session_status import Facts
from .settings import RecorderSettings
from .target import Target

STARTS_AT_ONCE = 10
START_EVERY_S = 2.0
"""The average rate of starts is limited because each start writes its pre-roll."""
PREROLL_AT_ONCE_S = 60
"""Pre-roll for all starts together; after that, one second for each second that passes. Otherwise
repeated starts and stops would write the same pictures many times."""
QUEUE_UNITS = 4000
"""More pictures than come in `queue_s` at any rate: the queue is bounded by time and bytes."""
MAX_GOP_AGE_S = 2.0
"""A cached GOP whose newest picture is older belongs to a camera that has stopped."""


class Starts:
    """Belongs to the event loop."""

    def __init__(
        self,
        broadcaster: Broadcaster,
        make_session: Callable[..., Session],
        journal: Journal,
        *,
        tokens: TokenBucket | None,
        prerolls: TokenBucket | None,
        clock_ns: Callable[[], int],
    ) -> None:
        self._broadcaster = broadcaster
        self._make_session = make_session
        self._journal = journal
        self._tokens = tokens or TokenBucket(STARTS_AT_ONCE, START_EVERY_S)
        self._preroll_seconds = prerolls or TokenBucket(PREROLL_AT_ONCE_S, 1.0)
        self._clock_ns = clock_ns

    def begin(
        self,
        choose: Callable[[float], Target],
        settings: RecorderSettings,
        last: Session | None,
        on_over: Callable[[Session], object],
        resumed_at: tuple[float, ...] = (),
    ) -> Session:
        """Begin a recording after `last`. `choose` is given the time of its start, epoch seconds.
        Raises BadName, TooMany."""
        started_at = time.time()
        target = choose(started_at)
        self._tokens.take("Recordings were started too often just now")
        preroll_s = self._preroll_seconds.take_up_to(settings.preroll_s)
        now_ns = self._clock_ns()
        subscription = self._broadcaster.subscribe(
            "recorder",
            QUEUE_UNITS,
            lambda: None,
            since_ns=now_ns - round(preroll_s * 1e9) if settings.preroll_s else None,
            max_bytes=settings.queue_bytes,
            max_seconds=settings.queue_s,
        )
        preroll = subscription.take()

        def remember(facts: Facts, filename: str) -> None:
            self._journal.begin(
                JournalEntry(
                    recording_id=facts.recording_id,
                    filename=filename,
                    is_named=target.is_named,
                    started_at=facts.started_at,
                    preroll_ms=facts.preroll_ms,
                    max_duration_s=settings.max_duration_s,
                    preroll_s=settings.preroll_s,
                    heartbeat_s=settings.heartbeat_s,
                    resumed_at=resumed_at,
                )
            )

        session = self._make_session(
            subscription=subscription,
            preroll=_recent(preroll, now_ns, max(settings.preroll_s, MAX_GOP_AGE_S)),
            target=target,
            settings=settings,
            started_at=started_at,
            now_ns=now_ns,
            wanted_s=preroll_s,
            totals_before=(0, 0) if last is None else last.frame_totals,
            on_over=on_over,
            remember=remember,
            forget=self._forget,
        )
        session.start()
        return session

    def _forget(self, facts: Facts, is_shut_down: bool) -> None:
        """Called in the writer's thread."""
        self._journal.end(facts.recording_id, ended_at=time.time() if is_shut_down else None)


def _recent(units: Sequence[AccessUnit], now_ns: int, max_age_s: float) -> Sequence[AccessUnit]:
    """Returns `units`; nothing if they are old because the camera has stopped."""
    if not units or now_ns - units[-1].capture_ns > max_age_s * 1e9:
        return ()
    return units
