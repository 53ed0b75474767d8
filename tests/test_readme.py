"""README and docs say what the code does."""

from __future__ import annotations

import re
from collections.abc import Iterator

from pet_stream import errors
from pet_stream.recording import RecordingStatus
from pet_stream.web import LEGACY_ROUTES, METRICS_ROUTES, ROUTES, WEBSOCKET_ROUTES
from tools import readme_tables

TEXT = readme_tables.README.read_text()
DOCS = readme_tables.README.parent / "docs"


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


def test_every_error_that_a_request_can_get_is_in_the_docs_with_its_status() -> None:
    section = (DOCS / "http.md").read_text().partition("## Errors")[2].partition("\n## ")[0]
    rows = re.findall(r"(?m)^\| ([0-9]{3}) \| (.*) \|$", section)
    documented = {
        (int(status), code) for status, text in rows for code in re.findall(r"`([a-z_0-9]+)`", text)
    }
    roots = (
        errors.RequestError,
        errors.RecordingError,
        errors.Busy,
        errors.Full,
        errors.NoPicture,
        errors.TooMany,
    )
    leaves = {leaf for root in (*roots, errors.LoopUnavailable) for leaf in leaves_of(root)}
    assert documented == {(leaf.http_status, leaf.code) for leaf in leaves}


def test_every_field_of_a_recordings_status_is_in_the_docs() -> None:
    section = (DOCS / "http.md").read_text().partition("## Recording")[2].partition("\nCodes")[0]
    first_cells = " ".join(re.findall(r"(?m)^\| (`[^|]*) \|", section))
    assert set(re.findall(r"`(\w+)`", first_cells)) == RecordingStatus().to_json().keys()


def test_every_attribute_of_the_player_is_in_the_docs() -> None:
    script = (DOCS.parent / "static/js/player.js").read_text()
    comment = script.partition("Attributes")[2].partition("Events")[0]
    attributes = set(re.findall(r"(?m)^ \*   ([a-z-]+) ", comment))
    assert attributes
    assert attributes <= set(
        re.findall(r"(?m)^\| `([a-z-]+)` \|", (DOCS / "player.md").read_text())
    )


def leaves_of(error: type[errors.PetStreamError]) -> Iterator[type[errors.PetStreamError]]:
    children = error.__subclasses__()
    for child in children:
        yield from leaves_of(child)
    if not children:
        yield error
