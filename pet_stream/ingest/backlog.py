"""Tells which pictures of a ring that was just opened are of a daemon that lives."""

from __future__ import annotations

import time
from typing import Final

from .ring_reader import Picture

_RECENT_NS: Final = 2_000_000_000
"""Younger pictures are live when the ring is opened."""
_LONGEST_GAP_NS: Final = 5_000_000_000
"""Between two pictures of a slow camera, and so the age of one that comes later."""
_PROOF_OF_LIFE: Final = 2
"""After this many pictures, the daemon lives whatever its clock says. One may have been in progress
when the ring was opened, or in doubt behind a relay, which repeats it for ever."""


class Backlog:
    """Holds back what a ring held when it was opened: a segment stays when its daemon dies.

    The daemon lives if the newest picture was taken just now, on either clock, or if more come.
    Then all that lead up to the newest one without a long gap are its own. Owned by the camera
    thread.
    """

    def __init__(self) -> None:
        self.is_alive = False
        self._held: list[Picture] | None = None
        self._came_later = 0

    def sift(self, pictures: list[Picture]) -> list[Picture]:
        """Takes the pictures of one look, oldest first. Returns those that may be published."""
        if self.is_alive:
            return pictures
        if self._held is None:
            self._held, oldest_ns = [], _RECENT_NS
        else:
            self._came_later += len(pictures)
            oldest_ns = _LONGEST_GAP_NS
        self._held += pictures
        is_recent = bool(pictures) and _is_recent(pictures[-1], oldest_ns)
        if self._came_later < _PROOF_OF_LIFE and not is_recent:
            return []
        self.is_alive = True
        held, self._held = self._held, []
        return _leading_up_to_the_last(held)

    @property
    def is_held(self) -> bool:
        """Whether there are pictures that nobody writes any more, as far as is known."""
        return bool(self._held)


def _is_recent(picture: Picture, oldest_ns: int) -> bool:
    captured_ns = picture.header.captured_at_ns
    return any(
        abs(now_ns - captured_ns) < oldest_ns for now_ns in (time.monotonic_ns(), time.time_ns())
    )


def _leading_up_to_the_last(pictures: list[Picture]) -> list[Picture]:
    """Returns the last pictures, up to the last long gap. They follow nothing."""
    first = len(pictures) - 1
    while first > 0 and (
        abs(_captured_ns(pictures[first]) - _captured_ns(pictures[first - 1])) <= _LONGEST_GAP_NS
    ):
        first -= 1
    return [pictures[first]._replace(is_discontinuity=True), *pictures[first + 1 :]]


def _captured_ns(picture: Picture) -> int:
    return picture.header.captured_at_ns
