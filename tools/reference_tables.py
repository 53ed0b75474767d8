"""Writes the tables of settings, metrics, routes and commands from the code that they describe.

python -m tools.reference_tables        (part of `make format`; a test compares)
"""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

from benchmarks.bounds import measured
from benchmarks.bounds.tables import TABLES as SIZING_TABLES
from pet_stream.config import SETTINGS
from pet_stream.config_row import Setting
from pet_stream.metrics.row import Row
from pet_stream.metrics.table import ROOMS
from pet_stream.web.description import operations

from .command_reference import commands, exit_codes

CHECKOUT = Path(__file__).resolve().parent.parent


def settings_table() -> str:
    rows = [f"| `{s.key}` | `{_shown(s.default)}` | {s.meaning} |" for s in SETTINGS]
    return _table("| key | default | meaning |", rows)


def settings_reference() -> str:
    """The same with what each may be, and whether it counts at once when it is changed."""
    rows = [
        f"| `{s.key}`{_mark(s)} | `{_shown(s.default)}` | {s.meaning} | {s.expected} |"
        for s in SETTINGS
    ]
    return _table("| key | default | meaning | may be |", rows)


def metrics_table() -> str:
    return "\n".join(
        f"### {room}\n\n" + _table("| name | kind | meaning |", [_metric(row) for row in rows])
        for room, rows in ROOMS.items()
    )


def routes_table() -> str:
    return "\n".join(
        f"### {operations.purpose_of(room).rstrip('.')}\n\n"
        + _table("| request | |", [f"| `{r}` | {o.text} |" for r, o in room.OPERATIONS.items()])
        for room in operations.ROOMS
    )


def _metric(row: Row) -> str:
    labels = ", ".join(f"`{label}`" for label in row.labels)
    kind = f"{row.kind.value}, by {labels}" if labels else row.kind.value
    return f"| `{row.name}` | {kind} | {row.meaning} |"


def _from_kept(table: Callable[[measured.Measured], str]) -> Callable[[], str]:
    return lambda: table(measured.read())


TABLES: dict[str, tuple[Path, Callable[[], str]]] = {
    "settings": (CHECKOUT / "README.md", settings_table),
    "settings reference": (CHECKOUT / "docs" / "settings.md", settings_reference),
    "metrics": (CHECKOUT / "docs" / "metrics.md", metrics_table),
    "routes": (CHECKOUT / "docs" / "http.md", routes_table),
    "exit codes": (CHECKOUT / "docs" / "command-line.md", exit_codes),
    "commands": (CHECKOUT / "docs" / "command-line.md", commands),
    **{
        name: (CHECKOUT / "docs" / "sizing.md", _from_kept(table))
        for name, table in SIZING_TABLES.items()
    },
}
"""By name: the page that shows the table between two comments, and what writes it."""


def with_table(text: str, name: str, table: str) -> str:
    """The page `text` with `table` between the two comments that bear `name`."""
    marks = re.compile(f"(<!-- {name}[^>]*-->\n).*(<!-- /{name} -->)", re.DOTALL)
    match = marks.search(text)
    assert match, f"the page has no place for the {name}"
    return text[: match.end(1)] + table + text[match.start(2) :]


def _table(head: str, rows: list[str]) -> str:
    line = re.sub("[^|]+", " --- ", head)
    return "\n".join([head, line, *rows]) + "\n"


def _mark(setting: Setting) -> str:
    return " ◆" if setting.is_owners else " ●" if setting.is_live else ""


def _shown(default: object) -> str:
    """Texts bare, as they would stand in the environment; the empty one needs its quotes."""
    return default if isinstance(default, str) and default else repr(default).replace("'", '"')


if __name__ == "__main__":
    for name, (page, write) in TABLES.items():
        page.write_text(with_table(page.read_text(), name, write()))
