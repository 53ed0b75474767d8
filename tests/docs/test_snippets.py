"""Every block of code in README and docs is run or checked, or says why it can't be."""

from __future__ import annotations

import ast
import configparser
import json
import re
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path

import click
import pytest
import yaml
from werkzeug.exceptions import HTTPException

from pet_stream.errors import ConfigError
from pet_stream.settings import Settings
from tools.reference_tables import CHECKOUT

from . import commands
from .snippets import ALL, PAGES, Snippet, snippets_of

_PROGRAM = re.compile(
    r"(?m)^ *(?:\$ |sudo |\.venv/bin/)*(pet-stream|make|curl|flask|gunicorn|pip|python3?) "
    r"(?=[\w./'\"<-])"
)
_INLINE = re.compile(r"`(pet-stream|make) ([^`|…]+)`")


def check_shell(snippet: Snippet) -> None:
    try:
        commands.check(snippet.text)
    except commands.UnknownProgram as exc:
        if not (snippet.why_not_run or snippet.run_by):
            pytest.fail(f"{exc}: is not known, and nothing says why it is not run")


def check_html(snippet: Snippet) -> None:
    page = Elements()
    page.feed(snippet.text)
    page.close()
    assert page.open == []
    for name, attributes in page.found:
        source = attributes.get("src") or ""
        if source.startswith("/pet-stream/static/"):
            assert (CHECKOUT / source.removeprefix("/pet-stream/")).is_file(), source
        if name == "pet-stream":
            assert attributes.keys() <= player_attributes()


def check_toml(snippet: Snippet, tmp_path: Path) -> None:
    file = tmp_path / "settings.toml"
    file.write_text(snippet.text)
    Settings({"PET_STREAM_CONFIG": file}).read()


def check_ini(snippet: Snippet) -> None:
    unit = configparser.ConfigParser(strict=False)
    unit.optionxform = str  # type: ignore[assignment, method-assign]
    unit.read_string(snippet.text)
    commands.check(unit["Service"]["ExecStart"])


def check_text(snippet: Snippet) -> None:
    """A picture, or what a program prints: nothing that somebody would type."""
    assert not _PROGRAM.search(snippet.text)


CHECKS: dict[str, Callable[[Snippet], object]] = {
    "bash": check_shell,
    "console": check_shell,
    "html": check_html,
    "ini": check_ini,
    "json": lambda snippet: json.loads(snippet.text),
    "sh": check_shell,
    "python": lambda snippet: ast.parse(snippet.text),  # and run: test_python_snippets
    "text": check_text,
    "yaml": lambda snippet: yaml.safe_load(snippet.text),
}


FAULTS = (
    *(AssertionError, SyntaxError, ValueError, click.ClickException, configparser.Error),
    *(ConfigError, HTTPException, yaml.YAMLError, pytest.fail.Exception),
)


@pytest.mark.parametrize("snippet", ALL, ids=str)
def test_each_is_right_or_says_why_nobody_can_tell(snippet: Snippet, tmp_path: Path) -> None:
    if snippet.run_by:
        test = CHECKOUT / snippet.run_by
        assert snippet.page.name in test.read_text(), f"{test} does not name the page"
    if snippet.language == "toml":
        check_toml(snippet, tmp_path)
    elif check := CHECKS.get(snippet.language):
        check(snippet)
    else:
        assert snippet.run_by or snippet.why_not_run, f"nothing checks {snippet.language!r}"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_no_code_is_without_a_fence(page: Path) -> None:
    """Markdown takes what is indented behind an empty line for code, too."""
    lines = re.sub(r"(?ms)^ *```.*?^ *```$", "", page.read_text()).splitlines()
    for before, between, line in zip(lines, lines[1:], lines[2:], strict=False):
        is_in_list = re.match(r" |[-*] |[0-9]+\. ", before)
        assert between or is_in_list or not line.startswith("    "), line


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_commands_in_the_text_are_there_with_their_options(page: Path) -> None:
    text = re.sub(r"(?ms)^ *```.*?^ *```$", "", page.read_text())
    for program, words in _INLINE.findall(text):
        arguments = re.sub(r"[\[\]]", "", words).split()
        if program == "make":
            commands.check_make([word for word in arguments if not word.startswith("ARGS")])
        else:
            commands.check_pet_stream(
                [word.rstrip(",") for word in arguments if word != "--"], is_whole=False
            )


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("console", "pet-stream rnu"),
        ("console", "pet-stream run --prot 8080"),
        ("console", "pet-stream run --port many"),
        ("console", "pet-stream run --auth maybe"),
        ("console", "pet-stream token"),
        ("console", "pet-stream recordings exprot a b"),
        ("console", "pet-stream install-service -- --prot 1"),
        ("console", "PET_STREAM_KEEP_DAYS=1 pet-stream run"),
        ("console", "export FLASK_PET_STREAM_KEEP_DASY=1"),
        ("console", "make dmeo"),
        ("console", 'make demo ARGS="--hots 0.0.0.0"'),
        ("console", "curl http://127.0.0.1:8080/helath"),
        ("console", "curl -X DELETE http://127.0.0.1:8080/health"),
        ("console", "curl -d '{' http://127.0.0.1:8080/api/recording/start"),
        ("console", "flask --app web_monitor pet-stream run"),
        ("console", "gunicorn --workers 4 --threads 40 web_monitor:app"),
        ("console", "python -m no_such_module"),
        ("sh", 'ffplay -autoexit "$CAMERA/api/stream/live.mp3"'),
        ("sh", "ffplay film.mp4"),
        ("console", "frobnicate --all"),
        ("console", "pet-stream doctor | frobnicate"),
        ("html", "<div><pet-stream></div>"),
        ("html", '<script src="/pet-stream/static/js/plaeyr.js"></script>'),
        ("html", '<pet-stream lable="x"></pet-stream>'),
        ("toml", "keep_dasy = 1"),
        ("toml", "keep_days = -1"),
        ("yaml", "a: [1"),
        ("json", "{'a': 1}"),
        ("python", "app.config["),
        ("ini", "[Service]\nExecStart=/opt/pet-stream/bin/pet-stream fede x"),
        ("text", "pet-stream run"),
        ("", "anything"),
        ("nginx", "anything"),
    ],
)
def test_what_is_wrong_is_found(language: str, text: str, tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text(f"```{language}\n{text}\n```\n")
    [snippet] = snippets_of(page)
    with pytest.raises(FAULTS):
        test_each_is_right_or_says_why_nobody_can_tell(snippet, tmp_path)


class Elements(HTMLParser):
    """Which elements there are, with their attributes, and which are not closed."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.found: list[tuple[str, dict[str, str | None]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))
        if tag not in ("meta", "link", "img"):
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def player_attributes() -> set[str]:
    page = (CHECKOUT / "docs" / "player.md").read_text()
    return set(re.findall(r"(?m)^\| `([a-z-]+)` \|", page))
