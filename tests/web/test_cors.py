from __future__ import annotations

from pathlib import Path

import pytest
from flask.testing import FlaskClient

from pet_stream.web import LEGACY_ROUTES, ROUTES
from pet_stream.web.route import Route
from tests.apps import mounted_app

ALLOWED = "http://localhost:8080"


@pytest.fixture(scope="module")
def client(shared_client: FlaskClient) -> FlaskClient:
    return shared_client


def preflight(client: FlaskClient, path: str, origin: str, method: str = "POST") -> dict[str, str]:
    answer = client.options(
        path, headers={"Origin": origin, "Access-Control-Request-Method": method}
    )
    assert answer.status_code == 200
    return dict(answer.headers)


@pytest.mark.parametrize("route", [*ROUTES, *LEGACY_ROUTES], ids=lambda route: route.rule)
def test_preflight_of_an_allowed_origin_names_the_methods(
    client: FlaskClient, route: Route
) -> None:
    path = route.rule.replace("<pc_id>", "x").replace("<name>", "x")
    headers = preflight(client, path, ALLOWED)
    assert headers["Access-Control-Allow-Origin"] == ALLOWED
    assert set(route.methods) <= set(headers["Access-Control-Allow-Methods"].split(", "))
    sent = headers["Access-Control-Allow-Headers"]
    assert sent == "Authorization, Content-Type, If-Match, If-None-Match, Range"
    assert "Access-Control-Allow-Credentials" not in headers


def test_preflight_of_another_origin_allows_nothing(client: FlaskClient) -> None:
    headers = preflight(client, "/api/webrtc/offer", "http://elsewhere.example")
    assert not [name for name in headers if name.startswith("Access-Control")]


def test_preflight_changes_nothing(client: FlaskClient) -> None:
    preflight(client, "/api/recording/start", ALLOWED)
    assert client.get("/api/recording/status").get_json()["recording"] is False


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/health", 200),
        ("POST", "/api/recording/stop", 409),
        ("POST", "/api/webrtc/offer", 400),
        ("GET", "/api/recordings/none.h264", 404),
        ("GET", "/stop", 405),
        ("GET", "/api/webrtc/a/b", 404),
    ],
)
def test_answers_and_errors_can_be_read_by_an_allowed_origin(
    client: FlaskClient, method: str, path: str, status: int
) -> None:
    answer = client.open(path, method=method, headers={"Origin": ALLOWED})
    assert answer.status_code == status
    assert answer.headers["Access-Control-Allow-Origin"] == ALLOWED
    assert "Origin" in answer.vary
    exposed = answer.headers["Access-Control-Expose-Headers"].split(", ")
    assert {"Accept-Ranges", "Content-Range", "ETag", "Retry-After"} <= set(exposed)
    assert "Access-Control-Allow-Credentials" not in answer.headers


def test_caches_know_that_the_answer_depends_on_the_origin(client: FlaskClient) -> None:
    assert "Origin" in client.get("/health").vary


def test_the_star_allows_every_origin(tmp_path: Path) -> None:
    with mounted_app(tmp_path, ALLOWED_ORIGINS=["*"]) as app:
        answer = app.test_client().get("/health", headers={"Origin": "http://any.example"})
        assert answer.headers["Access-Control-Allow-Origin"] == "http://any.example"


def test_the_hosts_own_routes_get_no_such_headers(tmp_path: Path) -> None:
    with mounted_app(tmp_path) as app:
        app.add_url_rule("/own", view_func=lambda: "own")
        answer = app.test_client().get("/own", headers={"Origin": ALLOWED})
        assert not [name for name in answer.headers if name[0].startswith("Access-Control")]
