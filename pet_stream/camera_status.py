"""The camera's status, as a value. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from .media.access_unit import AccessUnit
from .media.h264 import SequenceParameterSet
from .reason import NO_REASON, Reason

CameraState = Literal["offline", "waiting", "live", "stalled", "unusable", "paused"]
EntryKind = Literal["idr", "recovery_point", "gradual_refresh"]

_B_PICTURES = Reason(
    "b_pictures",
    "the camera sends B pictures, which browsers do not play over WebRTC: they take the WebSocket",
)


@dataclass(frozen=True, slots=True)
class CameraStatus:
    """The state of the camera at one moment."""

    state: CameraState
    """No segment; a segment, but no IDR yet; pictures come; they came and stopped; they come, but
    can't be used; whatever it does, nobody may see it."""
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
    entry: EntryKind | None = None
    """What viewers who join now begin with; None: they wait. Browsers begin at an IDR, over a
    WebSocket at a recovery point, too; in a gradual refresh they don't begin."""
    entry_reason: Reason = NO_REASON
    """Why they can't begin, or not everywhere, while the camera is live."""
    has_b_pictures: bool = False
    missing_set: Reason = NO_REASON
    """Which parameter set the camera has not sent that some pictures need."""
    camera_id: int | None = None
    """Of the newest picture: 0 by day, 1 by night."""
    source: str | None = None
    """The segment that pictures are read from: a camera's own, where `segment` is a relay."""
    relay_fault: Reason = NO_REASON
    """Why they come through the relay all the same."""
    left_out: Reason = NO_REASON
    """Why most pictures are left out."""

    @property
    def faults(self) -> tuple[Reason, ...]:
        """What is wrong with the pictures that come."""
        b_pictures = _B_PICTURES if self.has_b_pictures else NO_REASON
        return tuple(filter(None, (self.entry_reason, b_pictures, self.missing_set, self.left_out)))


def entry_kind(entry_point: AccessUnit | None) -> EntryKind | None:
    if entry_point is None or entry_point.is_idr:
        return None if entry_point is None else "idr"
    return "recovery_point" if entry_point.starts_clean else "gradual_refresh"


def entry_reason(entry: EntryKind | None, without_s: float) -> Reason:
    """Returns why not every viewer can begin with `entry`; the last picture that one could begin
    with came `without_s` ago."""
    if entry == "idr":
        return NO_REASON
    if entry == "recovery_point":
        return Reason(
            "recovery_points",
            "the camera sends recovery points but no IDR: browsers begin with them over a "
            "WebSocket, not over WebRTC",
        )
    if entry == "gradual_refresh":
        return Reason(
            "gradual_refresh",
            f"the camera has sent no IDR for {spoken(without_s)} and refreshes its picture bit by "
            "bit: browsers that join wait, recordings begin",
        )
    return Reason(
        "no_entry_point",
        f"no picture to begin with for {spoken(without_s)}: viewers who join wait for the camera's "
        "next IDR",
    )


def spoken(age_s: float) -> str:
    """Returns `age_s` in rounded words, so that a text does not change every second."""
    if age_s < 10:
        return f"{age_s:.0f} s"
    if age_s < 120:
        return f"{age_s // 10 * 10:.0f} s"
    return f"{age_s // 60:.0f} min" if age_s < 7200 else f"{age_s // 3600:.0f} h"
