"""Behind a relay: which camera is active, and in which ring its own pictures are.

The switcher daemon copies the newest picture of the active camera again and again, carelessly. In
the rings that it copies from, each picture stands once, written by the camera itself. So the relay
is only asked which camera is active, by the header of a slot, a few times a second.
"""

from __future__ import annotations

import logging
from typing import Final, NamedTuple

from ..errors import SegmentError, SegmentInvalid, SegmentMissing
from ..media import ring
from ..media.ring import SlotHeader, next_write
from ..reason import NO_REASON, Reason
from .ring_reader import Begin, Picture, RingReader
from .segment import Segment, open_segment
from .slots import Slots
from .source_urls import SourceUrls

logger = logging.getLogger(__name__)

LOOK_S: Final = 0.08
DOUBT_LOOK_S: Final = 0.03
"""Until the second look, when the first one showed another camera."""
_SEARCH_S: Final = 0.5
"""Between two searches for the active camera's ring."""
_LATE_INTERVALS: Final = 1.5
_LATE_S: Final = 0.5
_DOUBT_S: Final = 0.5
"""A relay that has shown another camera, and then nothing more, is waited for this long."""
_LOOKS: Final = 2
"""After so many looks the ring of a camera that has fallen silent is given up."""
_FRESH_NS: Final = 1_000_000_000
"""What a camera sent so long before it became active is shown, so that nobody waits for an IDR."""
_PACE_INTERVALS: Final = 2.5
"""Pictures of the active camera follow each other within so many intervals."""


class Move(NamedTuple):
    """From now on pictures are to be read elsewhere."""

    url: str
    segment: Segment
    """Open; whoever gets this closes it."""
    begin: Begin
    camera_id: int | None
    """Whose own ring it is; None: the relay."""


class Sources:
    """Follows the relay `url` to the cameras' own rings. Owned by the camera thread, but for
    `reason`, which any thread may read."""

    def __init__(self, url: str, sources: SourceUrls) -> None:
        self.urls, self._are_named = sources
        self.camera_id: int | None = None
        """Whose own ring is being read; None: the relay."""
        self._other_id: int | None = None
        """Another camera, which the relay has shown once: it may have become active."""
        self.is_in_doubt = False
        """Whether the next look decides that, soon."""
        self.reason = NO_REASON
        """Why no camera's own ring is being read."""
        self._url = url
        self._relay = _Relay(url)
        self._look_at_s = self._search_at_s = 0.0
        self._doubt_ends_s = 0.0
        self._elsewhere_count = 0
        """Looks in a row that showed a picture of the same camera that its ring does not hold."""
        self._held: list[Picture] = []

    def look(
        self,
        now_s: float,
        reader: RingReader,
        last: SlotHeader | None,
        *,
        silent_s: float,
        interval_s: float | None,
    ) -> Move | None:
        """Ask the relay which camera is active, if it is time to. Returns where to read, if that is
        elsewhere.

        `reader` is reading now; `last` is the last picture that it took, `silent_s` ago, and there
        are `interval_s` between two. Raises SegmentError when even the relay can't be read.
        """
        self.is_in_doubt &= now_s < self._doubt_ends_s
        is_late = interval_s is not None and silent_s > _LATE_INTERVALS * interval_s
        if now_s < self._look_at_s - (LOOK_S - DOUBT_LOOK_S if is_late else 0.0):
            return None
        self._look_at_s = now_s + LOOK_S
        shown = self._relay.newest(now_s)
        if shown is None:
            return None
        if self.camera_id is None:
            return self._to_source(shown, last, now_s)
        if shown.camera_id == self.camera_id:
            self._settle()
            is_elsewhere = silent_s > _LATE_S and not reader.holds(shown)
            self._elsewhere_count = self._elsewhere_count + 1 if is_elsewhere else 0
            if self._elsewhere_count < _LOOKS:
                return None
        elif shown.camera_id != self._other_id:
            self._other_id, self.is_in_doubt = shown.camera_id, True
            self._doubt_ends_s = now_s + _DOUBT_S
            self._look_at_s = now_s + DOUBT_LOOK_S
            return None
        self._search_at_s = now_s
        return self._to_source(shown, last, now_s) or self._to_relay(shown, last)

    def moved(self, move: Move) -> None:
        """Note that pictures are read where `move` says."""
        self.camera_id = move.camera_id
        self._elsewhere_count = 0
        self._settle()

    def lose(self, now_s: float) -> None:
        """Note that the ring that was being read is gone."""
        self.camera_id = None
        self._settle()
        self._held = []
        self._look_at_s = self._search_at_s = now_s

    def hold(self, pictures: list[Picture]) -> list[Picture]:
        """Returns the pictures that may be published: none while it is in doubt whether their
        camera is still active."""
        if not self._held and not self.is_in_doubt:
            return pictures
        self._held += pictures
        if self.is_in_doubt:
            return []
        held, self._held = self._held, []
        return held

    def release(self, interval_s: float | None) -> list[Picture]:
        """Returns those of the pictures held that were taken while their camera was active: it has
        `interval_s` between two of them then, and much more otherwise."""
        held, self._held = self._held, []
        longest_ns = _PACE_INTERVALS * (interval_s or 0.0) * 1e9
        for position in range(1, len(held)):
            step_ns = _captured_ns(held[position]) - _captured_ns(held[position - 1])
            if step_ns > longest_ns:
                return held[:position]
        return held

    def close(self) -> None:
        self._relay.close()
        self.lose(0.0)
        self.reason = NO_REASON

    def _settle(self) -> None:
        self._other_id, self.is_in_doubt = None, False

    def _to_source(self, shown: SlotHeader, last: SlotHeader | None, now_s: float) -> Move | None:
        """Look for the ring that the relay copies from: it holds the picture that was shown."""
        if now_s < self._search_at_s:
            return None
        self._search_at_s = now_s + _SEARCH_S
        causes: list[SegmentError] = []
        for url in self.urls:
            try:
                segment = open_segment(url, ring.RING_LAYOUTS)
            except SegmentError as exc:
                causes.append(exc)
                continue
            move = None
            try:
                slots = Slots(segment)
                if (write := slots.find(shown)) is not None:
                    move = Move(url, segment, _begin(slots, write, last), shown.camera_id)
            except SegmentError as exc:
                causes.append(exc)
            else:
                causes.append(SegmentInvalid(f"{url} does not hold what the relay shows"))
            finally:
                if move is None:
                    segment.close()
            if move is not None:
                self.reason = NO_REASON
                return move
        if self._are_named or not all(isinstance(cause, SegmentMissing) for cause in causes):
            self.reason = Reason("no_source", "; ".join(map(str, causes)))
        return None

    def _to_relay(self, shown: SlotHeader, last: SlotHeader | None) -> Move:
        logger.warning("pictures come through the relay: %s", self.reason)
        is_same = last is not None and last.camera_id == shown.camera_id
        segment = open_segment(self._url, ring.RING_LAYOUTS)
        return Move(self._url, segment, Begin(None, continues=is_same), None)


