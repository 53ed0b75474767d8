from __future__ import annotations

from pathlib import Path

import pytest
from flask.testing import FlaskClient
from werkzeug.middleware.proxy_fix import ProxyFix

from tests.apps import mounted_app

CHANGING = [
    ("POST", "/api/webrtc/offer"),
    ("DELETE", "/api/webrtc/x"),
    ("POST", "/api/webrtc/x/close"),
    ("POST", "/api/recording/start"),
    ("POST", "/api/recording/stop"),
    ("POST", "/offer"),
    ("POST", "/start"),
    ("POST", "/stop"),
]
READING = ["/api/webrtc/config", "/api/recording/status", "/api/recordings", "/health", "/status"]


@pytest.fixture(scope="module")
def client(shared_client: FlaskClient) -> FlaskClient:
    return shared_client


@pytest.mark.parametrize(("method", "path"), CHANGING)
def test_a_page_of_a_foreign_origin_may_change_nothing(
    client: FlaskClient, method: str, path: str
) -> None:
    answer = client.open(path, method=method, headers={"Origin": "http://elsewhere.example"})
    assert answer.status_code == 403
    assert answer.get_json()["code"] == "origin"
    assert "Access-Control-Allow-Origin" not in answer.headers


@pytest.mark.parametrize("path", READING)
def test_reading_is_left_to_the_browsers_own_rules(client: FlaskClient, path: str) -> None:
    answer = client.get(path, headers={"Origin": "http://elsewhere.example"})
    assert answer.status_code == 200
    assert "Access-Control-Allow-Origin" not in answer.headers


@pytest.mark.parametrize(
    ("base_url", "origin", "may"),
    [
        ("http://cam.example:8080", "http://cam.example:8080", True),
        ("http://cam.example:8080", "HTTP://CAM.example:8080", True),
        ("http://cam.example", "http://cam.example:80", True),
        ("https://cam.example", "https://cam.example", True),
        ("https://cam.example:443", "https://cam.example", True),
        ("http://[fd00::1]:8080", "http://[fd00::1]:8080", True),
        ("http://cam.example:8080", "http://localhost:8080", True),  # of the settings
        ("http://cam.example:8080", "http://cam.example", False),
        ("http://cam.example:8080", "https://cam.example:8080", False),
        ("http://cam.example:8080", "http://cam.example.elsewhere.example:8080", False),
        ("http://cam.example:8080", "null", False),
        ("http://cam.example:8080", "", False),
        ("http://cam.example:8080", "http://cam.example:8080/path", False),
        ("http://cam.example:8080", "http://user@cam.example:8080", False),
        ("http://cam.example:8080", "http://cam.example:http", False),
    ],
)
def test_whose_page_may_change_something(
    client: FlaskClient, base_url: str, origin: str, may: bool
) -> None:
    answer = client.post("/api/recording/stop", base_url=base_url, headers={"Origin": origin})
    assert answer.status_code == (409 if may else 403)


def test_a_client_that_is_no_browser_sends_no_origin(client: FlaskClient) -> None:
    assert client.post("/api/recording/stop").status_code == 409


def test_all_origins_may_be_allowed(tmp_path: Path) -> None:
    with mounted_app(tmp_path, ALLOWED_ORIGINS="*") as app:
        headers = {"Origin": "http://elsewhere.example"}
        assert app.test_client().post("/stop", headers=headers).status_code == 409


def test_headers_that_anybody_can_send_do_not_make_an_origin_ours(client: FlaskClient) -> None:
    headers = {
        "Origin": "https://evil.example",
        "X-Forwarded-Host": "evil.example",
        "X-Forwarded-Proto": "https",
    }
    assert client.post("/api/recording/stop", headers=headers).status_code == 403


def test_behind_a_proxy_the_host_says_so_with_proxy_fix(tmp_path: Path) -> None:
    with mounted_app(tmp_path) as app:
        app.wsgi_app = ProxyFix(app.wsgi_app, x_proto=1, x_host=1)  # type: ignore[method-assign]
        headers = {
            "Origin": "https://cam.example",
            "X-Forwarded-Host": "cam.example",
            "X-Forwarded-Proto": "https",
        }
        answer = app.test_client().post("/stop", base_url="http://10.0.0.5:8080", headers=headers)
        assert answer.status_code == 409
