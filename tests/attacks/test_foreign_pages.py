"""What a web page elsewhere can make the owner's browser send. `test_foreign_pages_in_chromium`
does the same with a real one."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask, Response
from flask.testing import FlaskClient
from werkzeug.middleware.proxy_fix import ProxyFix

from pet_stream.command_line.host import create_host
from pet_stream.web.cors import add_cors_headers
from tests.apps import NO_CAMERA, mounted_app

REBOUND = "rebind.example"
OWN_HOSTS = [
    "cam.example",
    "cam.example:8080",
    "CAM.Example:8080",
    "cam.example.:8080",
    "my_pi",
    "my_pi:8080",
    "a_b.example:8080",
    "-.example",
    "localhost:8080",
    "192.168.1.20:8080",
    "[fd00::1]:8080",
    "[FD00:0:0::1]:8080",
]
NO_HOSTS = ["", "a b", "[", "[::1", "a/b", "a@b", "a?b", "cam.example:x", "a,b", "a!b.example"]
HANDSHAKE = {
    "Connection": "Upgrade",
    "Upgrade": "websocket",
    "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
    "Sec-WebSocket-Version": "13",
}


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Flask]:
    """A host app that knows no other names and pages than its own. No test changes it."""
    folder = tmp_path_factory.mktemp("strict")
    with mounted_app(folder, ALLOWED_HOSTS=[], ALLOWED_ORIGINS=[]) as app:
        app.test_client().get("/livez")  # its threads are not those of the first test
        yield app


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    return app.test_client()


@pytest.fixture
def trusting_client(tmp_path: Path) -> Iterator[FlaskClient]:
    """Of a host app as it was: any name will do."""
    with mounted_app(tmp_path) as app:
        yield app.test_client()


def stop(client: FlaskClient, host: str, origin: str) -> int:
    """The status of a request that may change something; 409 if it got as far as the recorder."""
    headers = {"Host": host, "Origin": origin}
    return client.post("/api/recording/stop", headers=headers).status_code


@pytest.mark.parametrize("origin", ["null", "", "http://", "http://evil.example", "a_b.example"])
def test_no_page_is_ours_by_being_unreadable(trusting_client: FlaskClient, origin: str) -> None:
    """`Origin: null`, of a sandboxed frame, was like a host that Werkzeug can't read."""
    for host in (*OWN_HOSTS, *NO_HOSTS):
        assert stop(trusting_client, host, origin) == 403, host


def test_under_an_unreadable_name_no_page_is_ours(trusting_client: FlaskClient) -> None:
    for host in NO_HOSTS:
        assert stop(trusting_client, host, f"http://{host}") == 403, host


@pytest.mark.parametrize("host", OWN_HOSTS)
def test_our_own_page_is_told_from_all_others(trusting_client: FlaskClient, host: str) -> None:
    def normal(text: str) -> str:
        return text.lower().replace("0:0::", ":")

    for other in OWN_HOSTS:
        is_ours = normal(other) == normal(host) or other == "localhost:8080"  # of the settings
        assert stop(trusting_client, host, f"http://{other}") == (409 if is_ours else 403), other


@pytest.mark.parametrize("host", ["my_pi:8080", "a_b.example", "cam.example.:8080"])
def test_the_page_works_under_an_unusual_name(trusting_client: FlaskClient, host: str) -> None:
    headers = {"Host": host, "Origin": f"http://{host}"}
    assert trusting_client.get("/pet-stream/", headers=headers).status_code == 200
    assert trusting_client.post("/api/recording/start", headers=headers).status_code == 200
    config = trusting_client.get("/api/webrtc/config", headers=headers).get_json()
    assert config["signaling_url"] == f"http://{host}"


def test_a_rebound_name_gets_nothing_from_any_route(app: Flask, client: FlaskClient) -> None:
    rules = [rule for rule in app.url_map.iter_rules() if rule.endpoint.startswith("pet_stream.")]
    assert len(rules) > 20
    for rule in rules:
        path = rule.rule.replace("<path:filename>", "js/player.js")
        path = path.replace("<pc_id>", "x").replace("<name>", "recording_20260101_000000.mp4")
        for method in sorted(rule.methods or ()):
            answer = client.open(
                path,
                method=method,
                headers={"Host": REBOUND, **(HANDSHAKE if rule.websocket else {})},
            )
            assert answer.status_code == 421, (method, path)
            assert method == "HEAD" or answer.get_json()["code"] == "host"


def test_a_rebound_name_does_not_learn_what_is_there(client: FlaskClient) -> None:
    for path in ("/pet-stream", "/api/webrtc/none/x", "/api/webrtc/offer", "/api/stream/ws"):
        assert client.get(path, headers={"Host": f"{REBOUND}:8080"}).status_code == 421, path


def test_the_refusal_says_what_to_do(client: FlaskClient) -> None:
    answer = client.get("/health", headers={"Host": f"{REBOUND.upper()}:8080"})
    assert f"PET_STREAM_ALLOWED_HOSTS={REBOUND}" in answer.get_json()["error"]


