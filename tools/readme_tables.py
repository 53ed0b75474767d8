"""Writes the README's tables of settings and metrics from the code that they describe.

python -m tools.readme_tables        (part of `make format`; a test compares)
"""

from __future__ import annotations

import re
from pathlib import Path

from prometheus_client.core import CounterMetricFamily

from pet_stream import metrics
from pet_stream.config import SETTINGS

README = Path(__file__).resolve().parent.parent / "README.md"


def settings_table() -> str:
    rows = [f"| `{s.key}` | `{_shown(s.default)}` | {s.meaning} |" for s in SETTINGS]
    return _table("| key | default | meaning |", rows)


def metrics_table() -> str:
    rows = [
        f"| `{row.name}` | {'counter' if row.kind is CounterMetricFamily else 'gauge'} "
        f"| {row.meaning} |"
        for row in metrics.TABLE
    ]
    return _table("| name | kind | meaning |", rows)


def with_tables(text: str) -> str:
    """`text` of the README with each generated table between its two comments."""
    for name, table in {"settings": settings_table(), "metrics": metrics_table()}.items():
        marks = re.compile(f"(<!-- {name}[^>]*-->\n).*(<!-- /{name} -->)", re.DOTALL)
        match = marks.search(text)
        assert match, f"README.md has no place for the {name}"
        text = text[: match.end(1)] + table + text[match.start(2) :]
    return text


def _table(head: str, rows: list[str]) -> str:
    line = re.sub("[^|]+", " --- ", head)
    return "\n".join([head, line, *rows]) + "\n"


def _shown(default: object) -> str:
    """Texts bare, as they would stand in the environment; the empty one needs its quotes."""
    return default if isinstance(default, str) and default else repr(default).replace("'", '"')


if __name__ == "__main__":
    README.write_text(with_tables(README.read_text()))
