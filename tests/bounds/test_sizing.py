"""What docs/sizing.md is made of; tests/test_docs.py compares its tables."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.bounds import measured
from benchmarks.bounds.limit_tables import MEASURED_ELSEWHERE, computed_elsewhere
from benchmarks.bounds.measured import (
    DETECTIONS_PERCENT,
    HLS_PARTS_PERCENT,
    HLS_PERCENT,
    MP4_FACTOR,
    SLOWER,
    Quoted,
)
from benchmarks.bounds.texts import counts, duration, lifetime, number, span, thousands
from benchmarks.children import CHECKOUT

from .figures import MACHINE

QUOTED = (
    HLS_PERCENT,
    HLS_PARTS_PERCENT,
    DETECTIONS_PERCENT,
    MP4_FACTOR,
    *SLOWER,
    *MEASURED_ELSEWHERE,
)


@pytest.mark.parametrize("quoted", QUOTED, ids=lambda quoted: quoted.words)
def test_what_is_quoted_still_stands_on_its_page(quoted: Quoted) -> None:
    assert quoted.is_still_there(), f"{quoted.page} says something else: measure, or quote that"


def test_the_formulas_are_near_what_was_measured_elsewhere() -> None:
    computed = computed_elsewhere(measured.read())
    for (name, value), quoted in zip(computed.items(), MEASURED_ELSEWHERE, strict=True):
        assert value == pytest.approx(quoted.value, rel=0.25), name


def test_the_page_says_in_words_what_was_measured() -> None:
    text = (CHECKOUT / "docs" / "sizing.md").read_text()
    figures = measured.read()
    disk = figures.disk
    assert disk.idle_bytes == 0
    assert f"{disk.bytes_per_event / 1e6:.2f} MB, {disk.flushes_per_event:.0f} flushes" in text
    assert f"cost {disk.bytes_per_file / 1e6:.2f} MB beside" in text
    assert f"each sync {disk.bytes_per_sync / 1000:.0f} kB" in text
    assert round(disk.flushes_per_sync) == 2
    assert "flushes the card twice" in text
    assert figures.machine.partition(" ")[0] in text


def test_figures_are_kept_and_read_again(tmp_path: Path) -> None:
    path = tmp_path / "figures.json"
    MACHINE.save(path)
    assert measured.read(path) == MACHINE


@pytest.mark.parametrize(
    ("value", "text"),
    [(0, "0"), (0.0456, "0.046"), (1.04, "1.0"), (9.96, "10"), (99.6, "100"), (1234, "1230")],
)
def test_a_number_says_no_more_than_is_known(value: float, text: str) -> None:
    assert number(value) == text


def test_texts_of_ranges_and_times() -> None:
    assert span(4.5, 6.31) == "4.5 to 6.3"
    assert span(100.1, 100.2) == "100"
    assert counts(52, 1417) == "52 to 1 420"
    assert thousands(17_280) == "17 280"
    assert duration(65.1) == "65 h"
    assert duration(132) == "5.5 days"
    assert lifetime(0.4, 0.9) == "4.8 to 11 months"
    assert lifetime(1.2, 3.4) == "1.2 to 3.4 years"
    assert lifetime(1.2, 34) == "1.2 years or more"
    assert lifetime(12, 34) == "more than 10 years"
