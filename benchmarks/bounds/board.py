"""A board with Cortex-A55 cores, which was not measured: so many times slower than what was."""

from __future__ import annotations

from .cost import Processor
from .measured import SLOWER
from .simulation import Board, most_viewers
from .texts import counts, span

LEAST_SLOWER, MOST_SLOWER = (quoted.value for quoted in SLOWER)


def percents(percent: float) -> str:
    """Of a core of that board, at best and at worst, for what takes `percent` of one here."""
    return span(percent * LEAST_SLOWER, percent * MOST_SLOWER)


def watchers(processor: Processor, bits: float, megabits: tuple[float, float]) -> str:
    """How many can watch, at worst and at best in all of it, by simulation."""
    least, most = megabits
    return counts(
        most_viewers(Board(processor, MOST_SLOWER, least), bits),
        most_viewers(Board(processor, LEAST_SLOWER, most), bits),
    )
