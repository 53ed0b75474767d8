"""Files that browsers keep, and the list of those that a page loads."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator
from html import unescape
from pathlib import Path
from urllib.parse import urljoin

import pytest
from flask.testing import FlaskClient

from pet_stream.assets import find_folder
from pet_stream.web.page_files import version_of

PAGE = "/pet-stream/"
STATIC = "/pet-stream/static/"
OLD = f"{STATIC}v-0123456789ab/"
ONE_YEAR_S = 31_536_000


def urls(page: str) -> list[str]:
    return [urljoin(PAGE, url) for url in re.findall(r'(?:href|src)="(?!data:)([^"#]+)', page)]


def test_what_the_page_names_is_kept_for_a_year_without_asking(client: FlaskClient) -> None:
    named = urls(client.get(PAGE).text)
    versioned = [url for url in named if re.match(rf"{STATIC}v-[0-9a-f]{{12}}/", url)]
    assert len(versioned) > 10
    assert [url for url in named if url not in versioned] == [f"{PAGE}manifest.webmanifest"]
    for url in versioned:
        with client.get(url) as answer:
            assert answer.status_code == 200, url
            assert answer.cache_control.max_age == ONE_YEAR_S
            assert answer.cache_control.immutable


@pytest.mark.parametrize("folder", [STATIC, OLD])
def test_what_others_write_down_is_asked_for_each_time(client: FlaskClient, folder: str) -> None:
    with client.get(f"{folder}js/player.js") as answer:
        assert answer.status_code == 200
        assert answer.cache_control.no_cache
        assert not answer.cache_control.max_age
        assert answer.get_etag()[0]


@pytest.mark.parametrize(
    "name", ["v-0123456789ab/", "v-/js/player.js", "v-0123456789ab/../__init__.py", "v-x/js/api.js"]
)
def test_a_bad_version_is_no_file(client: FlaskClient, name: str) -> None:
    with client.get(f"{STATIC}{name}") as answer:
        assert answer.status_code == 404


def test_another_content_has_another_url(tmp_path: Path) -> None:
    script = tmp_path / "js" / "a.js"
    script.parent.mkdir()
    script.write_text("1")
    first = version_of(tmp_path)
    assert version_of(tmp_path) == first
    script.write_text("23")
    second = version_of(tmp_path)
    script.rename(tmp_path / "js" / "b.js")
    assert len({first, second, version_of(tmp_path)}) == 3


def imports(name: str) -> set[str]:
    """As the language has them: statements at the beginning of a line."""
    source = (find_folder("static") / "js" / name).read_text()
    statements = re.findall(r"^(?:import|export)\s[^;]*?[\"']\./(.+?)[\"'];", source, re.MULTILINE)
    return set(statements)


@pytest.mark.parametrize(("language", "words"), [("ja-JP, en", "ja"), ("fr", "en"), ("", "en")])
def test_all_modules_of_a_page_are_fetched_at_once_in_one_language(
    client: FlaskClient, language: str, words: str
) -> None:
    page = client.get(PAGE, headers={"Accept-Language": language}).text
    named = re.findall(r'<link rel="modulepreload" href="[^"]*/js/([^"]+)"', page)
    assert len(named) == len(set(named))
    needed, waiting = set(), {"dashboard.js", f"words_{words}.js"}
    while waiting:
        needed |= waiting
        waiting = set().union(*map(imports, waiting)) - needed
    assert set(named) == needed
    assert "player.js" in needed
    assert "account.js" not in needed  # on demand


def test_what_a_wheel_has_compressed_is_sent_as_it_is(
    client: FlaskClient, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    static = tmp_path / "static"
    (static / "js").mkdir(parents=True)
    (static / "js" / "a.js").write_text("let a = 1;")
    (static / "js" / "a.js.br").write_bytes(b"packed")
    monkeypatch.setattr("pet_stream.web.page_files.find_folder", lambda name: tmp_path / name)
    url = f"{STATIC}v-{version_of(static)}/js/a.js"
    for accepted, content, encoding in (
        ("gzip, br", b"packed", "br"),
        ("br;q=0, identity", b"let a = 1;", None),
        ("identity", b"let a = 1;", None),
    ):
        with client.get(url, headers={"Accept-Encoding": accepted}) as answer:
            assert (answer.data, answer.content_encoding) == (content, encoding)
            assert answer.mimetype == "text/javascript"
            assert answer.cache_control.immutable
            assert "Accept-Encoding" in answer.vary
    with client.get(url, headers={"Accept-Encoding": "br", "Range": "bytes=0-2"}) as answer:
        assert answer.data == b"let"


def test_the_page_knows_who_opens_it(client: FlaskClient) -> None:
    [told] = re.findall(r'data-session="([^"]+)"', client.get(PAGE).text)
    asked = client.get("/pet-stream/api/session").get_json()
    assert json.loads(unescape(told)) == asked


def test_a_page_looks_at_its_files_a_few_times_and_not_for_each_url(
    client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    looks, walk = [], os.walk

    def count(folder: Path) -> Iterator[tuple[str, list[str], list[str]]]:
        looks.append(folder)
        return walk(folder)

    monkeypatch.setattr(os, "walk", count)
    assert client.get("/pet-stream/").text.count("static/v-") > 3
    assert 0 < len(looks) < 4
