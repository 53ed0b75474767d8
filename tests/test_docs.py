"""README and docs say what the code does, and lead to each other."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask

from pet_stream import PetStream, errors
from pet_stream.config import SETTINGS
from pet_stream.recording.status import RecordingStatus
from pet_stream.web import (
    LEGACY_ROUTES,
    METRICS_BESIDE,
    METRICS_ROUTES,
    ROUTES,
    WEBSOCKET_ROUTES,
)
from tools.reference_tables import CHECKOUT, TABLES, with_table

DOCS = CHECKOUT / "docs"
READMES = (CHECKOUT / "README.md", CHECKOUT / "README.ja.md")
PAGES = (
    *READMES,
    *(CHECKOUT / name for name in ("CHANGELOG.md", "SECURITY.md", "benchmarks/README.md")),
)
ENDS_OF_A_RECORDING = {"duration", "no_heartbeat", "shut_down", "begins_early"}
"""As they are meant: `/health` says nothing of them."""
CODE = re.compile(r"^ *```.*?^ *```|`[^`\n]+`", re.MULTILINE | re.DOTALL)


@pytest.mark.parametrize("name", TABLES)
def test_generated_tables_are_those_of_the_code(name: str) -> None:
    page, write = TABLES[name]
    text = page.read_text()
    assert with_table(text, name, write()) == text, "make format writes them"


def test_every_metric_is_in_the_docs_and_no_other() -> None:
    app = Flask(__name__)
    app.config["PET_STREAM_AUTOSTART"] = False
    PetStream(app)
    page = app.test_client().get("/metrics").get_data(as_text=True)
    served = set(re.findall(r"(?m)^# TYPE (\S+)", page))
    documented = set(re.findall(r"(?m)^\| `([a-z_]+)` \|", (DOCS / "metrics.md").read_text()))
    assert documented == served


def test_table_of_routes_has_every_route_and_no_other() -> None:
    section = (DOCS / "http.md").read_text().partition("## Routes")[2].partition("\n## ")[0]
    documented = set(re.findall(r"`([A-Z]+) (/[^`]*)`", section))
    served = {
        (method, route.rule)
        for route in (
            *ROUTES,
            *WEBSOCKET_ROUTES,
            *METRICS_ROUTES,
            METRICS_BESIDE,
            *LEGACY_ROUTES,
        )
        for method in route.methods
    }
    assert documented == served


def test_every_thread_is_in_the_docs_and_no_other() -> None:
    ends = {
        "".join(match)
        for source in (CHECKOUT / "pet_stream").rglob("*.py")
        for match in re.findall(r'name}-([a-z]+)"|[(=]"pet-stream-([a-z]+)"', source.read_text())
    }
    documented = re.findall(r"(?m)^\| `pet-stream-([a-z]+)` \|", (DOCS / "limits.md").read_text())
    assert set(documented) == ends


@pytest.mark.parametrize("readme", READMES, ids=lambda page: page.name)
def test_every_target_that_a_readme_names_is_in_the_makefile(readme: Path) -> None:
    makefile = (CHECKOUT / "Makefile").read_text()
    targets = set(re.findall(r"\bmake ([a-z-]+)", re.sub(r"(?m)#.*$", "", readme.read_text())))
    assert targets
    assert not {target for target in targets if f"\n{target}:" not in makefile}


def test_every_page_is_in_a_table_of_the_first_one_once() -> None:
    """Sphinx makes the navigation of these tables (docs/conf.py)."""
    rows = re.findall(r"(?m)^\| \[[^]]+\]\(([^)]+)\) \| \S", (DOCS / "index.md").read_text())
    pages = {(DOCS / row).resolve() for row in rows}
    assert len(pages) == len(rows)
    assert pages == {*PAGES, *DOCS.glob("*.md")} - {DOCS / "index.md"}


@pytest.mark.parametrize("readme", READMES, ids=lambda page: page.name)
def test_a_readme_leads_to_the_first_page_and_the_quick_start(readme: Path) -> None:
    rows = re.findall(r"(?m)^\| \[([^]]+)\]\(\1\) \| \S", readme.read_text())
    assert "docs/quick-start.md" in rows
    assert "docs/troubleshooting.md" in rows
    assert "](docs/index.md)" in readme.read_text()


def test_both_readmes_have_the_same_sections_links_and_commands() -> None:
    english, japanese = (outline_of(page.read_text()) for page in READMES)
    assert japanese == english


@pytest.mark.parametrize(
    "page", [*PAGES, *sorted(DOCS.rglob("*.md"))], ids=lambda page: str(page.relative_to(CHECKOUT))
)
def test_every_relative_link_leads_somewhere(page: Path) -> None:
    for link in re.findall(r"\]\(([^)\s]+)\)", CODE.sub("", page.read_text())):
        if "://" in link:
            continue
        path, _, anchor = link.partition("#")
        target = (page.parent / path).resolve() if path else page
        assert target.exists(), link
        if anchor:
            assert anchor in anchors_of(target), link


@pytest.mark.parametrize(
    "page",
    [*READMES, *sorted(DOCS.rglob("*.md"))],
    ids=lambda page: str(page.relative_to(CHECKOUT)),
)
def test_every_source_file_that_a_page_names_is_there(page: Path) -> None:
    roots = [CHECKOUT, CHECKOUT / "pet_stream", CHECKOUT / "tests"]
    for name in re.findall(r"`([\w/]+\.(?:py|js|c))`", page.read_text()):
        assert any((root / name).is_file() for root in roots), name


def test_every_page_about_the_architecture_begins_with_its_picture() -> None:
    section = (DOCS / "architecture.md").read_text().partition("## The pages")[2]
    pages = re.findall(r"(?m)^\| \[(\w+\.md)\]", section.partition("\n## ")[0])
    assert pages
    for page in ("architecture.md", *pages):
        assert "\n```\n" in (DOCS / page).read_text().partition("\n## ")[0], page


def test_every_room_is_in_the_table_of_rooms_and_no_other() -> None:
    section = (DOCS / "architecture.md").read_text().partition("## The rooms")[2]
    cells = " ".join(re.findall(r"(?m)^\| (`[^|]*) \|", section.partition("\n## ")[0]))
    package = CHECKOUT / "pet_stream"
    packages = {f"{path.parent.name}/" for path in package.glob("*/__init__.py")}
    modules = {path.name for path in package.glob("*.py")} - {"__init__.py"}
    assert set(re.findall(r"`([a-z_]+(?:/|\.py))`", cells)) == packages | modules


def test_every_error_that_a_request_can_get_is_in_the_docs_with_its_status() -> None:
    section = (DOCS / "http.md").read_text().partition("## Errors")[2].partition("\n## ")[0]
    rows = re.findall(r"(?m)^\| ([0-9]{3}) \| (.*) \|$", section)
    documented = {
        (int(status), code) for status, text in rows for code in re.findall(r"`([a-z_0-9]+)`", text)
    }
    roots = (
        errors.AccountsUnusable,
        errors.RequestError,
        errors.RecordingError,
        errors.Busy,
        errors.Full,
        errors.NoPicture,
        errors.Paused,
        errors.NotLive,
        errors.TooFewThreads,
        errors.TooMany,
    )
    leaves = {leaf for root in (*roots, errors.LoopUnavailable) for leaf in leaves_of(root)}
    assert documented == {(leaf.http_status, leaf.code) for leaf in leaves}


def test_every_code_of_health_has_its_line_and_no_other() -> None:
    documented = set(re.findall(r"(?m)^### ([a-z_]+)$", (DOCS / "health-codes.md").read_text()))
    sources = [path.read_text() for path in (CHECKOUT / "pet_stream").rglob("*.py")]
    codes = {code for text in sources for code in re.findall(r'Reason\(\s*"([a-z_]+)"', text)}
    assert codes - documented == ENDS_OF_A_RECORDING
    words = {word for text in sources for word in re.findall(r'"([a-z_]+)"', text)}
    assert documented <= words


def test_troubleshooting_has_the_words_that_people_see() -> None:
    """What it quotes is said by the page, the doctor, the log or an error."""
    sources = [path.read_text() for path in (CHECKOUT / "pet_stream").rglob("*.py")]
    sources.append((CHECKOUT / "static/js/words_en.js").read_text())
    said = re.sub(r'"\s*\n\s*f?"', "", "\n".join(sources))  # of a text in two lines
    quoted = re.findall(r'"([^"]+)"', CODE.sub("", (DOCS / "troubleshooting.md").read_text()))
    assert quoted
    assert not [words for words in quoted if words not in said]


def test_every_part_is_named_where_its_codes_are() -> None:
    section = (DOCS / "health-codes.md").read_text().partition("### PART_stuck")[2]
    table = (DOCS / "supervision.md").read_text().partition("## The parts")[2].partition("\n## ")[0]
    parts = re.findall(r"(?m)^\| `([a-z]+)` \|", table)
    assert set(re.findall(r"`([a-z]+)_stuck`", section)) == set(parts)


def test_small_boards_says_of_every_setting_what_it_costs() -> None:
    named = set(re.findall(r"`(PET_STREAM_[A-Z_]+)`", (DOCS / "small-boards.md").read_text()))
    assert named == {setting.key for setting in SETTINGS}


def test_every_field_of_a_recordings_status_is_in_the_docs() -> None:
    section = (DOCS / "http.md").read_text().partition("## Recording")[2].partition("\nCodes")[0]
    first_cells = " ".join(re.findall(r"(?m)^\| (`[^|]*) \|", section))
    assert set(re.findall(r"`(\w+)`", first_cells)) == RecordingStatus().to_json().keys()


def test_every_attribute_of_the_player_is_in_the_docs() -> None:
    script = (CHECKOUT / "static/js/player.js").read_text()
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


def anchors_of(page: Path) -> set[str]:
    """As GitHub makes them of headings."""
    headings = re.findall(r"(?m)^#+ (.+)$", re.sub(r"(?ms)^```.*?^```", "", page.read_text()))
    return {re.sub(r"[^\w\- ]", "", heading).lower().replace(" ", "-") for heading in headings}


def outline_of(readme: str) -> tuple[int, set[str], list[str]]:
    """How many sections there are, where links lead, and the lines of code without comments."""
    blocks = re.findall(r"(?ms)^```(?!text)[a-z]+\n(.*?)^```", readme)
    lines = [re.sub(r"  +#.*", "", line) for block in blocks for line in block.splitlines()]
    links = re.findall(r"\]\(([^)#\s]+)\)", readme)
    return readme.count("\n## "), {x for x in links if not x.startswith("README")}, lines
