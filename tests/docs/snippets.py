"""Finds the blocks of code in README and docs, and what a comment in front says of each."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.test_docs import DOCS
from tests.test_docs import PAGES as OTHER_PAGES
from tools.reference_tables import CHECKOUT

PAGES = (*OTHER_PAGES, *sorted(DOCS.glob("*.md")))

_FENCE = re.compile(
    r"(?ms)(?:^ *<!-- (?P<note>[^\n]*?) -->\n)?"
    r"^(?P<indent> *)```(?P<language>[^\n]*)\n(?P<text>.*?)^(?P=indent)```$"
)
_NOT_RUN = "not run here: "
_RUN_BY = "run by "


@dataclass(frozen=True)
class Snippet:
    page: Path
    line: int
    language: str
    text: str
    note: str
    """The comment in the line before it; empty if there is none."""
    is_generated: bool
    """It shows the form of a command, written from the command itself."""

    @property
    def why_not_run(self) -> str:
        """The reason that its page gives; empty where it is run or checked."""
        return self.note.removeprefix(_NOT_RUN) if self.note.startswith(_NOT_RUN) else ""

    @property
    def run_by(self) -> str:
        """The test module that runs it as it stands there, if its page names one."""
        return self.note.removeprefix(_RUN_BY) if self.note.startswith(_RUN_BY) else ""

    def __str__(self) -> str:
        return f"{self.page.relative_to(CHECKOUT)}:{self.line}"


def snippets_of(page: Path) -> Iterator[Snippet]:
    text = page.read_text()
    generated = range(text.find("<!-- commands:"), text.find("<!-- /commands -->"))
    for match in _FENCE.finditer(text):
        line = text.count("\n", 0, match.start("language")) + 1
        note = match["note"] or ""
        is_generated = match.start() in generated
        yield Snippet(page, line, match["language"], match["text"], note, is_generated)


ALL = [snippet for page in PAGES for snippet in snippets_of(page)]