def test_an_unreadable_name_is_refused_and_not_repeated(client: FlaskClient) -> None:
    for host in NO_HOSTS:
        answer = client.get("/health", headers={"Host": host})
        assert answer.status_code == 421
        assert answer.get_json()["error"] == "The name in Host can't be read"


def test_names_that_nobody_can_rebind_are_answered(client: FlaskClient) -> None:
    for host in ("127.0.0.1:8080", "[::1]", "localhost", f"{socket.gethostname()}.local:8080"):
        assert client.get("/health", headers={"Host": host}).status_code == 200, host


def test_a_host_app_without_the_setting_answers_and_says_so(
    trusting_client: FlaskClient, caplog: pytest.LogCaptureFixture
) -> None:
    for _ in range(2):
        answer = trusting_client.get("/health", headers={"Host": REBOUND})
        assert answer.status_code == 200
        assert answer.get_json()["notice_codes"] == ["any_host"]
        assert "any_host" not in answer.get_json()["reason_codes"]
    (warning,) = [r.message for r in caplog.records if "PET_STREAM_ALLOWED_HOSTS" in r.message]
    assert answer.get_json()["notices"] == [warning]


def test_a_host_app_that_knows_its_names_has_nothing_to_say(tmp_path: Path) -> None:
    with mounted_app(tmp_path, ALLOWED_HOSTS="cam.example") as app:
        assert app.test_client().get("/health").get_json()["notices"] == []
    with mounted_app(tmp_path) as app:
        app.config["TRUSTED_HOSTS"] = ["cam.example"]
        client = app.test_client()
        assert client.get("/health", headers={"Host": "cam.example"}).get_json()["notices"] == []
        assert client.get("/health", headers={"Host": REBOUND}).status_code == 400  # Flask's own


def test_behind_a_proxy_the_forwarded_name_counts(tmp_path: Path) -> None:
    with mounted_app(tmp_path, ALLOWED_HOSTS="cam.example") as app:
        client = app.test_client()
        forwarded = {"Host": "127.0.0.1:8080", "X-Forwarded-Host": REBOUND}
        assert client.get("/health", headers=forwarded).status_code == 200  # who says so?
        app.wsgi_app = ProxyFix(app.wsgi_app, x_host=1)  # type: ignore[method-assign]
        assert client.get("/health", headers=forwarded).status_code == 421
        forwarded["X-Forwarded-Host"] = "cam.example"
        assert client.get("/health", headers=forwarded).status_code == 200


def test_the_small_host_of_run_and_demo_refuses_by_itself(tmp_path: Path) -> None:
    app, stream = create_host(
        {
            "PET_STREAM_SHM": NO_CAMERA,
            "PET_STREAM_RECORD_PATH": str(tmp_path),
            "PET_STREAM_AUTOSTART": False,
        }
    )
    client = app.test_client()
    for path in ("/", "/api/status", "/health", "/pet-stream/", "/nothing"):
        answer = client.get(path, headers={"Host": REBOUND})
        assert answer.status_code == 421, path
        assert answer.get_json()["code"] == "host"
    assert client.get("/").headers["Location"] == "./pet-stream/"
    assert stop(client, "127.0.0.1:8081", "http://localhost:8080") == 403  # nobody is named
    stream.stop()


CROSS_SITE = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "no-cors"}
LINK = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document"}
RECORDING = "/api/recordings/recording_20260101_000000.mp4"


@pytest.mark.parametrize(
    ("method", "path", "headers", "status"),
    [
        # embedded elsewhere
        ("GET", "/api/snapshot.jpg", {**CROSS_SITE, "Sec-Fetch-Dest": "image"}, 403),
        ("GET", RECORDING, {**CROSS_SITE, "Sec-Fetch-Dest": "video"}, 403),
        ("GET", "/pet-stream/static/js/player.js", CROSS_SITE, 403),
        ("GET", "/pet-stream/", {**LINK, "Sec-Fetch-Dest": "iframe"}, 403),
        ("GET", "/health", {"Sec-Fetch-Site": "same-site"}, 403),  # another port, another host
        ("GET", "/health", {"Sec-Fetch-Site": "of-tomorrow"}, 403),
        ("GET", "/health", {**CROSS_SITE, "Origin": "null"}, 403),
        ("GET", "/health", {**CROSS_SITE, "Origin": "http://localhost"}, 403),  # at odds
        # forms
        ("POST", "/api/recording/stop", LINK, 403),
        ("POST", "/api/recording/stop", {"Sec-Fetch-Site": "same-origin", "Origin": "null"}, 403),
        # links lead to the page and to recordings, nowhere else
        ("GET", "/pet-stream/", LINK, 200),
        ("GET", "/pet-stream", LINK, 308),
        ("GET", RECORDING, LINK, 404),
        ("POST", "/pet-stream/", LINK, 405),
        ("GET", "/api/snapshot.jpg", LINK, 403),
        ("GET", "/metrics", LINK, 403),
        # the person, our own page
        ("GET", "/metrics", {**LINK, "Sec-Fetch-Site": "none"}, 200),
        ("GET", "/health", {"Sec-Fetch-Site": "same-origin"}, 200),
        ("POST", "/stop", {"Sec-Fetch-Site": "same-origin", "Origin": "http://localhost"}, 409),
        # no browser
        ("GET", "/metrics", {}, 200),
        ("POST", "/stop", {"Content-Type": "text/plain"}, 409),
    ],
)
def test_what_other_sites_get(
    client: FlaskClient, method: str, path: str, headers: dict[str, str], status: int
) -> None:
    answer = client.open(path, method=method, headers=headers)
    assert answer.status_code == status
    if status == 403:
        assert answer.get_json()["code"] == "origin"
    assert answer.headers["Cross-Origin-Resource-Policy"] == "same-origin"


