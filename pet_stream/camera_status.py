"""The camera's status, as a value. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from .media.h264 import SequenceParameterSet
from .reason import Reason

CameraState = Literal["offline", "waiting", "live", "stalled"]


@dataclass(frozen=True, slots=True)
class CameraStatus:
    """The state of the camera at one moment."""

    state: CameraState
    """No segment; a segment, but no IDR yet; pictures come; they came and stopped."""
    reason: Reason
    """Why it is not live, for a person; empty when it is live."""
    segment: str
    picture_age_s: float | None
    """Since the newest picture was found; None before the first one."""
    fps: float | None
    has_parameter_sets: bool
    video: SequenceParameterSet | None
    clock: str | None
    """What the camera's time stamps are: of a clock of this machine (`monotonic`, `realtime`), of
    one of its own (`unknown`), or of none, so that arrival counts (`arrival`). None before a
    picture came."""
    is_relayed: bool
    clock_fault: str = ""
    """Why its time stamps are no clock, as in "they are always 0"; empty otherwise."""
