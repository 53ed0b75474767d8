"""When B pictures are shown, as far as that can be known while they come."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise
from typing import Any

import pytest

from pet_stream.media.access_unit import AccessUnit
from pet_stream.websocket.showing_times import MAX_OFFSET_US, ShowingTimes
from tests.footage import encode
from tests.recording.playback import FRAME_NS
from tests.recording.test_b_pictures import units_of

GOP = 12
FRAME_US = FRAME_NS / 1000


def shown_us(units: Sequence[AccessUnit]) -> list[float]:
    """By the order in which they are to be shown."""
    times = ShowingTimes()
    return [unit.capture_ns / 1000 + times.offset_us(unit) for unit in units]


@pytest.mark.parametrize(
    "options",
    [
        {"bframes": 1},
        {"bframes": 2},
        {"bframes": 3, "x264": ("b-pyramid=normal",)},
        {"bframes": 2, "x264": ("open-gop=1",)},
    ],
    ids=["one", "two", "three, a pyramid", "open GOPs"],
)
def test_from_the_second_gop_on_pictures_are_shown_evenly_and_in_their_order(
    options: dict[str, Any],
) -> None:
    units = units_of(encode(profile="high", gop=GOP, pictures=5 * GOP, **options))
    times = shown_us(units)
    in_order = sorted(
        range(len(units)), key=lambda i: (i // GOP if units[GOP].is_idr else 0, units[i].pic_order)
    )
    late = [times[i] for i in in_order[2 * GOP :]]
    assert {round((b - a) / FRAME_US, 2) for a, b in pairwise(late)} == {1.0}
    assert all(
        abs(t - u.capture_ns / 1000) < 4.1 * FRAME_US for t, u in zip(times, units, strict=True)
    )


@pytest.mark.parametrize("options", [{}, {"profile": "high"}], ids=["Baseline", "High"])
def test_without_b_pictures_nothing_is_moved(options: dict[str, Any]) -> None:
    units = units_of(encode(gop=GOP, pictures=3 * GOP, **options))
    times = ShowingTimes()
    assert {times.offset_us(unit) for unit in units} == {0}


def test_a_loss_does_not_move_what_follows_for_good() -> None:
    units = units_of(encode(profile="high", gop=300, pictures=120, bframes=2))
    left = [*units[:40], *units[70:]]
    times = ShowingTimes()
    offsets = [times.offset_us(unit) for unit in left]
    assert all(abs(offset) < 5 * FRAME_US for offset in offsets[60:])


def test_no_offset_is_more_than_its_field_holds() -> None:
    """A picture each ten seconds."""
    units = units_of(encode(profile="high", gop=GOP, pictures=3 * GOP, bframes=2))
    times = ShowingTimes()
    for number, unit in enumerate(units):
        slow = replace(unit, capture_ns=number * 10 * 10**9)
        assert abs(times.offset_us(slow)) <= MAX_OFFSET_US
