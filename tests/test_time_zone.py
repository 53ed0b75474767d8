"""Days and zones, in real zones of the machine's database."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from datetime import date, datetime
from zoneinfo import ZoneInfo

import pytest

from pet_stream.time_zone import day_bounds, day_of, local_zone

HOUR_S = 3600
SetZone = Callable[[str], None]


@pytest.fixture
def set_zone(monkeypatch: pytest.MonkeyPatch) -> Iterator[SetZone]:
    def set_zone(zone: str) -> None:
        monkeypatch.setenv("TZ", zone)
        time.tzset()

    yield set_zone
    monkeypatch.undo()
    time.tzset()


@pytest.mark.parametrize(
    ("zone", "name"),
    [
        ("Europe/Berlin", "Europe/Berlin"),
        (":Asia/Kathmandu", "Asia/Kathmandu"),
        ("/usr/share/zoneinfo/America/New_York", "America/New_York"),
        ("America/Argentina/Buenos_Aires", "America/Argentina/Buenos_Aires"),
        ("UTC", "UTC"),
        ("", "UTC"),
        ("Nowhere/Else", "UTC"),
        ("UTC0", "UTC"),
        ("JST-9", "+09:00"),
        ("<+0530>-5:30", "+05:30"),
        ("<-0330>3:30", "-03:30"),
        ("../../../etc/passwd", "UTC"),
    ],
)
def test_the_zone_is_that_of_the_c_library(set_zone: SetZone, zone: str, name: str) -> None:
    set_zone(zone)
    told = local_zone()
    if time.tzname == ("UTC", "UTC") or name != "UTC":
        assert told == name
    else:  # the C library calls it otherwise
        assert told in ("UTC", "+00:00")


def test_a_zone_with_rules_of_its_own_has_the_offset_of_now(set_zone: SetZone) -> None:
    set_zone("ABC-1DEF,M1.1.0,M12.5.0")
    offset_s = time.localtime().tm_gmtoff
    assert local_zone() == f"+{offset_s // HOUR_S:02}:00"


@pytest.mark.parametrize(
    ("zone", "day", "hours"),
    [
        ("Europe/Berlin", date(2026, 11, 30), 24),
        ("Europe/Berlin", date(2026, 3, 29), 23),
        ("Europe/Berlin", date(2026, 10, 25), 25),
        ("America/New_York", date(2026, 3, 8), 23),
        ("America/New_York", date(2026, 11, 1), 25),
        ("Australia/Lord_Howe", date(2026, 4, 5), 24.5),
        ("Asia/Tokyo", date(2026, 11, 30), 24),
        ("America/Sao_Paulo", date(2018, 11, 4), 23),  # at midnight: it begins at 1 o'clock
        ("America/Havana", date(2026, 11, 1), 25),  # back from 1 o'clock to midnight
        ("America/Asuncion", date(2024, 3, 24), 24),  # back from midnight to 23 o'clock before
        ("Pacific/Apia", date(2011, 12, 30), 0),  # left out
    ],
)
def test_a_day_has_as_many_hours_as_it_has(
    set_zone: SetZone, zone: str, day: date, hours: float
) -> None:
    set_zone(zone)
    from_s, to_s = day_bounds(day)
    assert (to_s - from_s) / HOUR_S == hours
    for at_s in (from_s, to_s - 1) if hours else ():
        assert day_of(at_s) == datetime.fromtimestamp(at_s, ZoneInfo(zone)).date() == day
    assert day_of(from_s - 1) < day < day_of(to_s)


@pytest.mark.parametrize("day", [date.min, date.max])
def test_beyond_the_calendar_there_are_no_days(set_zone: SetZone, day: date) -> None:
    set_zone("Europe/Berlin")
    with pytest.raises(ValueError, match="calendar"):
        day_bounds(day)


@pytest.mark.parametrize("at_s", [-1e15, 1e15, 1e300])
def test_times_that_no_calendar_has_have_no_day(at_s: float) -> None:
    with pytest.raises(ValueError, match="calendar"):
        day_of(at_s)
