"""Checks whether the rings that a relay copies from can be read."""

from __future__ import annotations

from collections.abc import Sequence

from ..errors import SegmentError
from ..ingest.segment import open_segment
from ..ingest.slots import Slots
from ..media import ring
from ..media.ring import SlotHeader
from .finding import Finding, ok, warning


def check_sources(urls: Sequence[str], shown: SlotHeader) -> Finding:
    """Returns whether one of `urls` holds the picture `shown` by the relay a moment ago."""
    causes = []
    for url in urls:
        try:
            segment = open_segment(url, ring.RING_LAYOUTS)
        except SegmentError as exc:
            causes.append(str(exc))
            continue
        try:
            if Slots(segment).find(shown) is not None:
                words = f"Pictures of camera {shown.camera_id} are read from its own ring, {url}."
                return ok("relay", words)
            causes.append(f"{url} does not hold what the relay shows")
        except SegmentError as exc:
            causes.append(str(exc))
        finally:
            segment.close()
    return warning(
        "relay",
        f"Pictures come through the relay: {'; '.join(causes)}.",
        "That works, but later and at more cost. If the cameras' own rings have other names, say "
        "so by PET_STREAM_SOURCES.",
    )
