"""Real pictures with times, as a camera publishes them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from pet_stream.media.access_unit import AccessUnit
from tests.footage import encode
from tests.recording.playback import access_unit

FRAME_NS = 1_000_000_000 // 30
START_NS = 10**12


def film(count: int, *, gop: int = 14, **options: object) -> list[AccessUnit]:
    """`count` pictures of GOPs of `gop`, 30 a second."""
    encoded = encode(gop=gop, pictures=2 * gop, **options)  # type: ignore[arg-type]
    units = [access_unit(data) for data in encoded]
    return timed([units[number % len(units)] for number in range(count)])


def timed(
    units: Sequence[AccessUnit], *, first: int = 0, step_ns: int = FRAME_NS
) -> list[AccessUnit]:
    return [
        replace(unit, sequence=first + number, capture_ns=START_NS + number * step_ns)
        for number, unit in enumerate(units)
    ]


def after_a_break(units: Sequence[AccessUnit], seconds: float = 20) -> list[AccessUnit]:
    """The same pictures some time later; the first one says that some are missing."""
    later = [replace(u, capture_ns=u.capture_ns + round(seconds * 1e9)) for u in units]
    return [replace(later[0], is_discontinuity=True), *later[1:]]
