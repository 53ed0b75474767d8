"""One part as the watcher sees it, and its state at one moment."""

from __future__ import annotations

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


def judge(part: Part, silence_s: float, watched_s: float) -> tuple[PartState, Living | None]:
    """Returns the state of `part`, and the one of its threads that this is about: the worst. It is
    stuck when it was silent for longer than `silence_s`, unless it has a limit of its own. Only
    the last `watched_s` count: before that the process stood still, or was not watched."""
    oldest: tuple[float, Living] | None = None
    for life in part.lives():
        age_s = life.pulse.age_s
        if not life.is_alive:
            return _state(part, "dead", age_s, _death(part, life.failure)), life
        if age_s is not None and (oldest is None or age_s > oldest[0]):
            oldest = age_s, life
    if oldest is None:
        return _state(part, "resting", None), None
    age_s, life = oldest
    if min(age_s, watched_s) <= (part.silence_s or silence_s):
        return _state(part, "running", age_s), life
    reason = Reason(f"{part.name}_stuck", f"{part.what} {part.stuck}")
    return _state(part, "stuck", age_s, reason), life


def _state(part: Part, state: State, age_s: float | None, reason: Reason = NO_REASON) -> PartState:
    return PartState(part.name, state, age_s, reason, part.is_vital)


def _death(part: Part, failure: BaseException | None) -> Reason:
    cause = "" if failure is None else f" of {type(failure).__name__}, see the log"
    return Reason(f"{part.name}_dead", f"{part.what} has died{cause}")