ALLOWED = "http://home.example:8123"


@pytest.mark.parametrize(
    ("headers", "is_allowed"),
    [
        ({"Origin": ALLOWED}, True),
        ({"Referer": f"{ALLOWED}/page?x=http://evil.example/"}, True),
        ({"Referer": ALLOWED}, True),
        ({"Origin": "http://evil.example", "Referer": f"{ALLOWED}/"}, False),
        ({"Origin": "null", "Referer": f"{ALLOWED}/"}, False),
        ({"Referer": f"http://evil.example/{ALLOWED}/"}, False),
        ({"Referer": f"{ALLOWED}.evil.example/"}, False),
        ({"Referer": f"{ALLOWED}@evil.example/"}, False),
        ({"Referer": "http://[/"}, False),
        ({}, False),
    ],
)
def test_pages_of_named_origins_may_embed(
    tmp_path: Path, headers: dict[str, str], is_allowed: bool
) -> None:
    with mounted_app(tmp_path, ALLOWED_ORIGINS=[ALLOWED]) as app:
        client = app.test_client()
        plain = client.get("/health", headers=headers)
        told = client.get("/health", headers={**headers, **CROSS_SITE})
    policy = "cross-origin" if is_allowed else "same-origin"
    assert plain.headers["Cross-Origin-Resource-Policy"] == policy
    assert told.headers["Cross-Origin-Resource-Policy"] == policy
    assert (plain.status_code, told.status_code) == (200, 200 if is_allowed else 403)


def test_a_cache_keeps_pictures_for_different_pages_apart(tmp_path: Path) -> None:
    """Only thumbnails may be used again without asking."""
    with mounted_app(tmp_path) as app, app.test_request_context():
        response = Response()
        response.cache_control.max_age = 60
        assert {"Origin", "Referer"} <= set(add_cors_headers(response).vary)


def resolve(url: str, location: str) -> str:
    """As browsers do, to which a double slash is a folder without a name."""
    folders = url.partition("?")[0].split("/")[:-1]
    while location.startswith("../"):
        folders.pop()
        location = location.removeprefix("../")
    return "/".join([*folders, location.removeprefix("./")])


@pytest.mark.parametrize(
    ("path", "location"),
    [
        ("/pet-stream", "/pet-stream/"),
        ("/pet-stream?transport=websocket&x=%22", "/pet-stream/?transport=websocket&x=%22"),
        ("/pet-stream//?a=b", "/pet-stream/?a=b"),
        ("/api//recordings", "/api/recordings"),
        ("/api//recordings/%C3%BC%3F", "/api/recordings/%C3%BC%3F"),
    ],
)
def test_redirects_do_not_repeat_the_host_and_stay_below_what_a_proxy_strips(
    trusting_client: FlaskClient, path: str, location: str
) -> None:
    for host in ("evil.example", "my_pi:8080", "", "["):
        answer = trusting_client.get(path, headers={"Host": host})
        assert answer.status_code == 308
        assert answer.headers["Location"].startswith(".")
        for seen in ("http://x", "http://x/cam"):
            assert resolve(seen + path, answer.headers["Location"]) == seen + location
        assert answer.text == ""


def test_redirects_stay_below_where_the_app_is_mounted(tmp_path: Path) -> None:
    with mounted_app(tmp_path, URL_PREFIX="/camera") as app:
        url = "http://x.example/monitor/camera/pet-stream"
        answer = app.test_client().get("/camera/pet-stream", base_url="http://x.example/monitor")
        assert resolve(url, answer.headers["Location"]) == f"{url}/"


def test_the_hosts_own_redirects_are_the_hosts(tmp_path: Path) -> None:
    with mounted_app(tmp_path) as app:
        app.add_url_rule("/own/", view_func=lambda: "own")
        answer = app.test_client().get("/own", base_url="http://cam.example")
        assert answer.headers["Location"] == "http://cam.example/own/"
        assert "Cross-Origin-Resource-Policy" not in answer.headers
