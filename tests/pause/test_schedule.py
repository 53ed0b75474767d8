"""Times of the week. 2026-11-30 is a Monday."""

from __future__ import annotations

from datetime import datetime

import pytest

from pet_stream.config_values import spans
from pet_stream.pause.schedule import Span, end_of_spans

MON, TUE, FRI, SAT, SUN = 30, 1, 4, 5, 6


def at(day: int, time: str) -> datetime:
    hour, minute, second = map(int, f"{time}:00".split(":")[:3])
    return datetime(2026, 11 if day == MON else 12, day, hour, minute, second)


CASES = [
    (["22:00-07:00"], at(MON, "21:59:59"), None),
    (["22:00-07:00"], at(MON, "22:00"), at(TUE, "07:00")),
    (["22:00-07:00"], at(TUE, "00:00"), at(TUE, "07:00")),
    (["22:00-07:00"], at(TUE, "06:59:59"), at(TUE, "07:00")),
    (["22:00-07:00"], at(TUE, "07:00"), None),
    (["Mon-Fri 08:00-17:00"], at(FRI, "16:59"), at(FRI, "17:00")),
    (["Mon-Fri 08:00-17:00"], at(SAT, "12:00"), None),
    (["Fri 22:00-07:00"], at(SAT, "03:00"), at(SAT, "07:00")),
    (["Fri 22:00-07:00"], at(FRI, "03:00"), None),
    (["Sun 22:00-07:00"], at(MON, "03:00"), at(MON, "07:00")),
    (["sat-mon 10:00-11:00"], at(MON, "10:30"), at(MON, "11:00")),
    (["sat-mon 10:00-11:00"], at(SUN, "10:30"), at(SUN, "11:00")),
    (["Sat-Mon 10:00-11:00"], at(TUE, "10:30"), None),
    (["Sun 00:00-24:00"], at(SUN, "23:59"), datetime(2026, 12, 7)),
    (["20:00-24:00", "00:00-06:00"], at(MON, "21:00"), at(TUE, "06:00")),
    (["08:00-12:00", "10:00-14:00"], at(MON, "09:00"), at(MON, "14:00")),
    ([], at(MON, "09:00"), None),
]


@pytest.mark.parametrize(("texts", "now", "end"), CASES)
def test_a_schedule_tells_when_a_pause_ends(
    texts: list[str], now: datetime, end: datetime | None
) -> None:
    assert end_of_spans(spans(texts), now) == end


def test_a_schedule_without_gaps_has_an_end_far_ahead() -> None:
    end = end_of_spans(spans(["00:00-24:00"]), at(MON, "09:00"))
    assert end is not None
    assert end > at(SUN, "09:00")


def test_text_of_the_environment_has_commas() -> None:
    assert spans("22:00-07:00, Mon-Fri 08:00-17:00") == spans(
        ["22:00-07:00", "Mon-Fri 08:00-17:00"]
    )


@pytest.mark.parametrize(
    "text",
    [
        "",
        "22:00",
        "22:00-22:00",
        "24:00-07:00",
        "22:00-24:01",
        "22:60-23:00",
        "7:00-8:00",
        "Mo 07:00-08:00",
        "Mon-Fri",
        "Mon,Tue 07:00-08:00",
        "22:00-07:00 Mon",
        "２２:00-07:00",
        "22:00-07:00\n23:00-24:00",
    ],
)
def test_what_is_no_time_of_the_week_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"^$"):
        Span.parse(text)
