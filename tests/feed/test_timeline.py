"""Times of pictures, whatever the source's time stamps do."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

import pytest

from pet_stream.feed.timeline import JUMP_S, Timeline, plausible_rate

RATE = 30
TICKS = 90_000
INTERVAL = TICKS // RATE
STEADY = [index * INTERVAL for index in range(60)]
HOUR = 3600 * TICKS


def places(
    stamps: Sequence[int | None],
    time_base_s: float = 1 / TICKS,
    *,
    rate_fps: float | None = RATE,
    arrivals_s: Sequence[float] = (),
) -> list[float]:
    timeline = Timeline(rate_fps)
    times_s = [
        timeline.place(stamp, time_base_s, arrived_s)
        for stamp, arrived_s in itertools.zip_longest(stamps, arrivals_s)
    ]
    assert all(earlier < later for earlier, later in itertools.pairwise(times_s))
    return times_s


def from_the_middle(by: int, wrap: int | None = None) -> list[int | None]:
    """Steady stamps that jump."""
    stamps = STEADY[:30] + [stamp + by for stamp in STEADY[30:]]
    return [stamp % wrap if wrap else stamp for stamp in stamps]


def with_one(stamp: int | None) -> list[int | None]:
    return [*STEADY[:30], stamp, *STEADY[31:]]


@pytest.mark.parametrize(
    "stamps",
    {
        "steady": STEADY,
        "beginning anywhere": [stamp + 1_234_567_890 for stamp in STEADY],
        "beginning below 0": [stamp - HOUR for stamp in STEADY],
        "an hour ahead from here on": from_the_middle(HOUR),
        "just beyond a pause": from_the_middle(int(JUMP_S * TICKS)),
        "centuries ahead": from_the_middle(1 << 52),
        "back to 0": STEADY[:30] + STEADY[:30],
        "back by 2 s": from_the_middle(-2 * TICKS),
        "back by an hour": from_the_middle(-HOUR),
        "half a second back": from_the_middle(-TICKS // 2),
        "one an hour ahead": with_one(HOUR),
        "one an hour back": with_one(-HOUR),
        "one at 0": with_one(0),
        "one as early as the one before": with_one(STEADY[29]),
        "two in the wrong order": [*STEADY[:30], STEADY[31], STEADY[30], *STEADY[32:]],
        "32 bits wrap": [(stamp + (1 << 32) - HOUR // 3600) % (1 << 32) for stamp in STEADY],
        "33 bits wrap": [(stamp + (1 << 33) - HOUR // 3600) % (1 << 33) for stamp in STEADY],
        "one is missing": with_one(None),
        "every second is missing": [s if i % 2 else None for i, s in enumerate(STEADY)],
        "none from here on": [*STEADY[:30], *[None] * 30],
        "none at first": [*[None] * 30, *STEADY[30:]],
        "none at all": [None] * 60,
        "always 0": [0] * 60,
        "standing still from here on": [*STEADY[:30], *[STEADY[30]] * 30],
        "each one twice": [stamp // (2 * INTERVAL) * 2 * INTERVAL for stamp in STEADY],
        "milliseconds called ticks": [stamp // 90 for stamp in STEADY],
        "jumping each time": [index * HOUR for index in range(60)],
        "jumping to and fro": [stamp + index % 2 * HOUR for index, stamp in enumerate(STEADY)],
        "counting down": STEADY[::-1],
    }.items(),
    ids=lambda case: case[0],
)
def test_pictures_come_evenly(stamps: tuple[str, Sequence[int | None]]) -> None:
    """Within two intervals, and as long as the pictures are all together."""
    times_s = places(stamps[1])
    assert times_s[0] == 0
    assert times_s == pytest.approx([index / RATE for index in range(60)], abs=1.1 / RATE)
    for earlier, later in itertools.pairwise(times_s):
        assert later - earlier <= 2.1 / RATE


@pytest.mark.parametrize("pause_s", [0.5, 2.0, 4.9])
def test_a_pause_is_kept(pause_s: float) -> None:
    times_s = places(from_the_middle(int(pause_s * TICKS)))
    assert times_s[30] - times_s[29] == pytest.approx(pause_s + 1 / RATE)
    assert times_s[-1] == pytest.approx(59 / RATE + pause_s)


def test_what_shows_a_picture_every_ten_seconds_does_not_jump() -> None:
    stamps = [10 * TICKS * index for index in range(10)]
    assert places(stamps, rate_fps=0.1) == pytest.approx([10.0 * index for index in range(10)])


def test_milliseconds_wrap_at_24_bits() -> None:
    """FLV, of an encoder that leaves out the fourth byte."""
    stamps = [((1 << 24) - 500 + 40 * index) % (1 << 24) for index in range(25)]
    assert places(stamps, 0.001) == pytest.approx([0.04 * index for index in range(25)])


def test_a_wrap_is_exact_where_a_jump_is_about_right() -> None:
    stamps = [(1 << 33) - TICKS, TICKS // 2]
    assert places(stamps) == pytest.approx([0, 1.5])


def test_a_picture_out_of_order_costs_no_time() -> None:
    """Decoding stamps that are those of showing, as with B pictures: no drift."""
    order = [3 * group + shown for group in range(40) for shown in (0, 2, 1)]
    times_s = places([index * INTERVAL for index in order])
    assert times_s[-1] == pytest.approx(119 / RATE, abs=2 / RATE)


@pytest.mark.parametrize("rate_fps", [None, 15, 30, 60])
def test_pairs_cost_no_time(rate_fps: float | None) -> None:
    """Two pictures have one stamp each time; what the source says of its rate may be wrong."""
    times_s = places([index // 2 * 2 * INTERVAL for index in range(300)], rate_fps=rate_fps)
    assert times_s[-1] == pytest.approx(299 / RATE, abs=0.5)


@pytest.mark.parametrize("rate_fps", [5, 12.5, 25, 60, 120])
def test_without_stamps_the_rate_counts(rate_fps: float) -> None:
    assert places([None] * 10, rate_fps=rate_fps) == pytest.approx(
        [index / rate_fps for index in range(10)]
    )


@pytest.mark.parametrize("time_base_s", [1 / TICKS, 0.0])
def test_without_stamps_and_rate_pictures_last_as_they_arrive(time_base_s: float) -> None:
    arrivals_s = [100 + 0.125 * index for index in range(10)]
    stamps: list[int | None] = [None] * 10 if time_base_s else [7] * 10
    times_s = places(stamps, time_base_s, rate_fps=None, arrivals_s=arrivals_s)
    assert times_s == pytest.approx([0.125 * index for index in range(10)])


@pytest.mark.parametrize("rate_fps", [None, 25])
@pytest.mark.parametrize("stamp", [None, 0])
def test_a_camera_without_stamps_is_as_fast_as_its_pictures_arrive(
    rate_fps: float | None, stamp: int | None
) -> None:
    """Whatever FFmpeg guesses of its rate: 25, where nothing is known."""
    timeline = Timeline(rate_fps)
    for index in range(60):
        timeline.place(stamp, 1 / TICKS, 100 + index / 2)
    assert timeline.interval_s == pytest.approx(0.5)


def test_without_anything_it_is_30_a_second() -> None:
    assert places([None] * 4, rate_fps=None) == pytest.approx([0, 1 / 30, 2 / 30, 3 / 30])


def test_pictures_that_arrive_after_a_stall_keep_their_stamps() -> None:
    arrivals_s = [100 + index / RATE + (3 if index >= 30 else 0) for index in range(60)]
    assert places(STEADY, arrivals_s=arrivals_s) == pytest.approx([i / RATE for i in range(60)])


def test_a_wanted_rate_counts_whatever_the_stamps_are() -> None:
    timeline = Timeline(RATE, wanted_fps=10)
    assert [timeline.place(stamp, 1 / TICKS) for stamp in (5, None, 0)] == [0, 0.1, 0.2]
    assert timeline.interval_s == 0.1


def test_a_timeline_goes_on_where_another_one_ended() -> None:
    first = Timeline(RATE)
    assert first.end_s == 0
    first.place(123, 1 / TICKS)
    assert first.end_s == 1 / RATE
    assert Timeline(RATE, starts_at_s=7.5).place(123, 1 / TICKS) == 7.5
    assert Timeline(wanted_fps=10, starts_at_s=7.5).place(123, 1 / TICKS) == 7.5


def test_a_pause_or_a_jump_does_not_change_the_usual_interval() -> None:
    for by in (4 * TICKS, HOUR, -HOUR):
        timeline = Timeline(RATE)
        for stamp in from_the_middle(by):
            timeline.place(stamp, 1 / TICKS)
            assert timeline.interval_s == pytest.approx(1 / RATE)


def test_the_usual_interval_is_what_the_stamps_say_not_the_rate() -> None:
    timeline = Timeline(25)
    assert timeline.interval_s == 1 / 25
    for index in range(10):
        timeline.place(index * TICKS, 1 / TICKS)
    assert timeline.interval_s == pytest.approx(1)


def test_stamps_cannot_run_ahead_of_pictures_that_arrive() -> None:
    """90 kHz called milliseconds: 3 s for each picture, when 30 arrive in a second."""
    timeline = Timeline()
    for index in range(40):
        timeline.place(index * 3000, 0.001, 50 + index / RATE)
    assert timeline.interval_s == pytest.approx(1 / RATE)


def test_what_arrives_at_once_has_the_interval_of_its_stamps() -> None:
    timeline = Timeline()
    for stamp in STEADY:
        timeline.place(stamp, 1 / TICKS, 50 + stamp / TICKS / 1000)
    assert timeline.interval_s == pytest.approx(1 / RATE)


@pytest.mark.parametrize(
    ("rates_fps", "plausible"),
    [
        ((30.0, 25.0), 30.0),
        ((None, 25.0), 25.0),
        ((90_000.0, 25.0), 25.0),
        ((0.0, None), None),
        ((), None),
        ((0.1,), 0.1),
        ((1000.0,), None),
    ],
)
def test_only_a_plausible_rate_is_one(
    rates_fps: tuple[float | None, ...], plausible: float | None
) -> None:
    assert plausible_rate(*rates_fps) == plausible
