"""A host that refuses requests by itself: Flask-WTF's protection, and hooks of the host's own."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask, Response, abort, jsonify, make_response
from flask_wtf.csrf import CSRFError, CSRFProtect
from werkzeug.exceptions import BadRequest, Forbidden, ImATeapot

from pet_stream.web.errors import MAX_TEXT_CHARACTERS
from tests.apps import mounted_app

META = re.compile('<meta name="csrf-token" content="([^"]+)">')
HEARTBEAT = "/api/recording/heartbeat"


@pytest.fixture
def app(tmp_path: Path) -> Iterator[Flask]:
    with mounted_app(tmp_path) as app:
        yield app


@pytest.fixture
def protection(app: Flask) -> CSRFProtect:
    app.secret_key = "secret"
    return CSRFProtect(app)


@pytest.mark.parametrize(
    ("headers", "reason"),
    [
        ({}, "The CSRF token is missing."),
        ({"X-CSRFToken": "x"}, "The CSRF session token is missing."),
    ],
)
def test_the_reason_of_a_refusal_is_told(
    app: Flask, protection: CSRFProtect, headers: dict[str, str], reason: str
) -> None:
    answer = app.test_client().post(HEARTBEAT, headers=headers)
    assert answer.status_code == 400
    assert answer.get_json() == {"error": reason, "code": "bad_request"}


def test_the_dashboard_has_the_token_that_requests_need(
    app: Flask, protection: CSRFProtect
) -> None:
    client = app.test_client()
    match = META.search(client.get("/pet-stream/").text)
    assert match is not None
    assert client.post(HEARTBEAT, headers={"X-CSRFToken": match[1]}).status_code == 409


def test_exempt_by_its_name_in_the_app_nothing_needs_a_token(
    app: Flask, protection: CSRFProtect
) -> None:
    protection.exempt(app.blueprints["pet_stream"])
    assert app.test_client().post(HEARTBEAT).status_code == 409
    foreign = app.test_client().post(HEARTBEAT, headers={"Origin": "http://evil.example"})
    assert foreign.get_json()["code"] == "origin"


@pytest.mark.parametrize("secret_key", [None, "secret"])
def test_without_a_token_of_the_hosts_the_dashboard_has_none(
    app: Flask, secret_key: str | None
) -> None:
    app.secret_key = secret_key
    if secret_key is None:
        CSRFProtect(app)  # can't make any
        app.config["WTF_CSRF_ENABLED"] = False
    page = app.test_client().get("/pet-stream/")
    assert page.status_code == 200
    assert not META.search(page.text)


REFUSALS: list[tuple[Exception, int, str]] = [
    (BadRequest("two\nlines <b>bold</b>"), 400, "two lines <b>bold</b>"),
    (BadRequest("x" * 10_000), 400, "x" * MAX_TEXT_CHARACTERS),
    (BadRequest(""), 400, "Bad Request"),
    (BadRequest(" \n"), 400, "Bad Request"),
    (BadRequest(), 400, "Bad Request"),
    (CSRFError(), 400, "CSRF validation failed."),
    (Forbidden("not you"), 403, "not you"),
    (ImATeapot("short and stout"), 418, "short and stout"),
]


@pytest.mark.parametrize(("error", "status", "text"), REFUSALS)
def test_a_hooks_description_is_told_in_json(
    app: Flask, error: Exception, status: int, text: str
) -> None:
    @app.before_request
    def refuse() -> None:
        raise error

    for method, path in (("POST", "/api/recording/start"), ("GET", "/health")):
        answer = app.test_client().open(path, method=method)
        assert answer.status_code == status
        assert answer.mimetype == "application/json"
        assert answer.get_json()["error"] == text


def test_a_hooks_own_answer_stays_as_it_is(app: Flask) -> None:
    @app.before_request
    def refuse() -> None:
        abort(make_response(jsonify(mine=True), 402))

    answer = app.test_client().post("/api/recording/start")
    assert (answer.status_code, answer.get_json()) == (402, {"mine": True})


def test_an_error_with_an_answer_of_its_own_keeps_it(app: Flask) -> None:
    @app.before_request
    def refuse() -> None:
        raise BadRequest("hidden", response=Response("mine", 409))

    answer = app.test_client().post("/api/recording/start")
    assert (answer.status_code, answer.text) == (409, "mine")
