from __future__ import annotations

import re
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from pet_stream.assets import find_folder
from tests.apps import mounted_app


def directives(client: FlaskClient, host: str = "board.local:8080") -> dict[str, list[str]]:
    answer = client.get("/pet-stream/", headers={"Host": host})
    policy = answer.headers["Content-Security-Policy"]
    return {name: sources for name, *sources in (d.split() for d in policy.split(";"))}


def test_nothing_inline_and_nothing_from_elsewhere(client: FlaskClient) -> None:
    policy = directives(client)
    assert policy["default-src"] == ["'self'"]
    assert policy["frame-ancestors"] == ["'self'"]
    assert policy["connect-src"] == ["'self'", "ws://board.local:8080", "wss://board.local:8080"]
    allowed = {source for sources in policy.values() for source in sources}
    assert not {"'unsafe-inline'", "'unsafe-eval'", "*", "http:", "https:"} & allowed


def test_only_the_pages_that_are_named_may_show_it_in_a_frame(tmp_path: Path) -> None:
    named = ["http://ha.local:8123", "https://home.example"]
    with mounted_app(tmp_path, FRAME_ANCESTORS=named) as app:
        assert directives(app.test_client())["frame-ancestors"] == ["'self'", *named]


FRAME = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "iframe"}
HA = {"Referer": "http://ha.local:8123/lovelace"}


@pytest.mark.parametrize(
    ("path", "headers", "status"),
    [
        ("/pet-stream/", FRAME, 200),
        ("/pet-stream/", {**FRAME, **HA}, 200),
        ("/pet-stream/", {**FRAME, "Referer": "http://elsewhere.example/"}, 403),
        ("/pet-stream/", {**FRAME, "Referer": "http://ha.local/"}, 403),
        ("/pet-stream/", {**FRAME, "Referer": "nonsense"}, 403),
        ("/pet-stream/", {**FRAME, **HA, "Sec-Fetch-Dest": "object"}, 403),
        ("/pet-stream/", {**FRAME, **HA, "Sec-Fetch-Mode": "no-cors"}, 403),
        ("/api/recordings/cat.mp4", {**FRAME, **HA}, 403),
        ("/api/snapshot.jpg", {**FRAME, **HA}, 403),
        ("/health", {**FRAME, **HA}, 403),
    ],
)
def test_a_frame_shows_the_page_and_nothing_else(
    tmp_path: Path, path: str, headers: dict[str, str], status: int
) -> None:
    with mounted_app(tmp_path, FRAME_ANCESTORS=["http://ha.local:8123"]) as app:
        assert app.test_client().get(path, headers=headers).status_code == status
    with mounted_app(tmp_path / "none") as app:
        assert app.test_client().get(path, headers=headers).status_code == 403


@pytest.mark.parametrize("host", ["x; script-src *", "a b", "evil, *", "a;b", "*"])
def test_an_odd_host_gets_no_word_in_the_policy(client: FlaskClient, host: str) -> None:
    answer = client.get("/pet-stream/", headers={"Host": host})
    if answer.status_code == 200:
        assert directives(client, host)["connect-src"] == ["'self'"]
        assert "script-src" not in directives(client, host)


@pytest.mark.parametrize("host", ["[::1]:8080", "[fe80::1]", "10.0.0.1", "pets.example"])
def test_every_kind_of_host(client: FlaskClient, host: str) -> None:
    assert directives(client, host)["connect-src"] == ["'self'", f"ws://{host}", f"wss://{host}"]


def test_templates_keep_to_the_policy() -> None:
    for path in find_folder("templates").rglob("*.html"):
        text = re.sub(r"{#.*?#}", "", path.read_text(), flags=re.DOTALL)
        assert not re.search(r"\sstyle=|\son[a-z]+=|<style|javascript:", text), path
        assert not re.search(r"<script(?![^>]*\ssrc=)", text), path
        assert not re.search(r"""(?:src|href)=["'](?:https?:)?//""", text), path


@pytest.mark.parametrize("path", ["/health", "/api/recordings", "/pet-stream/static/js/player.js"])
def test_no_answer_is_taken_for_something_else(client: FlaskClient, path: str) -> None:
    with client.get(path) as answer:
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert "Content-Security-Policy" not in answer.headers


def test_the_manifest_has_its_type(client: FlaskClient) -> None:
    with client.get("/pet-stream/manifest.webmanifest") as answer:
        assert answer.mimetype == "application/manifest+json"


def test_a_policy_of_the_hosts_own_stays(tmp_path: Path) -> None:
    with mounted_app(tmp_path) as app:
        app.after_request(lambda r: (r.headers.set("Content-Security-Policy", "own"), r)[1])
        assert directives_text(app.test_client()) == "own"


def directives_text(client: FlaskClient) -> str:
    return client.get("/pet-stream/").headers["Content-Security-Policy"]
