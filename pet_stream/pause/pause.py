"""Whether nobody sees and nothing records now: by hand, or by the schedule."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Literal

from ..errors import Paused, StorageError
from ..format_version import NewerFormat
from ..private_file import Version, version_of
from ..reason import Reason
from ..supervision.error_counts import ErrorCounts
from .choice import Choice, load, store
from .schedule import Span, end_of_spans

logger = logging.getLogger(__name__)

LOOK_INTERVAL_S = 0.25
"""How often the file and the schedule are looked at."""

Cause = Literal["hand", "schedule", "unreadable"]


@dataclass(frozen=True, slots=True)
class PauseState:
    """The pause at one moment."""

    cause: Cause | None = None
    """None: there is no pause."""
    ends_at: float | None = None
    """Epoch seconds; None: no end is known."""

    @property
    def is_on(self) -> bool:
        return self.cause is not None

    @property
    def reason(self) -> Reason:
        """What viewers are told."""
        if self.cause == "unreadable":
            return Reason("paused", "paused: the file of the pause can't be read, see the log")
        if self.ends_at is None:
            return Reason("paused", "paused: nobody sees and nothing records")
        end = datetime.fromtimestamp(self.ends_at).strftime("%a %H:%M")
        return Reason("paused", f"paused until {end}: nobody sees and nothing records")

    def to_json(self) -> dict[str, Any]:
        end = None if self.ends_at is None else datetime.fromtimestamp(self.ends_at).astimezone()
        return {
            "paused": self.is_on,
            "cause": self.cause,
            "ends_at": None if end is None else end.isoformat(timespec="seconds"),
        }


class Pause:
    """Any thread may use it. `is_on` is as of the last look; who begins or ends a pause has looked.

    What is chosen by hand is kept in the file `path`, which other processes may change, too; it
    counts more than the `schedule`. A file that can't be read means a pause. `on_begin` is called
    when a pause has begun, by whoever has noticed.
    """

    def __init__(
        self,
        path: Path | None = None,
        schedule: Sequence[Span] = (),
        *,
        on_begin: Callable[[], object] = lambda: None,
        errors: ErrorCounts | None = None,
        now_s: Callable[[], float] = time.time,
        look_interval_s: float = LOOK_INTERVAL_S,
    ) -> None:
        self.is_on = False
        self.ended_ns = 0
        """When the last one ended, CLOCK_MONOTONIC: pictures from before that are nobody's."""
        self._path = path
        self._schedule = tuple(schedule)
        self._on_begin = on_begin
        self._errors = errors or ErrorCounts()
        self._now_s = now_s
        self._look_interval_s = look_interval_s
        self._lock = threading.Lock()
        self._looking = threading.Lock()
        self._storing = threading.Lock()
        self._state = PauseState()
        self._scheduled: tuple[datetime | None, datetime | None] = None, None
        self._choice: Choice | None = None
        self._is_unreadable = False
        self._version: Version | None = None
        self._looked_at_s = float("-inf")

    @property
    def state(self) -> PauseState:
        return self._state

    def check(self) -> None:
        """Raises Paused while it is on."""
        if self.is_on:
            raise Paused

    def look(self) -> None:
        """Look whether it is on, if the last look was not just now. A look that fails changes
        nothing."""
        if time.monotonic() - self._looked_at_s < self._look_interval_s:
            return
        if self._looking.acquire(blocking=False):  # one that waits for a disk is enough
            try:
                with self._errors.ending(
                    "pause", "whether there is a pause can't be told; it stays"
                ):
                    self._look()
            finally:
                self._looking.release()

    def begin(self, ends_at: float | None = None) -> None:
        """Pause from now on, until `ends_at` (epoch seconds), or until somebody ends it.

        Raises StorageError if it is on, but can't be kept: a restart would end it.
        """
        self._choose(Choice(paused=True, ends_at=ends_at))

    def end(self) -> None:
        """End the pause. If the schedule wants one now, this one is skipped. Raises StorageError if
        that is so, but can't be kept."""
        with self._lock:
            end = self._scheduled_end()
        self._choose(None if end is None else Choice(paused=False, ends_at=end.timestamp()))

    def set_schedule(self, schedule: Sequence[Span]) -> None:
        """From now on this schedule counts."""
        with self._lock:
            self._schedule = tuple(schedule)
            self._scheduled = None, None
        self._apply()

    def _choose(self, choice: Choice | None) -> None:
        with self._lock:
            self._choice, self._is_unreadable = choice, False
        self._apply()
        if self._path is None:
            return
        with self._storing:  # and not under the lock: a disk that hangs must delay no picture
            try:
                store(self._path, self._choice)
                self._version = version_of(self._path)
            except (OSError, NewerFormat) as exc:
                why = exc.strerror if isinstance(exc, OSError) else f"the pause's file {exc}"
                words = f"It counts from now on, but not after a restart: {why}"
                raise StorageError(words) from exc

    def _look(self) -> None:
        self._looked_at_s = time.monotonic()
        if self._path is not None and not self._storing.locked():
            self._read(self._path)
        self._apply()

    def _read(self, path: Path) -> None:
        """Take over what the file holds, if that is new. Not under the lock while it reads: a disk
        that hangs must not delay callers."""
        before = self._choice
        try:
            version = version_of(path)
            if version == self._version and not self._is_unreadable:
                return
            choice = load(path)
        except (OSError, ValueError) as exc:
            if not self._is_unreadable:
                logger.error(
                    "paused, because the file of the pause can't be read: %s. Whoever ends the "
                    "pause on the page has it written anew",
                    exc,
                )
            self._is_unreadable = True
            return
        with self._lock:
            if self._choice is before:  # nobody has chosen meanwhile
                self._version, self._choice, self._is_unreadable = version, choice, False

    def _apply(self) -> None:
        with self._lock:
            before, self._state = self._state, self._state_now()
            if before.is_on and not self._state.is_on:
                self.ended_ns = time.monotonic_ns()
            self.is_on = is_on = self._state.is_on
        if is_on and not before.is_on:
            logger.info("%s", self._state.reason)
            with self._errors.ending("pause", "what a pause begins with could not be done"):
                self._on_begin()
        elif before.is_on and not is_on:
            logger.info("the pause is over")

    def _state_now(self) -> PauseState:
        if self._is_unreadable:
            return PauseState("unreadable")
        choice = self._choice
        if choice is not None and choice.is_in_force(self._now_s()):
            return PauseState("hand", choice.ends_at) if choice.paused else PauseState()
        end = self._scheduled_end()
        return PauseState() if end is None else PauseState("schedule", end.timestamp())

    def _scheduled_end(self) -> datetime | None:
        """Returns when the schedule's pause of now ends, if there is one. Worked out once a minute:
        a span begins and ends with one."""
        minute = datetime.fromtimestamp(self._now_s() // 60 * 60)
        known_minute, end = self._scheduled
        if minute != known_minute:
            end = end_of_spans(self._schedule, minute)
            self._scheduled = minute, end
        return end
