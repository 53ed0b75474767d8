"""The tables of docs/sizing.md, by the names that they have there."""

from __future__ import annotations

from collections.abc import Callable

from .disk_tables import cards_table, writing_table
from .limit_tables import check_table, paper_table, slowed_table
from .measured import Measured
from .use_tables import modes_table, owners_table, viewers_table

TABLES: dict[str, Callable[[Measured], str]] = {
    "what a board can do": owners_table,
    "what each use takes": modes_table,
    "viewers and bit rates": viewers_table,
    "limits on paper": paper_table,
    "a slower core": slowed_table,
    "what a day writes": writing_table,
    "how long cards last": cards_table,
    "formulas beside measurements": check_table,
}
