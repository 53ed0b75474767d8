"""URLs of pages and answers, as a browser sees them that may be in front of a proxy."""

from __future__ import annotations

import re
from pathlib import Path
from urllib.parse import urljoin

import pytest
from flask import Flask, render_template_string
from flask.testing import FlaskClient
from werkzeug.middleware.proxy_fix import ProxyFix

from tests.apps import mounted_app

MACROS = """{% from "pet_stream/player.html" import pet_stream_player, pet_stream_scripts %}
    {{ pet_stream_scripts() }} {{ pet_stream_player() }}"""
PLACES = ["http://cam.example", "http://cam.example/cam", "https://cam.example/a/b"]
"""What a proxy strips."""


@pytest.fixture(params=["", "/camera"])
def url_prefix(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def client(tmp_path: Path, url_prefix: str) -> FlaskClient:
    with mounted_app(tmp_path, URL_PREFIX=url_prefix, AUTOSTART=False) as app:
        for rule in ("/", "/rooms/<name>", "/rooms/<name>/", "/<path:deep>.html"):
            app.add_url_rule(rule, rule, lambda **_: render_template_string(MACROS))
        return app.test_client()


@pytest.mark.parametrize("mount", ["", "/monitor"])
@pytest.mark.parametrize("path", ["dashboard", "/", "/rooms/cat", "/rooms/cat/", "/a/b/c.html"])
def test_what_a_page_loads_is_below_what_a_proxy_strips(
    client: FlaskClient, url_prefix: str, path: str, mount: str
) -> None:
    path = f"{url_prefix}/pet-stream/" if path == "dashboard" else path
    page = client.get(path, base_url=f"http://cam.example{mount}")
    urls = re.findall(r'(?:href|src)="(?!data:)([^"]+)"', page.text)
    assert len(urls) > 20
    files = f"{url_prefix}/pet-stream/static/"
    manifest = f"{url_prefix}/pet-stream/manifest.webmanifest"
    for url in urls:
        for place in PLACES:
            found = urljoin(place + mount + path, url)
            assert found.startswith(place + mount + files) or found == place + mount + manifest
    [url] = [url for url in urls if url.endswith("/player.js")][-1:]
    file = urljoin(path, url)
    with client.get(file, base_url=f"http://cam.example{mount}") as answer:
        assert answer.status_code == 200


@pytest.mark.parametrize("place", PLACES)
def test_the_app_on_a_phone_starts_where_it_came_from(
    client: FlaskClient, url_prefix: str, place: str
) -> None:
    path = f"{url_prefix}/pet-stream/manifest.webmanifest"
    with client.get(path) as answer:
        manifest = answer.get_json(force=True)
    for name in ("start_url", "scope"):
        assert urljoin(place + path, manifest[name]) == f"{place}{url_prefix}/pet-stream/"
    for icon in manifest["icons"]:
        with client.get(urljoin(path, icon["src"])) as answer:
            assert answer.status_code == 200


def signaling_url(app: Flask, base_url: str = "http://cam.example", **headers: str) -> str:
    fields = {name.replace("_", "-"): value for name, value in headers.items()}
    prefix = app.config["PET_STREAM_URL_PREFIX"]
    answer = app.test_client().get(f"{prefix}/api/webrtc/config", base_url=base_url, headers=fields)
    return str(answer.get_json()["signaling_url"])


def test_the_base_has_the_prefix_that_a_proxy_names(tmp_path: Path, url_prefix: str) -> None:
    with mounted_app(tmp_path, URL_PREFIX=url_prefix, AUTOSTART=False) as app:
        base = f"http://cam.example/cam{url_prefix}"
        assert signaling_url(app, X_Forwarded_Prefix="/cam") == base
        assert signaling_url(app, X_Forwarded_Prefix="/cam/") == base
        told = signaling_url(app, "http://cam.example/monitor", X_Forwarded_Prefix="/cam")
        assert told == f"http://cam.example/cam/monitor{url_prefix}"
        app.wsgi_app = ProxyFix(app.wsgi_app, x_prefix=1)  # type: ignore[method-assign]
        assert signaling_url(app, X_Forwarded_Prefix="/cam") == base


def test_the_base_is_where_our_dashboard_is(tmp_path: Path, url_prefix: str) -> None:
    with mounted_app(tmp_path, URL_PREFIX=url_prefix, AUTOSTART=False) as app:
        for place in ("", "/cam", "/a/b"):
            base = f"http://cam.example{place}{url_prefix}"
            assert signaling_url(app, Referer=f"{base}/pet-stream/?decoder=mse") == base


@pytest.mark.parametrize(
    "headers",
    [
        {"X_Forwarded_Prefix": value}
        for value in ("", "/", "cam", "//evil.example", "/a b", "/cam, /b", "/x" * 101, "/<b>")
    ]
    + [
        {"Referer": value}
        for value in (
            "http://evil.example/cam/pet-stream/",
            "http://cam.example.evil.example/pet-stream/",
            "http://cam.example/rooms/cat",
            "/pet-stream/",
            "[",
        )
    ],
)
def test_what_says_nothing_about_us_is_not_believed(
    tmp_path: Path, headers: dict[str, str]
) -> None:
    with mounted_app(tmp_path, AUTOSTART=False) as app:
        assert signaling_url(app, **headers) == "http://cam.example"