def _begin(slots: Slots, shown: int, last: SlotHeader | None) -> Begin:
    """Returns where to begin in the ring of the picture that the relay shows, the write `shown`:
    after `last`, the last one taken, or with the oldest that is still fresh."""
    if last is not None and (write := slots.find(last)) is not None:
        return Begin(next_write(write), continues=True)
    first, later_ns = shown, slots.read_header(shown).captured_at_ns
    oldest_ns = later_ns - _FRESH_NS
    for write in slots.newest_writes(shown):
        captured_ns = slots.read_header(write).captured_at_ns
        if not oldest_ns <= captured_ns < later_ns:  # or stamps that do not say how old it is
            break
        first, later_ns = write, captured_ns
    return Begin(first, continues=False)


class _Relay:
    """The switcher's ring, of which nothing but headers is read."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._segment: Segment | None = None
        self._index: int | None = None
        self._check_at_s = 0.0

    def newest(self, now_s: float) -> SlotHeader | None:
        """Returns the header of the newest complete slot; None if nothing was written since the
        last call, or if there is no relay."""
        try:
            slots = self._open(now_s)
            index = slots.read_index()
            if index == self._index:
                return None
            self._index = index
            header = slots.read_header(next_write(index, -2))
        except SegmentError:
            self.close()
            return None
        return header if header.may_be_h264 else None

    def close(self) -> None:
        segment, self._segment, self._index = self._segment, None, None
        if segment is not None:
            segment.close()

    def _open(self, now_s: float) -> Slots:
        if self._segment is not None and now_s >= self._check_at_s:
            self._check_at_s = now_s + _SEARCH_S
            if self._segment.is_gone():
                self.close()
        if self._segment is None:
            self._segment = open_segment(self._url, ring.RING_LAYOUTS)
        return Slots(self._segment)


def _captured_ns(picture: Picture) -> int:
    return picture.header.captured_at_ns
