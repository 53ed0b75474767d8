"""Who may do what: each route and message, for each who asks, where the host decides it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from flask import Flask, redirect, request
from flask.testing import FlaskClient
from werkzeug.exceptions import abort

from pet_stream import web
from pet_stream.config import Config
from pet_stream.errors import ConfigError
from pet_stream.rights import ROLES, Right
from pet_stream.web import LEGACY_ROUTES, METRICS_ROUTES, ROUTES
from pet_stream.web.live_state import live_state_of
from pet_stream.web.route import Route
from tests.apps import mount, mounted_app, stream_of

EVERY_ROUTE = [
    (method, route)
    for route in (*ROUTES, *METRICS_ROUTES, *LEGACY_ROUTES)
    for method in route.methods
]
WHO = [None, *ROLES]


def by_header(right: str) -> bool:
    """A host's check: the role stands in a header."""
    return Right(right) in ROLES.get(request.headers.get("X-Role", ""), frozenset())


@pytest.fixture(params=["", "/camera"])
def prefix(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def client(tmp_path: Path, prefix: str) -> Iterator[FlaskClient]:
    with mounted_app(tmp_path, authorize=by_header, URL_PREFIX=prefix, AUTOSTART=False) as app:
        yield app.test_client()


def path_of(route: Route, prefix: str) -> str:
    rule = route.rule.replace("<name>", "cat.mp4").replace("<kind>", "devices")
    return prefix + re.sub("<[a-z_]+>", "x", rule)


@pytest.mark.parametrize("who", WHO)
def test_each_route_answers_who_has_its_right(
    client: FlaskClient, prefix: str, who: str | None
) -> None:
    headers = {} if who is None else {"X-Role": who}
    for method, route in EVERY_ROUTE:
        answer = client.open(path_of(route, prefix), method=method, headers=headers)
        may = route.right is None or route.right in ROLES.get(who or "", ())
        assert (answer.status_code != 403) == may, (method, route.rule)
        if route.right is not None and not may:
            assert answer.get_json()["code"] == "not_allowed"
            assert answer.get_json()["error"] == f"This needs the right to {route.right.value}"


def test_a_right_excuses_neither_page_nor_host(tmp_path: Path) -> None:
    with mounted_app(
        tmp_path, authorize=lambda _: True, ALLOWED_HOSTS=[], ALLOWED_ORIGINS=[], AUTOSTART=False
    ) as app:
        client = app.test_client()
        for method, route in EVERY_ROUTE:
            path = path_of(route, "")
            rebound = client.open(path, method=method, base_url="http://rebind.example")
            assert rebound.status_code == 421, (method, route.rule)
            for origin in ("http://elsewhere.example", "null"):
                headers = {"Origin": origin, "Sec-Fetch-Site": "cross-site"}
                answer = client.open(path, method=method, headers=headers)
                assert answer.status_code == 403, (method, route.rule)
                assert answer.get_json()["code"] == "origin"


def test_the_rights_of_roles_grow() -> None:
    assert ROLES["guest"] < ROLES["family"] < ROLES["owner"] == frozenset(Right)
    assert ROLES["monitor"] == {Right.METRICS}


def test_a_preflight_needs_no_right(client: FlaskClient, prefix: str) -> None:
    headers = {
        "Origin": "http://localhost:8080",
        "Access-Control-Request-Method": "POST",
    }
    assert client.options(f"{prefix}/api/recording/start", headers=headers).status_code == 200


def test_health_says_little_to_whoever_may_see_nothing(client: FlaskClient, prefix: str) -> None:
    assert client.get(f"{prefix}/health").get_json().keys() == {"status"}
    for who, more in (("guest", True), ("monitor", False), ("owner", True)):
        answer = client.get(f"{prefix}/health", headers={"X-Role": who}).get_json()
        assert ("camera" in answer) == more


def test_files_of_the_page_are_for_everybody(client: FlaskClient, prefix: str) -> None:
    with client.get(f"{prefix}/pet-stream/static/js/player.js") as answer:
        assert answer.status_code == 200


def fails(_right: str) -> bool:
    raise RuntimeError("the host's database is down")


def aborts(_right: str) -> bool:
    abort(401)


@pytest.mark.parametrize(
    ("authorize", "status", "code"),
    [
        (lambda _: True, 409, "not_recording"),
        (lambda _: False, 403, "not_allowed"),
        (lambda _: redirect("/login"), 302, None),
        (aborts, 401, "unauthorized"),
        (fails, 403, "not_allowed"),
        (lambda _: None, 403, "not_allowed"),
        (lambda _: 1, 403, "not_allowed"),
        (lambda _: "yes", 403, "not_allowed"),
    ],
)
def test_what_a_host_may_answer(
    tmp_path: Path, authorize: Callable[[str], object], status: int, code: str | None
) -> None:
    with mounted_app(tmp_path, authorize=authorize) as app:
        answer = app.test_client().post("/api/recording/stop")
        assert answer.status_code == status
        if code is not None:
            assert answer.get_json()["code"] == code


def test_a_host_that_decides_can_have_no_accounts_of_ours(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="PET_STREAM_AUTH"):
        mount(Flask("host"), tmp_path, authorize=lambda _: True, AUTH="off")


@pytest.mark.parametrize(
    ("auth", "address", "headers", "is_told"),
    [
        (None, "127.0.0.1", {}, False),
        (None, "::1", {}, False),
        (None, "", {}, False),
        (None, "192.168.1.30", {}, True),
        (None, "fd00::1", {}, True),
        (None, "127.0.0.1", {"X-Forwarded-For": "192.168.1.30"}, True),
        ("off", "192.168.1.30", {}, False),
    ],
)
def test_an_open_app_says_so_when_somebody_else_asks(
    tmp_path: Path, auth: str | None, address: str, headers: dict[str, str], is_told: bool
) -> None:
    with mounted_app(tmp_path, AUTH=auth, ALLOWED_HOSTS=["*"]) as app:
        client = app.test_client()
        client.get("/api/recording/status", headers=headers, environ_base={"REMOTE_ADDR": address})
        codes = client.get("/health").get_json()["notice_codes"]
        assert ("open_to_all" in codes) == is_told
        assert live_state_of(stream_of(app))["notice_codes"] == codes


def test_a_view_with_two_rights_does_not_import(monkeypatch: pytest.MonkeyPatch) -> None:
    weaker = Route(
        ("POST",), "/keep", next(r.view for r in ROUTES if r.right is Right.RECORD), None
    )
    monkeypatch.setattr(web, "ROUTES", (*ROUTES, weaker))
    with pytest.raises(ValueError, match="two rights"):
        web.build_blueprint(Config.from_mapping({}))
