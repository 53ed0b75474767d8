"""Tells what lies in shared memory under the camera's name, and why its pictures can't be used."""

from __future__ import annotations

from pathlib import Path

from ..errors import SegmentError, SegmentMissing
from ..ingest.segment import POSIX_FOLDER, Segment, open_segment
from ..media import ring
from .finding import Finding, ok, problem
from .observation import Observation

_ADVICE = {
    "unusable_format": "Name the segment that holds the encoder's output by --shm. H.265 can't be "
    "streamed: set the encoder to H.264.",
    "unusable_header": "The daemon's structs differ from the layouts in pet_stream/media/ring.py.",
    "unusable_bitstream": "The encoder has to write H.264 byte stream format (Annex B), with start "
    "codes.",
}


def open_ring(url: str) -> Segment | Finding:
    """Returns the segment behind `url`, or what is wrong with it."""
    try:
        return open_segment(url, ring.RING_LAYOUTS)
    except ValueError as exc:
        return problem("shared memory", f"{url} is not a name: expected {exc}", "Correct --shm.")
    except SegmentMissing as exc:
        return problem("shared memory", f"{_sentence(exc)}.", _where_else())
    except SegmentError as exc:
        advice = f"A camera daemon's stream segment has exactly such a size. {_where_else()}"
        return problem("shared memory", f"{_sentence(exc)}.", advice)


def has_shrunk(exc: SegmentError) -> Finding:
    return problem(
        "shared memory",
        f"{_sentence(exc)}: it shrank while it was read.",
        "Its daemon seems to restart again and again: look at the daemon's log.",
    )


def ring_found(url: str, seen: Observation) -> Finding:
    layout = seen.layout
    if seen.used_slots and not seen.plausible_slots:
        return problem(
            "shared memory",
            f"{url} has the right size, but no slot in it looks like a picture.",
            "It is another program's, or the daemon's structs differ from this layout: compare "
            f"the layout {layout.name} in pet_stream/media/ring.py.",
        )
    words = f"{url} is a ring of {layout.slot_count} slots, layout {layout.name}."
    return ok("shared memory", words)


def unusable(seen: Observation) -> Finding:
    """Returns why nothing could be read of what was written."""
    if seen.refused is None:
        return problem(
            "camera",
            "Something is written, but no new picture was found.",
            "The daemon's camera seems to stand still: look at the daemon's log.",
        )
    cause = seen.refused.cause
    return problem("camera", f"Pictures come, but can't be used: {cause}.", _ADVICE[cause.code])


def _where_else() -> str:
    """Returns advice for a segment that is not there, with others that look like one."""
    found = sorted(
        f"/{path.name}"
        for path in Path(POSIX_FOLDER).glob("*")
        if path.is_file() and path.stat().st_size in ring.RING_LAYOUTS
    )
    advice = "Start the camera daemon, or make a camera of any video: pet-stream feed SOURCE."
    if found:
        advice += f" There is also {', '.join(found)}: choose it by --shm."
    return advice


def _sentence(exc: Exception) -> str:
    words = str(exc)
    return words[:1].upper() + words[1:]
