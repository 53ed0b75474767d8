"""Where the cameras behind a relay have rings of their own, and which ring is whose."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from ..errors import SegmentError
from ..media import ring
from .segment import open_segment
from .slots import Slots


class SourceUrls(NamedTuple):
    """Where the rings behind a relay may be."""

    urls: Sequence[str]
    are_named: bool = True
    """Somebody has said that they are there, so it is told when they are missing."""

    @classmethod
    def usual(cls, url: str) -> SourceUrls:
        """Returns where the board's daemons have those behind the relay `url`."""
        return cls(source_urls(url), are_named=False)


NO_SOURCES = SourceUrls(())
"""What the relay holds is read."""


def source_urls(url: str) -> tuple[str, ...]:
    """Returns where the board's daemons have the rings behind the relay `url`."""
    return (f"{url}_day", f"{url}_night") if not url.startswith("sysv:") else ()


def ring_of_camera(urls: Iterable[str], camera_id: int) -> str | None:
    """Returns which of `urls` is the ring of this camera, as its newest picture tells."""
    for url in urls:
        try:
            segment = open_segment(url, ring.RING_LAYOUTS)
        except SegmentError:
            continue
        try:
            slots = Slots(segment)
            headers = map(slots.read_header, slots.newest_writes())
            newest = next((header for header in headers if header.may_be_h264), None)
            if newest is not None and newest.camera_id == camera_id:
                return url
        except SegmentError:
            continue
        finally:
            segment.close()
    return None
