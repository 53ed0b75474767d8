"""Pictures that come and can't be used, in a row: why, how many, since when."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Final

from ..camera_status import spoken
from ..errors import BitstreamError, ParameterSetUnknown
from ..media import ring
from ..media.ring import SlotHeader
from ..reason import Reason

UNUSABLE_BITSTREAM: Final = "unusable_bitstream"

_LOOK_S: Final = 0.005
_PERSISTENT_S: Final = 1.0
_MAX_SILENCE_S: Final = 2.0
_MAX_SILENT_INTERVALS: Final = 4
_MAX_CAUSE_CHARACTERS: Final = 200


@dataclass(frozen=True, slots=True)
class Refused:
    """A value, so that any thread may look at it."""

    cause: Reason
    """Of the newest one."""
    count: int
    """Of those that came after the first look that found any: it may have found many."""
    first_s: float
    """When the first one came, and the newest; monotonic."""
    newest_s: float

    def is_going_on(self, now_s: float) -> bool:
        """Whether they come, for a while already."""
        longest_s = max(_MAX_SILENCE_S, _MAX_SILENT_INTERVALS * self._interval_s)
        return self.newest_s - self.first_s >= _PERSISTENT_S and now_s - self.newest_s <= longest_s

    def reason(self, now_s: float) -> Reason:
        """For a person; the numbers are rounded, so that the text does not change every second."""
        a_second = 1 / self._interval_s if self._interval_s else 0.0
        number = f"about {a_second:.0f}" if a_second >= 1.5 else "one or fewer"
        words = (
            f"pictures come ({number} a second), but for {spoken(now_s - self.first_s)} "
            f"none could be used: {self.cause}"
        )
        return Reason(self.cause.code, words)

    @property
    def _interval_s(self) -> float:
        return (self.newest_s - self.first_s) / max(1, self.count)


def refused_again(before: Refused | None, cause: Reason) -> Refused:
    """Returns `before` and one more picture, which came just now."""
    now_s = time.monotonic()
    if before is None:
        return Refused(cause, 0, now_s, now_s)
    is_later = now_s - before.first_s > _LOOK_S
    return Refused(cause, before.count + is_later, before.first_s, now_s)


def cause_in_header(header: SlotHeader) -> Reason:
    """Returns why the picture behind this header can't be used."""
    if not header.is_plausible:
        words = f"a slot says {header.data_size} bytes, and holds 1 to {ring.MAX_DATA_BYTES}"
        return Reason("unusable_header", words)
    found = ring.format_name(header.format)
    return Reason("unusable_format", f"they are {found}, not H.264")


def cause_in_bitstream(error: BitstreamError) -> Reason:
    words = str(error)
    if not isinstance(error, ParameterSetUnknown):
        words = f"their H.264 can't be read: {words}"
    return Reason(UNUSABLE_BITSTREAM, words[:_MAX_CAUSE_CHARACTERS])
