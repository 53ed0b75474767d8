"""Looks after one part: judges it, and starts it again when that is due."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from ..errors import Severity, severity_of
from ..reason import Reason
from .attempts import Attempts, BackOff
from .error_counts import ErrorCounts
from .part import Living, Part, PartState, find_fault, well_state

logger = logging.getLogger(__name__)


@dataclass(slots=True)
class WatchLimits:
    """May be changed; they count from the next look on."""

    look_s: float = 0.9
    """Between two looks: together with `silence_s` this makes less than 3 s."""
    silence_s: float = 2.0
    """A part that was silent for longer than this is stuck, unless it has a limit of its own."""
    patience_s: float = 5.0
    """A part that is stuck for longer than this is started again; one that has died, at once."""
    back_off: BackOff = field(default_factory=BackOff)


class Care:
    """Owned by whoever looks; any thread may read `state`. `on_failed` is called once when the part
    has failed too often."""

    def __init__(
        self,
        part: Part,
        limits: WatchLimits,
        errors: ErrorCounts,
        on_failed: Callable[[PartState], object],
    ) -> None:
        self.fault: PartState | None = None
        """What was wrong at the last look; None: nothing."""
        self.restart_count = 0
        self._part = part
        self._limits = limits
        self._errors = errors
        self._on_failed = on_failed
        self._attempts = Attempts(limits.back_off)
        self._failed: Living | None = None
        """The thread whose failure was noted last."""

    @property
    def name(self) -> str:
        return self._part.name

    @property
    def state(self) -> PartState:
        try:
            return self.fault or well_state(self._part)
        except Exception:
            return self._unknown()

    def look(self, now_s: float, watched_s: float, *, at_once: bool = False) -> None:
        """Start the part again if that is due. `at_once`: if it has died, it is due, even if it was
        tried just now."""
        before = self.fault
        try:
            self.fault = self._look(now_s, watched_s, at_once)
        except Exception as exc:  # the others are judged all the same
            self._errors.note(self._part.name, exc)
            logger.debug("looking after %s failed", self._part.what, exc_info=True)
            self.fault = self._unknown()
        if self.fault is None and before is not None:
            logger.warning("%s works again", self._part.what)
        elif self.fault is not None and (before is None or before.reason != self.fault.reason):
            logger.error("%s", self.fault.reason)

    def _look(self, now_s: float, watched_s: float, at_once: bool) -> PartState | None:
        """Returns what is wrong after that."""
        found = find_fault(self._part, self._limits.silence_s, watched_s)
        if found is None:
            self._attempts.note_well(now_s)
            return None
        state, life = found
        if state.state == "stuck":
            is_late = min(state.age_s or 0.0, watched_s) > self._limits.patience_s
            if not self._part.is_replaceable or not is_late:
                return state
        if at_once:
            self._attempts.forget()
        if life is not self._failed:
            self._failed = life
            self._note_failure(state, life.failure, now_s)
        if self._part.restart is None:
            return state
        if self._is_given_up(state, life, now_s):
            return replace(state, state="failed")
        if not self._attempts.is_due(now_s):
            return replace(state, state="restarting")
        return self._restart(self._part.restart, state, now_s)

    def _unknown(self) -> PartState:
        reason = Reason(f"{self._part.name}_unknown", f"{self._part.what} can't be judged")
        return PartState(self._part.name, "failed", None, reason, self._part.is_vital)

    def _is_given_up(self, state: PartState, life: Living, now_s: float) -> bool:
        """Whether it is not started again, now or ever: each thread that is stuck stays."""
        if life.failure is not None and severity_of(life.failure) is Severity.FATAL:
            return True
        is_dead = state.state == "dead"
        return self._attempts.are_spent and not (is_dead and self._attempts.is_due(now_s))

    def _restart(
        self, restart: Callable[[], object], state: PartState, now_s: float
    ) -> PartState | None:
        try:
            restart()
        except Exception as exc:
            logger.warning("%s can't be started: %s", self._part.what, exc)
            self._note_failure(state, exc, now_s)
        else:
            self.restart_count += 1
            logger.warning("%s is started again", self._part.what)
            if find_fault(self._part, self._limits.silence_s, 0.0) is None:
                return None
        return replace(state, state="failed" if self._attempts.are_spent else "restarting")

    def _note_failure(self, state: PartState, error: BaseException | None, now_s: float) -> None:
        if error is not None:
            self._errors.note(self._part.name, error)
        were_spent = self._attempts.are_spent
        self._attempts.note_failure(now_s)
        if self._attempts.are_spent and not were_spent:
            logger.critical("%s has failed too often: %s", self._part.what, state.reason)
            self._on_failed(replace(state, state="failed"))
