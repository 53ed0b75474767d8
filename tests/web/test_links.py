"""Links that carry their right, over HTTP and WebSockets."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from flask import Flask
from flask.testing import FlaskClient

from pet_stream.accounts.accounts import Accounts
from pet_stream.web import LEGACY_ROUTES, METRICS_ROUTES, ROUTES
from tests.apps import mounted_app, stream_of
from tests.web.test_accounts import bearer, path_of, sign_in
from tests.websocket.client import WebSocket, served

LINKS = "/pet-stream/api/links"
PAGE = "/pet-stream/"
RECORDING = "/api/recordings/cat.h264"
OFFER = (Path(__file__).parent.parent / "webrtc" / "offers" / "chromium-156.sdp").read_text()


@pytest.fixture(params=["", "/camera"])
def prefix(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def app(tmp_path: Path, prefix: str) -> Iterator[Flask]:
    folder = tmp_path / "recordings"
    folder.mkdir()
    for name in ("cat.h264", "dog.h264"):
        (folder / name).write_bytes(b"\0\0\0\1\x67" + bytes(100))
    with mounted_app(
        tmp_path, AUTH="builtin", ACCOUNTS=tmp_path / "accounts.json", URL_PREFIX=prefix
    ) as app:
        viewers = stream_of(app).http_viewers
        viewers.limits = replace(viewers.limits, first_picture_s=0)
        yield app


@pytest.fixture
def accounts(tmp_path: Path) -> Accounts:
    return Accounts(tmp_path / "accounts.json")


@pytest.fixture
def owner(app: Flask, accounts: Accounts, prefix: str) -> FlaskClient:
    client = app.test_client()
    sign_in(client, accounts, "owner", prefix)
    return client


def link_to(client: FlaskClient, prefix: str, path: str, **body: Any) -> str:
    """The URL that was made, without scheme and host."""
    answer = client.post(prefix + LINKS, json={"path": path, **body})
    assert answer.status_code == 200, answer.text
    parts = urlsplit(answer.get_json()["url"])
    assert parts.path == prefix + path
    return f"{parts.path}?{parts.query}"


def test_a_link_to_a_recording_gives_that_recording_only(
    app: Flask, owner: FlaskClient, prefix: str
) -> None:
    link = link_to(owner, prefix, RECORDING)
    query = link.partition("?")[2]
    stranger = app.test_client()
    for more in ("", "&download=1"):
        with stranger.get(link + more) as answer:
            assert answer.status_code == 200
    with stranger.get(link, headers={"Range": "bytes=0-4"}) as answer:
        assert answer.status_code == 206
    for path in (
        "/api/recordings/dog.h264",
        "/api/recordings/cat.h264/thumbnail",
        "/api/recordings",
        "/api/recordings/%63at.h264%2F..%2Fdog.h264",
        "/api/recordings/../recordings/dog.h264",
        "/api/snapshot.jpg",
        "/api/recording/status",
        LINKS,
    ):
        answer = stranger.get(f"{prefix}{path}?{query}", follow_redirects=True)
        assert answer.status_code in (401, 404, 405), path
    assert stranger.delete(link).status_code == 401
    assert stranger.put(f"{prefix}{RECORDING}/star?{query}").status_code == 401


def test_a_link_to_the_page_gives_a_guests_right(
    app: Flask, owner: FlaskClient, prefix: str
) -> None:
    query = link_to(owner, prefix, PAGE).partition("?")[2]
    guest = app.test_client()
    session = guest.get(f"{prefix}/pet-stream/api/session?{query}").get_json()
    assert (session["rights"], session["name"], session["role"]) == (["view"], None, None)
    assert "camera" in guest.get(f"{prefix}/health?{query}").get_json()
    for route in (*ROUTES, *METRICS_ROUTES, *LEGACY_ROUTES):
        for method in route.methods:
            if route.right is None:
                continue
            answer = guest.open(f"{path_of(route, prefix)}?{query}", method=method)
            is_a_persons = route.rule.endswith(("/devices", "/password", "/links"))
            may = route.right.value == "view" and not is_a_persons
            may |= route.rule == PAGE
            assert (answer.status_code != 401) == may, (method, route.rule, answer.status_code)
            assert answer.status_code != 500


def test_a_link_opens_websockets_which_end_with_it(
    app: Flask, owner: FlaskClient, accounts: Accounts, prefix: str
) -> None:
    link = link_to(owner, prefix, PAGE)
    query = link.partition("?")[2]
    with served(app) as url:
        for path in ("/api/stream/ws", "/api/stream/h264"):
            with WebSocket(f"{url}{prefix}{path}?{query}") as page:
                assert page.receive()["type"] in ("state", "status")
        with WebSocket(f"{url}{prefix}/api/stream/h264?{query}") as page:
            page.receive()
            viewers = owner.get(f"{prefix}/pet-stream/api/viewers").get_json()["viewers"]
            assert [viewer["name"] for viewer in viewers] == ["Owner (link)"]
            [person] = accounts.book().people
            accounts.revoke("people", person.id, by="test")
            stream_of(app).grants.check_soon()
            assert page.close_code() == 4401
        with WebSocket(f"{url}{prefix}/api/stream/ws?{query}") as page:
            assert page.close_code() == 4401


def test_links_of_others_cameras_do_not_count(tmp_path: Path, accounts: Accounts) -> None:
    shared = {"AUTH": "builtin", "ACCOUNTS": tmp_path / "accounts.json"}
    with (
        mounted_app(tmp_path, **shared) as app,
        mounted_app(tmp_path, SHM="/pet_test_other_camera", **shared) as other,
    ):
        client = app.test_client()
        sign_in(client, accounts, "owner")
        query = link_to(client, "", PAGE).partition("?")[2]
        path = f"/api/recording/status?{query}"
        assert app.test_client().get(path).status_code == 200
        assert other.test_client().get(path).status_code == 401


@pytest.mark.parametrize(
    "query",
    [
        "{link}&{link}",
        "{link}&link=",
        "link=&{link}",
        "link[]={text}",
        "Link={text}",
        "link={text}%00",
        "link=+{text}",
        "token={text}",
        "link={token}",
        "token={token}",
        "access_token={token}",
        "authorization=Bearer%20{token}",
        "{cookie}",
        "link={cookie_value}",
        "cookie={cookie}",
    ],
)
@pytest.mark.parametrize("prefix", [""])
def test_nothing_else_in_a_query_carries_a_right(
    app: Flask, owner: FlaskClient, accounts: Accounts, query: str
) -> None:
    link = link_to(owner, "", PAGE).partition("?")[2]
    token = accounts.add_token("Script", ["view"], by="test")
    name = accounts.cookie_name
    cookie = owner.get_cookie(name)
    assert cookie is not None
    told = query.format(
        link=link,
        text=link.removeprefix("link="),
        token=token,
        cookie=f"{name}={cookie.value}",
        cookie_value=cookie.value,
    )
    answer = app.test_client().get(f"/api/recording/status?{told}")
    assert answer.status_code == 401


@pytest.mark.parametrize("prefix", [""])
def test_a_wrong_token_beats_a_good_link(app: Flask, owner: FlaskClient) -> None:
    query = link_to(owner, "", PAGE).partition("?")[2]
    answer = app.test_client().get(f"/api/recording/status?{query}", headers=bearer("pst_wrong"))
    assert answer.status_code == 401


@pytest.mark.parametrize("prefix", [""])
def test_a_link_takes_no_right_away(app: Flask, owner: FlaskClient) -> None:
    query = link_to(owner, "", PAGE).partition("?")[2]
    assert owner.get(f"/api/recordings?{query}").status_code == 200
    assert owner.get("/api/recordings?link=nonsense").status_code == 200


@pytest.mark.parametrize("prefix", [""])
def test_a_foreign_page_may_use_no_link(app: Flask, owner: FlaskClient) -> None:
    query = link_to(owner, "", PAGE).partition("?")[2]
    headers = {"Origin": "http://elsewhere.example", "Sec-Fetch-Site": "cross-site"}
    body = {"type": "offer", "sdp": OFFER}
    answer = app.test_client().post(f"/api/webrtc/offer?{query}", json=body, headers=headers)
    assert (answer.status_code, answer.get_json()["code"]) == (403, "origin")


@pytest.mark.parametrize("prefix", [""])
@pytest.mark.parametrize("path", [PAGE, RECORDING])
def test_a_link_can_be_followed_from_anywhere_but_not_embedded(
    app: Flask, owner: FlaskClient, path: str
) -> None:
    link = link_to(owner, "", path)
    headers = {"Sec-Fetch-Site": "cross-site", "Referer": "http://chat.example/"}
    followed = {**headers, "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document"}
    embedded = {**headers, "Sec-Fetch-Mode": "no-cors", "Sec-Fetch-Dest": "image"}
    with app.test_client().get(link, headers=followed) as answer:
        assert answer.status_code not in (401, 403)
    with app.test_client().get(link, headers=embedded) as answer:
        assert answer.status_code == 403


ALLOWED = {"Origin": "http://localhost:8080", "Sec-Fetch-Site": "cross-site"}


@pytest.mark.parametrize("prefix", [""])
def test_an_allowed_page_uses_links_and_tokens_but_no_cookies(
    app: Flask, owner: FlaskClient, accounts: Accounts
) -> None:
    query = link_to(owner, "", PAGE).partition("?")[2]
    token = accounts.add_token("Page", ["view"], by="test")
    status = "/api/recording/status"
    assert owner.get(status).status_code == 200
    assert owner.get(status, headers=ALLOWED).status_code == 401
    for path, headers in ((f"{status}?{query}", {}), (status, bearer(token))):
        answer = app.test_client().get(path, headers={**ALLOWED, **headers})
        assert answer.status_code == 200
        assert answer.headers["Access-Control-Allow-Origin"] == ALLOWED["Origin"]
        assert "Access-Control-Allow-Credentials" not in answer.headers
        offer = {"type": "offer", "sdp": "none"}
        path = path.replace("recording/status", "webrtc/offer")
        answer = app.test_client().post(path, json=offer, headers={**ALLOWED, **headers})
        assert answer.get_json()["code"] == "invalid_offer"


@pytest.mark.parametrize("prefix", [""])
def test_an_allowed_page_opens_websockets_by_a_link(
    app: Flask, owner: FlaskClient, accounts: Accounts
) -> None:
    query = link_to(owner, "", PAGE).partition("?")[2]
    cookie = owner.get_cookie(accounts.cookie_name)
    assert cookie is not None
    with served(app) as url:
        path = f"{url}/api/stream/ws"
        headers = {"Origin": ALLOWED["Origin"], "Cookie": f"{cookie.key}={cookie.value}"}
        with WebSocket(path, None, **headers) as page:
            assert page.close_code() == 4401
        with WebSocket(f"{path}?{query}", None, **headers) as page:
            assert page.receive()["type"] == "state"
        elsewhere = {"Origin": "http://elsewhere.example"}
        with WebSocket(f"{path}?{query}", None, **elsewhere) as page:
            assert page.close_code() == 4403


@pytest.mark.parametrize(
    ("role", "body", "status"),
    [
        ("guest", {"path": PAGE, "hours": 12}, 200),
        ("guest", {"path": PAGE, "hours": 12.1}, 400),
        ("guest", {"path": RECORDING}, 403),
        ("family", {"path": RECORDING, "hours": 12}, 200),
        ("family", {"path": RECORDING, "hours": 13}, 400),
        ("owner", {"path": RECORDING, "hours": 13}, 400),
        ("owner", {"path": PAGE, "hours": 720}, 200),
        ("owner", {"path": PAGE, "hours": 721}, 400),
        ("owner", {"path": "/api/snapshot.jpg"}, 200),
        ("owner", {"path": "/api/stream/live.mp4", "hours": 720}, 200),
        ("owner", {"path": "/api/recordings/cat.h264/thumbnail"}, 200),
        ("owner", {}, 400),
        ("owner", {"path": 7}, 400),
        ("owner", {"path": "pet-stream/"}, 400),
        ("owner", {"path": "/" * 501}, 400),
        ("owner", {"path": "/pet-stream"}, 404),
        ("owner", {"path": "//pet-stream/"}, 400),
        ("owner", {"path": "/pet-stream/?x"}, 404),
        ("owner", {"path": "/pet-stream/api/people"}, 404),
        ("owner", {"path": "/api/recordings"}, 404),
        ("owner", {"path": "/api/stream/h264"}, 404),
        ("owner", {"path": "/metrics"}, 404),
        ("owner", {"path": "/nowhere"}, 404),
        ("owner", {"path": PAGE, "hours": 0}, 400),
        ("owner", {"path": PAGE, "hours": "1"}, 400),
        ("owner", {"path": PAGE, "hours": True}, 400),
        ("owner", {"path": PAGE, "hours": None}, 400),
    ],
)
@pytest.mark.parametrize("prefix", [""])
def test_who_may_make_which_link(
    app: Flask, accounts: Accounts, role: str, body: dict[str, object], status: int
) -> None:
    client = app.test_client()
    sign_in(client, accounts, role)
    assert client.post(LINKS, json=body).status_code == status


@pytest.mark.parametrize("prefix", [""])
def test_a_program_makes_links_too_and_the_log_says_so(
    app: Flask, accounts: Accounts, tmp_path: Path
) -> None:
    token = accounts.add_token("Kitchen", ["view"], by="test")
    answer = app.test_client().post(LINKS, json={"path": PAGE}, headers=bearer(token))
    body = answer.get_json()
    assert body["expires_in_s"] == 3600
    assert body["qr_svg"].startswith("<svg")
    assert "Kitchen: makes a link for 60 min to" in (tmp_path / "accounts.log").read_text()
    parts = urlsplit(body["url"])
    status = f"/api/recording/status?{parts.query}"
    assert app.test_client().get(status).status_code == 200
    [made] = accounts.book().tokens
    accounts.revoke("tokens", made.id, by="test")
    assert app.test_client().get(status).status_code == 401


def test_without_accounts_there_are_no_links(tmp_path: Path) -> None:
    with mounted_app(tmp_path) as app:
        assert app.test_client().post(LINKS, json={"path": PAGE}).status_code == 404
