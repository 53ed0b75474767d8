"""The camera's status, as a value. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from .media.h264 import SequenceParameterSet
from .reason import Reason

CameraState = Literal["offline", "waiting", "live", "stalled", "unusable"]


@dataclass(frozen=True, slots=True)
class CameraStatus:
    """The state of the camera at one moment."""

    state: CameraState
    """No segment; a segment, but no IDR yet; pictures come; they came and stopped; they come, but
    can't be used."""
    reason: Reason
    """Why it is not live, for a person; empty when it is live."""
    segment: str
    picture_age_s: float | None
    """Since the newest picture was found; None before the first one."""
    fps: float | None
    has_parameter_sets: bool
    video: SequenceParameterSet | None
    clock: str | None
    """The camera's clock: `monotonic`, `realtime`, `unknown`; None before the first picture."""
    is_relayed: bool
