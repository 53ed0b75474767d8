"""A segment that is being read, with all that belongs to it, and what it tells of the camera."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from ..camera_status import CameraState, spoken
from ..reason import NO_REASON, Reason
from .backlog import Backlog
from .capture_clock import CaptureClock
from .pacing import Pacing
from .refused import Refused
from .ring_reader import RingReader
from .segment import Segment

_GONE_CHECK_S: Final = 0.5
_WRITING_S: Final = 0.002
STALLED_S: Final = 2.0
_STALLED_INTERVALS: Final = 4


@dataclass(slots=True)
class Attachment:
    """Owned by the camera thread; `state` may be asked for by any thread."""

    url: str
    segment: Segment
    reader: RingReader
    pacing: Pacing
    clock: CaptureClock
    since_s: float
    backlog: Backlog = field(default_factory=Backlog)
    written_at_s: float | None = None
    """When new writes were seen last."""
    checked_at_s: float = 0.0

    def has_begun(self, now_s: float) -> bool:
        """Whether a write began a moment ago; a write takes less than a millisecond."""
        return self.written_at_s is not None and now_s - self.written_at_s < _WRITING_S

    def is_gone(self, now_s: float) -> bool:
        """Whether a different segment has taken its place, as far as was looked."""
        if now_s - self.checked_at_s < _GONE_CHECK_S:
            return False
        self.checked_at_s = now_s
        return self.segment.is_gone()

    def state(
        self, now_s: float, *, found_at_s: float | None, refused: Refused | None
    ) -> tuple[CameraState, Reason]:
        """Returns how the camera is, and why it is not live.

        `found_at_s`: when the newest picture was found. `refused`: those that can't be used.
        """
        if refused is not None and refused.is_going_on(now_s):
            return "unusable", refused.reason(now_s)
        if found_at_s is None and self.backlog.is_held and now_s - self.since_s > STALLED_S:
            return "stalled", Reason("stalled", "the pictures in its shared memory are old")
        if found_at_s is None:
            what = "new picture" if self.backlog.is_held else "picture"
            words = f"the camera has not written a {what} yet"
            return "waiting", Reason("nothing_written", words)
        age_s = now_s - found_at_s
        if age_s > max(STALLED_S, _STALLED_INTERVALS * (self.pacing.interval_s or 0.0)):
            return "stalled", Reason("stalled", f"no new picture for {spoken(age_s)}")
        return "live", NO_REASON
