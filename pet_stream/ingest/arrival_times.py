"""Times pictures by when they arrive, evenly: for those whose stamps say nothing."""

from __future__ import annotations

from typing import Final

_USUAL_INTERVAL_NS: Final = 33_333_333
_LEAST_INTERVAL_NS: Final = 1_000_000
_MEAN_OF: Final = 64
"""The interval is a mean of about this many pictures."""
_ODD_FACTOR: Final = 2.5
_ODD_PROOF: Final = 3
"""After this many odd looks in a row, the rate has changed."""
_GAIN: Final = 8
_MAX_CORRECTION: Final = 4
"""A picture is at most this fraction of an interval earlier or later than even spacing says."""
_FAR_NS: Final = 1_000_000_000
"""A picture that is timed this long before its arrival is timed anew."""


class ArrivalTimes:
    """Follows when one camera's pictures are found. Nanoseconds of CLOCK_MONOTONIC; pure.

    A look finds none, one or several pictures; those of one look came evenly, the newest just now.
    So a picture is placed one interval after the one before it, and from there an eighth of the way
    towards its arrival. Jitter is smoothed, and no difference adds up.
    """

    def __init__(self) -> None:
        self.interval_ns = _USUAL_INTERVAL_NS
        """Between two pictures, on average."""
        self._elapsed_ns = float(_USUAL_INTERVAL_NS)
        self._pictures = 1.0
        self._odd_looks: list[tuple[int, int]] = []
        self._arrived_ns: int | None = None
        self._is_after_pause = False
        self.spacing_ns = 0
        """The least time, on average, between the pictures of this look; 0 where unknown."""

    def on_look(self, count: int, now_ns: int) -> None:
        """Note that a look found the next `count` pictures."""
        arrived_ns, self._arrived_ns = self._arrived_ns, now_ns
        if arrived_ns is None:
            return
        elapsed_ns = now_ns - arrived_ns
        self.spacing_ns = min(self.interval_ns, elapsed_ns // count)
        ratio = elapsed_ns / count / self.interval_ns
        self._is_after_pause = ratio > _ODD_FACTOR
        if 1 / _ODD_FACTOR <= ratio <= _ODD_FACTOR:
            self._odd_looks.clear()
            self._elapsed_ns += elapsed_ns
            self._pictures += count
        else:
            self._odd_looks.append((elapsed_ns, count))
            if len(self._odd_looks) == _ODD_PROOF:
                self._elapsed_ns = float(sum(elapsed for elapsed, _ in self._odd_looks))
                self._pictures = sum(count for _, count in self._odd_looks)
                self._odd_looks.clear()
        if self._pictures > _MEAN_OF:
            self._elapsed_ns /= 2
            self._pictures /= 2
        self.interval_ns = max(_LEAST_INTERVAL_NS, int(self._elapsed_ns / self._pictures))

    def place(
        self, before_ns: int | None, later: int, now_ns: int, *, follows_arrival: bool
    ) -> int:
        """Returns the time of a picture that this look found, after the picture of `before_ns`.

        `later`: the number of pictures that the look found after it. `follows_arrival`: False for a
        single picture between others that have good stamps, which tell how long a picture takes.
        """
        interval_ns = self.interval_ns
        arrived_ns = now_ns - later * interval_ns
        if before_ns is None:
            return arrived_ns
        late_ns = arrived_ns - before_ns - interval_ns
        if late_ns > (0 if self._is_after_pause else _FAR_NS):
            self._is_after_pause = False
            return arrived_ns
        most_ns = interval_ns // _MAX_CORRECTION if follows_arrival else 0
        even_ns = before_ns + interval_ns + max(-most_ns, min(most_ns, late_ns // _GAIN))
        return min(even_ns, before_ns + (now_ns - before_ns) // (later + 1))
