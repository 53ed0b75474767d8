"""Whether pictures come to a recording now, and for how long there were none."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from ..broadcaster import Subscription
from ..media.gaps import GAP_S
from .progress import Progress


@dataclass(frozen=True, slots=True)
class Missing:
    """What a recording lacks since its start."""

    gap_count: int = 0
    missing_ms: int = 0


class Arrival:
    """Of one recording, from its start at `started_ns` on. Any thread may ask; `end` is called on
    the event loop.

    Whether the camera `is_live`, its status says, so that a page says one thing of both: two
    seconds without a picture are a silence, of a slow camera four pictures. Pictures from before
    the start, `has_preroll`, do not tell that any come.
    """

    def __init__(
        self,
        subscription: Subscription,
        *,
        has_preroll: bool,
        started_ns: int,
        is_live: Callable[[], bool],
        clock_ns: Callable[[], int],
    ) -> None:
        self._subscription = subscription
        self._has_preroll = has_preroll
        self._started_ns = started_ns
        self._is_live = is_live
        self._clock_ns = clock_ns
        self._last_silence_ns: int | None = None
        """At the end of the recording, and 0 if there was none; None before that."""
        self._told = Missing()

    @property
    def has_pictures(self) -> bool:
        """Whether there are any, in the file yet or not."""
        return self._has_preroll or self._has_own

    @property
    def is_receiving(self) -> bool:
        return self.has_pictures and self._is_live()

    @property
    def is_waiting(self) -> bool:
        """Whether no picture of its own has come, and none is on its way."""
        return not self._has_own and not self.is_receiving

    @property
    def silence_s(self) -> float:
        """How long the last picture, or the start, is ago."""
        return self._silence_ns() / 1e9

    def end(self) -> None:
        """No picture is taken any more."""
        self._last_silence_ns = 0 if self.is_receiving else self._silence_ns()

    def missing(self, progress: Progress) -> Missing:
        """Returns what is missing between the pictures in the files, as `progress` tells, and since
        the last one. Never less than before: a gap is in the files a little later than it is over.
        """
        silence_ns = self._last_silence_ns
        if silence_ns is None:
            silence_ns = 0 if self.is_receiving else self._silence_ns()
        if silence_ns <= GAP_S * 1e9 or not self.has_pictures:  # it begins with the first one
            silence_ns = 0
        told = self._told
        self._told = Missing(
            max(told.gap_count, progress.gap_count + (silence_ns > 0)),
            max(told.missing_ms, progress.missing_ms + silence_ns // 1_000_000),
        )
        return self._told

    @property
    def _has_own(self) -> bool:
        return self._subscription.newest_ns is not None

    def _silence_ns(self) -> int:
        newest_ns = self._subscription.newest_ns or self._started_ns
        return max(0, self._clock_ns() - max(newest_ns, self._started_ns))
