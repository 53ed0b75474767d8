"""The README says what the code does."""

from __future__ import annotations

import re

from pet_stream.web import LEGACY_ROUTES, METRICS_ROUTES, ROUTES, WEBSOCKET_ROUTES
from tools import readme_tables

TEXT = readme_tables.README.read_text()


def test_tables_of_settings_and_metrics_are_those_of_the_code() -> None:
    assert readme_tables.with_tables(TEXT) == TEXT, "make format writes them"


def test_table_of_routes_has_every_route_and_no_other() -> None:
    section = TEXT.partition("## Routes")[2].partition("\n## ")[0]
    documented = set(re.findall(r"`([A-Z]+) (/[^`]*)`", section))
    served = {
        (method, route.rule)
        for route in (*ROUTES, *WEBSOCKET_ROUTES, *METRICS_ROUTES, *LEGACY_ROUTES)
        for method in route.methods
    }
    assert documented == served


def test_every_target_that_the_readme_names_is_in_the_makefile() -> None:
    makefile = (readme_tables.README.parent / "Makefile").read_text()
    targets = set(re.findall(r"\bmake ([a-z-]+)", re.sub(r"(?m)#.*$", "", TEXT)))
    assert targets
    assert not {target for target in targets if f"\n{target}:" not in makefile}
