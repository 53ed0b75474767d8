"""Tables of what clocks do: what happens, and whether ages by the wall clock are true then."""

from __future__ import annotations

import time
from itertools import accumulate

import pytest

from pet_stream.library.clock import (
    DOUBT_S,
    EARLIEST_S,
    SETTLE_S,
    STEP_S,
    ClockReading,
    ClockWatch,
    read_clocks,
)

NOW_S = 1_790_000_000.0
DAY_S = 86_400.0
MINUTE_S = 60.0
FIFTY_YEARS_S = 50 * 365 * DAY_S

Look = tuple[float, float, bool, bool]
"""Seconds that pass, what the wall clock is set by then, whether NTP says that it is right, whether
it is to be trusted."""

AT_ONCE_BY_NTP: Look = (0, 0, True, True)
SETTLED: Look = (SETTLE_S, 0, False, True)


@pytest.mark.parametrize(
    ("started_at_s", "newest_s", "looks"),
    [
        pytest.param(NOW_S, NOW_S - DAY_S, [AT_ONCE_BY_NTP, (DAY_S, 0, True, True)], id="NTP"),
        pytest.param(
            NOW_S,
            NOW_S - DAY_S,
            [(0, 0, False, False), (SETTLE_S - 1, 0, False, False), (1, 0, False, True)],
            id="without NTP, after ten minutes",
        ),
        pytest.param(NOW_S, None, [(SETTLE_S, 0, False, True)], id="without NTP and files"),
        pytest.param(
            NOW_S,
            NOW_S - DAY_S,
            [
                AT_ONCE_BY_NTP,
                (MINUTE_S, DAY_S, True, False),
                (DOUBT_S - MINUTE_S, 0, True, False),
                (MINUTE_S, 0, True, True),
            ],
            id="forward a day, and it stays so",
        ),
        pytest.param(
            NOW_S,
            NOW_S - DAY_S,
            [
                SETTLED,
                (MINUTE_S, DAY_S, False, False),
                (MINUTE_S, -DAY_S, False, True),
                (MINUTE_S, 0, False, True),
            ],
            id="forward a day and back",
        ),
        pytest.param(
            NOW_S,
            NOW_S - DAY_S,
            [
                AT_ONCE_BY_NTP,
                (MINUTE_S, DAY_S, True, False),
                (DOUBT_S / 2, DAY_S, True, False),
                (DOUBT_S / 2 + MINUTE_S, 0, True, False),
                (DOUBT_S / 2, 0, True, True),
            ],
            id="forward a day, twice",
        ),
        pytest.param(
            NOW_S,
            NOW_S - DAY_S,
            [
                SETTLED,
                (MINUTE_S, -NOW_S, False, False),
                (10 * DAY_S, 0, False, False),
                (MINUTE_S, 0, True, False),
                (MINUTE_S, NOW_S, True, True),
            ],
            id="back to 1970, and forward again",
        ),
        pytest.param(
            0.0,
            NOW_S - DAY_S,
            [
                (MINUTE_S, 0, False, False),
                (SETTLE_S, 0, False, False),
                (MINUTE_S, FIFTY_YEARS_S, False, False),
                (MINUTE_S, NOW_S - FIFTY_YEARS_S, True, True),
                (MINUTE_S, 0, True, True),
            ],
            id="1970 at boot, then NTP",
        ),
        pytest.param(0.0, None, [(DAY_S, 0, True, False)], id="1970, whatever NTP says"),
        pytest.param(
            NOW_S,
            NOW_S + 365 * DAY_S,
            [(SETTLE_S, 0, False, False), (DAY_S, 0, False, False), (0, 0, True, True)],
            id="a file from the future",
        ),
        pytest.param(
            NOW_S,
            NOW_S - DAY_S,
            [AT_ONCE_BY_NTP, (3600, STEP_S - 1, True, True), (3600, 1 - STEP_S, True, True)],
            id="small corrections",
        ),
        pytest.param(
            NOW_S,
            NOW_S - DAY_S,
            [AT_ONCE_BY_NTP, (30 * DAY_S, 0, True, True)],
            id="asleep for a month: both clocks know",
        ),
    ],
)
def test_whether_a_clock_is_trusted(
    started_at_s: float, newest_s: float | None, looks: list[Look]
) -> None:
    watch = ClockWatch()
    boot_s = list(accumulate(passed_s for passed_s, *_ in looks))
    set_by_s = list(accumulate(by_s for _, by_s, *_ in looks))
    trusted = [
        watch.trusts(ClockReading(started_at_s + boot + by, boot, is_synchronized), newest_s)
        for (_, _, is_synchronized, _), boot, by in zip(looks, boot_s, set_by_s, strict=True)
    ]
    assert trusted == [expected for *_, expected in looks]


def test_the_clocks_of_this_machine_can_be_read() -> None:
    first, second = read_clocks(), read_clocks()
    assert 0 < first.boot_s <= second.boot_s
    assert first.wall_s == pytest.approx(time.time(), abs=STEP_S)
    assert first.wall_s > EARLIEST_S
    assert isinstance(first.is_synchronized, bool)
