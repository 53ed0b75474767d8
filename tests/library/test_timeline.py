"""What is shown of a day, with real files in real time zones."""

from __future__ import annotations

import io
import math
import os
import time
from collections.abc import Iterator
from datetime import date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from pet_stream.library.fact_reader import FactReader
from pet_stream.library.housekeeping import Housekeeper
from pet_stream.library.library import Library
from pet_stream.library.timeline import LONGEST_S, day_of_recordings, days_of_recordings
from pet_stream.media.access_unit import AccessUnit
from pet_stream.recording.containers import Mp4Container
from pet_stream.recording.status import RecordingStatus

from ..recording.playback import Showing
from ..recording.test_mp4_container import timed
from ..waiting import wait_until

ZONE = ZoneInfo("Europe/Berlin")
DAY = date(2026, 10, 25)
"""It has 25 hours."""


@pytest.fixture(autouse=True)
def in_berlin(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("TZ", ZONE.key)
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


def at(hour: int, minute: int = 0, *, day: int = DAY.day, fold: int = 0) -> float:
    return datetime(2026, 10, day, hour, minute, fold=fold, tzinfo=ZONE).timestamp()


def record(folder: Path, from_s: float, to_s: float, *, ending: str = "h264") -> str:
    """A file without times of its own, which was changed last at `to_s`."""
    name = time.strftime(f"recording_%Y%m%d_%H%M%S.{ending}", time.localtime(from_s))
    (folder / name).write_bytes(b"?")
    os.utime(folder / name, (to_s, to_s))
    return name


def read_all(library: Library) -> None:
    for row in library.recordings():
        library.facts.read(row)


def names_of(library: Library, day: date = DAY) -> list[str]:
    return [span.recording.name for span in day_of_recordings(library, day).spans]


def test_a_day_has_what_begins_ends_or_lasts_in_it(tmp_path: Path) -> None:
    before = record(tmp_path, at(22, day=24), at(23, day=24))
    across = record(tmp_path, at(23, day=24), at(1))
    first = record(tmp_path, at(0), at(0, 10))
    last = record(tmp_path, at(23, 50), at(0, 10, day=26))
    after = record(tmp_path, at(0, day=26), at(1, day=26))
    library = Library(tmp_path)
    shown = day_of_recordings(library, DAY)
    assert [span.recording.name for span in shown.spans] == [across, first, last]
    assert (shown.from_s, shown.to_s) == (at(0), at(0, day=26))
    assert (shown.to_s - shown.from_s) / 3600 == 25
    assert (shown.spans[0].from_s, shown.spans[0].to_s) == (at(23, day=24), at(1))
    assert names_of(library, date(2026, 10, 24)) == [before, across]
    assert names_of(library, date(2026, 10, 26)) == [last, after]
    assert names_of(library, date(2026, 10, 27)) == []


def test_the_hour_that_comes_twice_is_told_by_when_a_file_ended(tmp_path: Path) -> None:
    for fold in (1, 0):  # one has the same name, with a number
        name = record(tmp_path, at(2, 30, fold=fold), at(2, 40, fold=fold))
        (tmp_path / name).rename(tmp_path / name.replace(".", "_2." if fold else "."))
    spans = day_of_recordings(Library(tmp_path), DAY).spans
    assert [(span.from_s, span.to_s) for span in spans] == [
        (at(2, 30, fold=fold), at(2, 40, fold=fold)) for fold in (0, 1)
    ]
    for path in tmp_path.iterdir():  # copied here a day later
        os.utime(path, (at(12, day=26), at(12, day=26)))
    spans = day_of_recordings(Library(tmp_path), DAY).spans
    assert [span.from_s for span in spans] == [at(2, 30, fold=0)] * 2


def test_files_tell_how_long_they_are(tmp_path: Path, pictures: list[AccessUnit]) -> None:
    name = record(tmp_path, at(12), at(12), ending="mp4")
    with io.FileIO(tmp_path / name, "wb+") as file:
        container = Mp4Container(file)
        container.write(timed(pictures))
        container.close()
    os.utime(tmp_path / name, (at(15), at(15)))  # copied here later
    library = Library(tmp_path)
    (span,) = day_of_recordings(library, DAY).spans
    assert (span.is_read, span.to_s) == (False, at(15))
    read_all(library)
    (span,) = day_of_recordings(library, DAY).spans
    length_s = library.details(span.recording).duration_s
    assert (span.is_read, span.to_s) == (True, at(12) + (length_s or 0))
    assert 1 < (length_s or 0) < 10


def test_what_is_being_made_has_no_end(tmp_path: Path) -> None:
    (tmp_path / "cat.mp4.part").write_bytes(b"?")
    status = RecordingStatus(
        is_recording=True, filename="cat.mp4", started_at=at(23, day=24), has_file=True
    )
    library = Library(tmp_path, Showing(status))
    for day in (24, 25, 26):
        (span,) = day_of_recordings(library, date(2026, 10, day)).spans
        assert (span.from_s, span.to_s) == (at(23, day=24), math.inf)
    totals, unread = days_of_recordings(library, at(1))
    assert (list(totals), unread) == ([date(2026, 10, 24), DAY], 0)
    assert all(total.duration_s == 0 for total in totals.values())


def test_a_calendar_has_the_days_with_recordings(tmp_path: Path) -> None:
    record(tmp_path, at(22, day=24), at(23, day=24))
    starred = record(tmp_path, at(23, day=24), at(1))
    record(tmp_path, at(3), at(4))
    library = Library(tmp_path)
    library.set_starred(starred, True)
    totals, unread = days_of_recordings(library, at(12, day=30))
    assert unread == 3
    assert {
        day.day: (total.recordings, total.starred, total.duration_s / 3600)
        for day, total in totals.items()
    } == {24: (2, 1, 2), 25: (2, 1, 2)}


def test_a_file_may_say_anything_of_its_length(tmp_path: Path) -> None:
    record(tmp_path, at(12), at(12) + 40 * 366 * 86_400)
    record(tmp_path, at(12, 1), at(11))
    totals, _ = days_of_recordings(Library(tmp_path), time.time() + 1e10)
    assert len(totals) <= LONGEST_S / 86_400 + 2
    assert len(names_of(Library(tmp_path))) == 2


def test_the_newest_of_too_many_are_shown(tmp_path: Path) -> None:
    made = [record(tmp_path, at(12, minute), at(12, minute)) for minute in range(5)]
    shown = day_of_recordings(Library(tmp_path), DAY, max_spans=3)
    assert [span.recording.name for span in shown.spans] == made[2:]
    assert shown.left_out == 2


def test_what_is_not_read_yet_is_read_in_the_background(tmp_path: Path) -> None:
    """And not again in the next run; what can't be read at all does not hold it up."""
    count = 120
    for minute in range(count):
        record(tmp_path, at(12) + 60 * minute, at(12) + 60 * minute)
    library, housekeeper = Library(tmp_path), Housekeeper("test")
    reader = FactReader(library, housekeeper)
    housekeeper.start()
    reader.read_soon()
    wait_until(lambda: days_of_recordings(library, at(12))[1] == 0)
    wait_until(lambda: not library.facts.has_news)
    housekeeper.stop(1)
    again = Library(tmp_path)
    assert days_of_recordings(again, at(12))[1] == 0
    changed = again.recordings()[0].name
    (tmp_path / changed).write_bytes(b"??")
    assert days_of_recordings(Library(tmp_path), at(12))[1] == 1
