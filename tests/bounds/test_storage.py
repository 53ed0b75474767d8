from __future__ import annotations

import pytest

from benchmarks.bounds.storage import (
    AMPLIFICATION,
    CardClass,
    Day,
    card_years,
    hours_that_fit,
    recording_day,
)

from .figures import LOW, MACHINE

CARD = CardClass("a", (100, 1000))


def test_a_day_of_recording_is_its_bytes_its_syncs_and_its_files() -> None:
    day = recording_day(LOW, MACHINE.disk, sync_s=5)
    file_bytes = LOW / 8 * 86_400 * 1.0024
    assert day.written_bytes == pytest.approx(file_bytes + 17_280 * 20_000 + 24 * 100_000)
    assert day.flushes == 2 * 17_280


def test_rare_syncs_cost_a_sixth() -> None:
    often, rarely = (recording_day(0, MACHINE.disk, sync_s) for sync_s in (5, 30))
    assert often.flushes == 6 * rarely.flushes
    assert often.written_bytes - rarely.written_bytes == pytest.approx(17_280 * 20_000 * 5 / 6)


def test_detections_add_no_more_than_they_may_and_a_page_each_half_minute() -> None:
    without, with_boxes = (
        recording_day(LOW, MACHINE.disk, 5, boxes=boxes) for boxes in (False, True)
    )
    added = with_boxes.written_bytes - without.written_bytes
    assert added == pytest.approx(86_400 * 1300 + 2880 * 4096)
    assert with_boxes.flushes == without.flushes


def test_what_fits_leaves_room_for_the_file_system_and_for_what_is_kept_free() -> None:
    hour_gb = 1e7 / 8 * 1.0024 * 3600 / 1e9
    assert hours_that_fit(100, 1e7) == pytest.approx((93 - 0.5) / hour_gb)


def test_a_card_lasts_as_long_as_it_can_be_written() -> None:
    day = Day(written_bytes=1e9, flushes=0)  # a GB a day onto 10 GB: all of it 36.5 times a year
    least, most = card_years(10, CARD, day)
    assert least == pytest.approx(100 / 36.5 / AMPLIFICATION[1])
    assert most == pytest.approx(1000 / 36.5 / AMPLIFICATION[0])


def test_a_larger_card_lasts_longer_in_proportion() -> None:
    day = recording_day(LOW, MACHINE.disk, 5)
    assert card_years(64, CARD, day)[0] == pytest.approx(2 * card_years(32, CARD, day)[0])
