"""Numbers as an owner reads them, and tables with a column for each bit rate. Pure."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import floor, log10

from ..report import markdown_table
from .cost import MEGABIT

RATES = (1, 2, 4, 8)
"""Mbit/s of the camera."""
MOST_YEARS = 10
"""Beyond that something else ends a card."""
LONG_H = 72
"""From here on in days."""

Cell = Callable[[float], str]
"""The text of a row for a bit rate, in bits a second."""
RateRow = tuple[str, Cell, str]
"""Its name, its cells, and how all that is known."""


def by_rate(rows: Sequence[RateRow], first: str, last: str = "") -> str:
    """A table with a column for each bit rate; `last`: the title of the last column, if any."""
    end = [last] if last else []
    header = [first, *(f"{rate} Mbit/s" for rate in RATES), *end]
    texts = (
        [name, *(cell(rate * MEGABIT) for rate in RATES), *([how] if last else [])]
        for name, cell, how in rows
    )
    return markdown_table(header, texts) + "\n"


def number(value: float) -> str:
    """Two significant digits, three from 100 on: more would say more than is known."""
    rounded = float(f"{value:.{2 if value >= 100 else 1}e}")
    if rounded <= 0:
        return "0"
    return f"{rounded:.{max(0, 1 - floor(log10(rounded)))}f}"


def span(least: float, most: float) -> str:
    first, last = number(least), number(most)
    return first if first == last else f"{first} to {last}"


def counts(least: int, most: int) -> str:
    """Of viewers, who are whole."""
    first, last = (thousands(float(number(count))) for count in (least, most))
    return first if first == last else f"{first} to {last}"


def thousands(value: float) -> str:
    return f"{value:,.0f}".replace(",", " ")


def duration(hours: float) -> str:
    return f"{number(hours)} h" if hours < LONG_H else f"{number(hours / 24)} days"


def lifetime(least_years: float, most_years: float) -> str:
    if least_years >= MOST_YEARS:
        return f"more than {MOST_YEARS} years"
    if most_years > MOST_YEARS:
        return f"{number(least_years)} years or more"
    if least_years < 1:
        return f"{span(12 * least_years, 12 * most_years)} months"
    return f"{span(least_years, most_years)} years"
