from __future__ import annotations

from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from pet_stream.web import LEGACY_ROUTES, METRICS_ROUTES, ROUTES
from tests.apps import mount, mounted_app

ALL_ROUTES = (*ROUTES, *METRICS_ROUTES, *LEGACY_ROUTES)


@pytest.fixture(scope="module")
def client(shared_client: FlaskClient) -> FlaskClient:
    return shared_client


@pytest.fixture
def strict_host(tmp_path: Path) -> Flask:
    """A host that has its own page for every error."""
    app = Flask("host")
    app.register_error_handler(404, lambda _: ("<h1>host's 404</h1>", 404))
    app.register_error_handler(405, lambda _: ("<h1>host's 405</h1>", 405))
    app.register_error_handler(Exception, lambda _: ("<h1>host's error</h1>", 500))
    app.add_url_rule("/own", view_func=lambda: "own")
    mount(app, tmp_path, AUTOSTART=False)
    return app


@pytest.mark.parametrize("route", ALL_ROUTES, ids=lambda route: route.rule)
def test_other_methods_are_405_in_json(client: FlaskClient, route: object) -> None:
    path = route.rule.replace("<pc_id>", "x").replace("<name>", "x")  # type: ignore[attr-defined]
    served = {
        method
        for other in ALL_ROUTES
        for method in other.methods
        if client.application.url_map.bind("localhost").test(path, method)
    }
    for method in {"GET", "POST", "PUT", "DELETE", "PATCH"} - served:
        answer = client.open(path, method=method)
        assert answer.status_code == 405, method
        assert answer.get_json()["code"] == "method_not_allowed"
        assert set(route.methods) <= set(answer.allow)  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    "path", ["/api/webrtc/a/b", "/api/recording/nothing", "/pet-stream/nothing"]
)
def test_unknown_paths_below_ours_are_404_in_json(client: FlaskClient, path: str) -> None:
    answer = client.get(path)
    assert answer.status_code == 404
    assert answer.get_json() == {"error": "Not Found", "code": "not_found"}


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/api/webrtc/a/b", 404, "not_found"),
        ("GET", "/api/recordings/none.h264", 404, "not_found"),
        ("GET", "/pet-stream/static/none.js", 404, "not_found"),
        ("GET", "/api/webrtc/offer", 405, "method_not_allowed"),
        ("GET", "/stop", 405, "method_not_allowed"),
        ("POST", "/api/recording/stop", 503, "busy"),
    ],
)
def test_the_hosts_error_pages_do_not_hide_our_errors(
    strict_host: Flask, method: str, path: str, status: int, code: str
) -> None:
    answer = strict_host.test_client().open(path, method=method)
    assert answer.status_code == status
    assert answer.get_json()["code"] == code


def test_the_hosts_own_paths_keep_the_hosts_error_pages(strict_host: Flask) -> None:
    client = strict_host.test_client()
    assert client.get("/nothing").text == "<h1>host's 404</h1>"
    assert client.get("/api/nothing").text == "<h1>host's 404</h1>"
    assert client.post("/own").text == "<h1>host's 405</h1>"


def test_a_mistake_of_ours_is_json_without_a_traceback(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken() -> str:
        raise ZeroDivisionError("secret detail")

    app.config["TESTING"] = False
    monkeypatch.setitem(app.view_functions, "pet_stream.health", broken)
    answer = app.test_client().get("/health")
    assert answer.status_code == 500
    assert answer.get_json() == {
        "error": "Internal Server Error",
        "code": "internal_server_error",
    }


def test_with_a_prefix_only_paths_below_it_are_ours(tmp_path: Path) -> None:
    with mounted_app(tmp_path, URL_PREFIX="/camera") as app:
        client = app.test_client()
        assert client.get("/camera/health").status_code == 200
        assert client.get("/health").status_code == 404
        assert client.get("/camera/api/webrtc/a/b").is_json
        assert not client.get("/api/webrtc/a/b").is_json


@pytest.mark.parametrize("path", ["/health", "/api/recordings//x", "/pet-stream/nothing"])
@pytest.mark.parametrize("host", ["a..b", "x" * 64])
def test_a_host_that_no_name_can_be_is_400_in_json(
    client: FlaskClient, path: str, host: str
) -> None:
    answer = client.get(path, headers={"Host": host})
    assert (answer.status_code, answer.get_json()["code"]) == (400, "bad_request")
    assert client.get("/own", headers={"Host": host}).mimetype == "text/html"


def test_a_path_with_too_many_slashes_is_405_in_json(client: FlaskClient) -> None:
    answer = client.put("/api/recordings//star")
    assert (answer.status_code, answer.get_json()["code"]) == (405, "method_not_allowed")
