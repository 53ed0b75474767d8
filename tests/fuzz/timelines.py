"""What a video source says of its pictures' times, for `feed`."""

from __future__ import annotations

import math
from itertools import pairwise
from typing import NamedTuple

from hypothesis import strategies as st

from pet_stream.feed.timeline import Timeline, plausible_rate

from .target import pure

LATEST_S = 2**63 / 1e9
"""What a slot can say."""


class Source(NamedTuple):
    rate_fps: float | None
    time_base_s: float
    stamps: list[int | None]
    arrival_s: float | None
    """Between two pictures of a live source."""


STAMPS = st.integers(-(2**63), 2**63 - 1)


@st.composite
def sources(draw: st.DrawFn) -> Source:
    """Stamps that mostly go on, by steps that grow, shrink, jump or are missing."""
    stamp, step = draw(st.just(0) | STAMPS), 3000
    stamps: list[int | None] = []
    for _ in range(draw(st.integers(0, 60))):
        kind = draw(st.sampled_from(["next", "next", "longer", "shorter", "none", "jump"]))
        if kind == "jump":
            stamp = draw(STAMPS)
        elif kind != "none":
            step = max(0, step * {"longer": 3, "shorter": 1}.get(kind, 2) // 2)
            stamp = min(stamp + step, 2**63 - 1)
        stamps.append(None if kind == "none" else stamp)
    return Source(
        rate_fps=draw(st.none() | st.floats()),
        time_base_s=draw(st.sampled_from([1 / 90_000, 1 / 1000, 1.0, 0.0, -1.0, 2.0**31])),
        stamps=stamps,
        arrival_s=draw(st.none() | st.floats(0, 100)),
    )


def follow(source: Source) -> None:
    timeline = Timeline(plausible_rate(source.rate_fps))
    times_s = [
        timeline.place(
            stamp,
            source.time_base_s,
            None if source.arrival_s is None else number * source.arrival_s,
        )
        for number, stamp in enumerate(source.stamps)
    ]
    assert all(math.isfinite(time_s) and time_s < LATEST_S for time_s in times_s)
    assert all(before_s < later_s for before_s, later_s in pairwise(times_s))
    assert 0 < timeline.interval_s < LATEST_S


TARGETS = (pure("timelines", sources(), follow),)
