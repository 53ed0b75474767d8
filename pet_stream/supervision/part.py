"""One part as the watcher sees it, and its state at one moment."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, Literal, Protocol

from ..lifecycle import Pulse
from ..reason import NO_REASON, Reason

State = Literal["running", "resting", "stuck", "dead", "restarting", "failed"]


class Living(Protocol):
    """What has a pulse and may die: a `lifecycle.Run`."""

    @property
    def pulse(self) -> Pulse: ...
    @property
    def is_alive(self) -> bool: ...
    @property
    def failure(self) -> BaseException | None: ...


@dataclass(frozen=True)
class Activity:
    """What has a pulse, but no thread of its own."""

    pulse: Pulse
    is_alive: bool = True
    failure: BaseException | None = None


@dataclass(frozen=True)
class Part:
    """What is to be watched."""

    name: str
    what: str
    """For a person, as in "the camera thread"."""
    lives: Callable[[], Iterable[Living]]
    """Returns the threads that should be alive now; none: it rests."""
    restart: Callable[[], object] | None = None
    """Starts it again, without waiting for anything; None: it can't be started alone."""
    is_replaceable: bool = False
    """Whether that works, too, while the old thread is stuck."""
    stuck: str = "gives no sign of life"
    """What is said of it when it is stuck."""
    silence_s: float | None = None
    """Without a beat for longer than this it is stuck; None: as most parts."""
    is_vital: bool = False
    """Whether nobody sees anything without it, so that a new process would be better."""


@dataclass(frozen=True, slots=True)
class PartState:
    """The state of a part at one moment."""

    name: str
    state: State
    """Works; has nothing to do; gives no sign of life; has died; will be started again; was started
    again in vain too often."""
    age_s: float | None
    """Seconds since its last sign of life; None while it rests."""
    reason: Reason = NO_REASON
    is_vital: bool = False

    @property
    def is_well(self) -> bool:
        return self.state in ("running", "resting")

    def to_json(self) -> dict[str, Any]:
        age_s = None if self.age_s is None else round(self.age_s, 2)
        return {"state": self.state, "age_s": age_s, "reason": self.reason}


def find_fault(part: Part, silence_s: float, watched_s: float) -> tuple[PartState, Living] | None:
    """Returns the state of `part`, and which of its threads is dead or stuck; None if it is well.

    It is stuck when it was silent for longer than `silence_s`, unless it has a limit of its own.
    Only the last `watched_s` count: before that the process stood still, or was not watched.
    """
    now_s = time.monotonic()
    for life in part.lives():
        beat_at_s = life.pulse.beat_at_s
        age_s = None if beat_at_s is None else now_s - beat_at_s
        if not life.is_alive:
            cause = "" if life.failure is None else f" of {type(life.failure).__name__}"
            reason = Reason(f"{part.name}_dead", f"{part.what} has died{cause}, see the log")
            return PartState(part.name, "dead", age_s, reason, part.is_vital), life
        if age_s is not None and min(age_s, watched_s) > (part.silence_s or silence_s):
            reason = Reason(f"{part.name}_stuck", f"{part.what} {part.stuck}")
            return PartState(part.name, "stuck", age_s, reason, part.is_vital), life
    return None


def well_state(part: Part) -> PartState:
    """Returns the state of `part`, which has no fault."""
    ages_s = [age_s for life in part.lives() if (age_s := life.pulse.age_s) is not None]
    if ages_s:
        return PartState(part.name, "running", max(ages_s), is_vital=part.is_vital)
    return PartState(part.name, "resting", None, is_vital=part.is_vital)
