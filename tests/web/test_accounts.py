"""Signing in over HTTP, and who may do what where our own accounts decide."""

from __future__ import annotations

import json
import re
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from html import unescape
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from flask import Flask
from flask.testing import FlaskClient

from pet_stream.accounts.accounts import Accounts
from pet_stream.accounts.attempts import FREE_TRIES, Attempts
from pet_stream.rights import ROLES, Right
from pet_stream.web import LEGACY_ROUTES, METRICS_ROUTES, ROUTES
from pet_stream.web.accounts_authority import MAX_PASSWORDS, AccountsAuthority
from pet_stream.web.route import Route
from tests.apps import mounted_app, stream_of
from tests.waiting import wait_until
from tests.websocket.client import WebSocket, served

SESSION = "/pet-stream/api/session"
PAGE = "/pet-stream/"
OFFER = (Path(__file__).parent.parent / "webrtc" / "offers" / "chromium-156.sdp").read_text()
EVERY_ROUTE = [
    (method, route)
    for route in (*ROUTES, *METRICS_ROUTES, *LEGACY_ROUTES)
    for method in route.methods
]


@pytest.fixture(params=["", "/camera"])
def prefix(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def app(tmp_path: Path) -> Iterator[Flask]:
    with mounted_app(tmp_path, AUTH="builtin", ACCOUNTS=tmp_path / "accounts.json") as app:
        yield app


@pytest.fixture
def accounts(tmp_path: Path) -> Accounts:
    """As another process has them."""
    return Accounts(tmp_path / "accounts.json")


def path_of(route: Route, prefix: str = "") -> str:
    rule = route.rule.replace("<name>", "cat.mp4").replace("<kind>", "devices")
    return prefix + re.sub("<[a-z_]+>", "x", rule)


def sign_in(client: FlaskClient, accounts: Accounts, role: str, prefix: str = "") -> dict[str, Any]:
    invitation = accounts.invite(role, name=role.capitalize(), by="test")
    answer = client.post(prefix + SESSION, json={"invitation": invitation, "device": "Phone"})
    assert answer.status_code == 200, answer.text
    body: dict[str, Any] = answer.get_json()
    return body


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


@pytest.mark.parametrize("who", [None, *ROLES, "revoked", "token"])
def test_each_route_answers_who_has_its_right(
    tmp_path: Path, accounts: Accounts, prefix: str, who: str | None
) -> None:
    with mounted_app(
        tmp_path,
        AUTH="builtin",
        ACCOUNTS=tmp_path / "accounts.json",
        URL_PREFIX=prefix,
        AUTOSTART=False,
    ) as app:
        client, headers, rights = app.test_client(), {}, frozenset[Right]()
        if who == "token":
            headers = bearer(accounts.add_token("Script", ["record", "metrics"], by="test"))
            rights = frozenset({Right.RECORD, Right.METRICS})
        elif who == "revoked":
            sign_in(client, accounts, "owner", prefix)
            accounts.revoke_all(by="test")
        elif who is not None:
            sign_in(client, accounts, who, prefix)
            rights = ROLES[who]
        for method, route in EVERY_ROUTE:
            if route.rule == SESSION:
                continue
            answer = client.open(path_of(route, prefix), method=method, headers=headers)
            if route.right in {None, *rights} or route.rule == PAGE:
                assert answer.status_code not in (401, 403), (method, route.rule, answer.text)
            else:
                expected = (401, "sign_in") if not rights else (403, "not_allowed")
                assert (answer.status_code, answer.get_json()["code"]) == expected


def test_a_foreign_page_has_nothing_of_who_is_signed_in(app: Flask, accounts: Accounts) -> None:
    client = app.test_client()
    sign_in(client, accounts, "owner")
    for method, route in EVERY_ROUTE:
        if route.right is None or route.rule == PAGE:
            continue
        for origin in ("http://elsewhere.example", "null", "http://localhost:8080"):
            answer = client.open(path_of(route), method=method, headers={"Origin": origin})
            assert answer.status_code in (401, 403), (method, route.rule)


def test_a_session_from_the_link_to_its_end(app: Flask, accounts: Accounts) -> None:
    client = app.test_client()
    nobody: dict[str, Any] = {
        "auth": "builtin",
        "rights": [],
        "name": None,
        "role": None,
        "has_people": False,
    }
    assert client.get(SESSION).get_json() == nobody
    rights = ["view", "replay", "record"]
    body = sign_in(client, accounts, "family")
    assert body == {"name": "Family", "role": "family", "rights": rights}
    assert client.get(SESSION).get_json() == {"auth": "builtin", "has_people": True, **body}
    assert client.delete(SESSION).status_code == 204
    assert client.get(SESSION).get_json() == {**nobody, "has_people": True}
    assert client.delete(SESSION).status_code == 401
    assert not accounts.book().devices


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_the_cookie_is_for_browsers_of_this_site_only(
    app: Flask, accounts: Accounts, scheme: str
) -> None:
    invitation = accounts.invite("guest", by="test")
    answer = app.test_client().post(
        SESSION, json={"invitation": invitation}, base_url=f"{scheme}://localhost"
    )
    cookie = answer.headers["Set-Cookie"]
    assert "HttpOnly; Path=/; SameSite=Lax" in cookie
    assert "Max-Age=31536000" in cookie
    assert ("Secure" in cookie) == cookie.startswith("__Host-pet_stream_") == (scheme == "https")


def test_a_password_signs_in(app: Flask, accounts: Accounts) -> None:
    client = app.test_client()
    sign_in(client, accounts, "owner")
    password = {"password": "correct horse"}
    assert client.put("/pet-stream/api/password", json=password).status_code == 204
    body = {"name": "Owner", **password, "device": "Laptop"}
    assert app.test_client().post(SESSION, json=body).status_code == 200
    wrong = app.test_client().post(SESSION, json={**body, "password": "wrong horse"})
    assert (wrong.status_code, wrong.get_json()["code"]) == (401, "sign_in")


def stop_the_clock(app: Flask) -> None:
    """Of guessing: a second would allow one more."""
    authority = stream_of(app).authority
    assert isinstance(authority, AccountsAuthority)
    authority.attempts = Attempts(now_s=lambda: 0.0)


def test_guessing_is_slowed_down_but_nobody_who_is_in(app: Flask, accounts: Accounts) -> None:
    stop_the_clock(app)
    owner, stranger = app.test_client(), app.test_client()
    sign_in(owner, accounts, "owner")
    guess = {"name": "Owner", "password": "guess"}
    for _ in range(FREE_TRIES):
        assert stranger.post(SESSION, json=guess).status_code == 401
    answer = stranger.post(SESSION, json=guess)
    assert answer.status_code == 429
    assert int(answer.headers["Retry-After"]) >= 1
    assert owner.get("/api/recordings").status_code == 200


def test_a_stranger_of_the_same_address_keeps_no_link_from_working(
    app: Flask, accounts: Accounts
) -> None:
    """Behind a proxy all may have one address."""
    client = app.test_client()
    for _ in range(2 * FREE_TRIES):
        client.post(SESSION, json={"name": "Owner", "password": "guess"})
        assert client.post(SESSION, json={"invitation": "guess"}).status_code == 401
    sign_in(client, accounts, "owner")


def test_two_hundred_guesses_at_once_are_few(app: Flask, accounts: Accounts) -> None:
    stop_the_clock(app)
    sign_in(app.test_client(), accounts, "owner")

    def guess(number: int) -> int:
        answer = app.test_client().post(
            SESSION,
            json={"name": "Owner", "password": f"guess {number}"},
            environ_overrides={"REMOTE_ADDR": f"192.0.2.{number % 2}"},
        )
        return answer.status_code

    with ThreadPoolExecutor(50) as pool:
        found = Counter(pool.map(guess, range(200)))
    assert found[401] + found[503] <= 2 * FREE_TRIES
    assert found[401] >= 1
    assert found[429] >= 200 - 2 * FREE_TRIES


def test_a_password_is_checked_for_few_at_a_time(app: Flask, accounts: Accounts) -> None:
    """The others do not wait in the server's threads."""
    authority = stream_of(app).authority
    assert isinstance(authority, AccountsAuthority)
    with ExitStack() as turns:
        for number in range(MAX_PASSWORDS):
            turns.enter_context(authority.password_turns.turn(str(number)))
        answer = app.test_client().post(SESSION, json={"name": "x", "password": "x"})
        assert (answer.status_code, answer.get_json()["code"]) == (503, "busy")
        sign_in(client := app.test_client(), accounts, "guest")
        answer = client.put("/pet-stream/api/password", json={"password": "correct horse"})
        assert (answer.status_code, answer.get_json()["code"]) == (503, "busy")


@pytest.mark.parametrize("role", [None, *ROLES])
def test_the_page_is_told_of_no_right_that_its_reader_has_not(
    app: Flask, accounts: Accounts, role: str | None
) -> None:
    client = app.test_client()
    if role is not None:
        sign_in(client, accounts, role)
    [told] = re.findall('data-session="([^"]+)"', client.get(PAGE).text)
    asked = client.get(SESSION).get_json()
    assert json.loads(unescape(told)) == asked
    assert set(asked["rights"]) == ({right.value for right in ROLES[role]} if role else set())


def test_nobody_gives_what_he_has_not(app: Flask, accounts: Accounts) -> None:
    script = bearer(accounts.add_token("Script", ["view", "manage"], by="test"))
    client = app.test_client()
    for path, body in (
        ("invitations", {"role": "owner"}),
        ("invitations", {"role": "family"}),
        ("tokens", {"name": "More", "rights": ["view", "operate"]}),
    ):
        answer = client.post(f"/pet-stream/api/{path}", json=body, headers=script)
        assert (answer.status_code, answer.get_json()["code"]) == (403, "not_allowed")
    for path, body in (
        ("invitations", {"role": "guest"}),
        ("tokens", {"name": "Less", "rights": ["manage"]}),
    ):
        answer = client.post(f"/pet-stream/api/{path}", json=body, headers=script)
        assert answer.status_code == 200


def test_the_only_owner_can_not_remove_himself(app: Flask, accounts: Accounts) -> None:
    owner = app.test_client()
    sign_in(owner, accounts, "owner")
    path = f"/pet-stream/api/people/{accounts.book().people[0].id}"
    answer = owner.delete(path)
    assert (answer.status_code, answer.get_json()["code"]) == (409, "last_owner")
    sign_in(app.test_client(), accounts, "owner")
    assert owner.delete(path).status_code == 204


def test_a_revoked_device_does_not_come_back_by_a_link_of_its_own(
    app: Flask, accounts: Accounts
) -> None:
    owner, thief = app.test_client(), app.test_client()
    sign_in(owner, accounts, "owner")
    sign_in(thief, accounts, "owner")
    urls = [
        thief.post("/pet-stream/api/devices").get_json()["url"],
        thief.post("/pet-stream/api/invitations", json={"role": "owner"}).get_json()["url"],
    ]
    stolen = accounts.book().devices[1].id
    assert owner.delete(f"/pet-stream/api/devices/{stolen}").status_code == 204
    for url in urls:
        secret = urlsplit(url).fragment.partition("=")[2]
        assert thief.post(SESSION, json={"invitation": secret}).status_code == 401


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"invitation": 7},
        {"name": "Anna"},
        {"name": 1, "password": "x"},
        {"device": []},
        {"invitation": "\ud800"},
        {"name": "Anna", "password": "\udcff"},
    ],
    ids=str,
)
def test_a_bad_sign_in_is_told(app: Flask, body: dict[str, Any]) -> None:
    assert app.test_client().post(SESSION, json=body).status_code == 400


def test_an_owner_invites_and_lists_and_revokes(app: Flask, accounts: Accounts) -> None:
    owner, guest = app.test_client(), app.test_client()
    sign_in(owner, accounts, "owner")
    answer = owner.post("/pet-stream/api/invitations", json={"role": "guest", "name": "Ben"})
    link = answer.get_json()
    assert link["qr_svg"].startswith("<svg")
    url = urlsplit(link["url"])
    assert (url.netloc, url.path) == ("localhost", PAGE)
    key, _, secret = url.fragment.partition("=")
    assert key == "invitation"
    assert guest.post(SESSION, json={"invitation": secret, "device": "Tablet"}).status_code == 200
    assert guest.get("/api/recording/status").status_code == 200
    listed = owner.get("/pet-stream/api/people")
    assert "secret_hash" not in listed.text
    assert "password_hash" not in listed.text
    ben = next(p for p in listed.get_json()["people"] if p["name"] == "Ben")
    assert [device["name"] for device in ben["devices"]] == ["Tablet"]
    assert owner.delete(f"/pet-stream/api/people/{ben['id']}").status_code == 204
    assert guest.get("/api/recording/status").status_code == 401
    assert owner.delete(f"/pet-stream/api/people/{ben['id']}").status_code == 404


def test_a_link_leads_to_the_page_that_it_was_made_on(app: Flask, accounts: Accounts) -> None:
    owner = app.test_client()
    sign_in(owner, accounts, "owner")
    page = "http://localhost/cam/pet-stream/"
    for headers in ({"Referer": page}, {"X-Forwarded-Prefix": "/cam"}):
        answer = owner.post("/pet-stream/api/invitations", json={"role": "guest"}, headers=headers)
        assert answer.get_json()["url"].partition("#")[0] == page


def test_everybody_may_sign_in_with_one_more_device(app: Flask, accounts: Accounts) -> None:
    phone, laptop = app.test_client(), app.test_client()
    sign_in(phone, accounts, "guest")
    link = phone.post("/pet-stream/api/devices").get_json()
    secret = urlsplit(link["url"]).fragment.partition("=")[2]
    body = laptop.post(SESSION, json={"invitation": secret}).get_json()
    assert (body["name"], body["rights"]) == ("Guest", ["view"])
    assert len(accounts.book().people) == 1


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("invitations", {"role": "root"}),
        ("invitations", {"role": "guest", "days": 0}),
        ("invitations", {"role": "guest", "days": True}),
        ("invitations", {"role": "guest", "days": 1e308}),
        ("invitations", {"role": "guest", "name": "a\nb\x00"}),
        ("tokens", {"name": "Script"}),
        ("tokens", {"name": "Script", "rights": ["root"]}),
        ("tokens", {"name": "Script", "rights": {"view": 1}}),
    ],
)
def test_what_can_not_be_invited_is_told(
    app: Flask, accounts: Accounts, path: str, body: dict[str, Any]
) -> None:
    owner = app.test_client()
    sign_in(owner, accounts, "owner")
    answer = owner.post(f"/pet-stream/api/{path}", json=body)
    assert (answer.status_code, answer.get_json()["code"]) == (400, "bad_request")


def test_a_program_needs_no_origin(app: Flask, accounts: Accounts) -> None:
    """No page can send a token without being allowed to, so Origin need not be checked."""
    headers = {**bearer(accounts.add_token("Script", ["record"], by="test")), "Origin": "null"}
    answer = app.test_client().post("/api/recording/stop", headers=headers)
    assert (answer.status_code, answer.get_json()["code"]) == (409, "not_recording")


def test_a_token_counts_before_a_cookie(app: Flask, accounts: Accounts) -> None:
    client = app.test_client()
    sign_in(client, accounts, "owner")
    assert client.get("/api/recordings", headers=bearer("pst_wrong")).status_code == 401
    assert client.get("/api/recordings", headers=bearer("")).status_code == 401
    assert client.get("/api/recordings", headers={"Authorization": "Basic eA=="}).status_code == 200


def test_what_is_open_ends_when_its_device_is_revoked(app: Flask, accounts: Accounts) -> None:
    token = accounts.add_token("Script", ["view"], by="test")
    with served(app) as url, WebSocket(url + "/api/stream/ws", None, **bearer(token)) as page:
        page.receive()
        with WebSocket(url + "/api/stream/ws") as nobody:
            assert nobody.receive()["code"] == "sign_in"
            assert nobody.close_code() == 4401
        accounts.revoke("tokens", accounts.book().tokens[0].id, by="test")
        stream_of(app).grants.check_soon()
        assert page.close_code() == 4401
        wait_until(lambda: stream_of(app).listener_places.active_count == 0)


@pytest.mark.parametrize("path", ["/api/stream/ws", "/api/stream/h264"])
def test_who_may_come_for_a_time_does_not_stay_longer(
    app: Flask, accounts: Accounts, path: str
) -> None:
    secret = accounts.invite("guest", person_ends_at=int(time.time()) + 2, by="test")
    cookie = accounts.accept(secret, device="Phone").cookie
    with (
        served(app) as url,
        WebSocket(url + path, None, Cookie=f"{cookie.name}={cookie.value}") as page,
    ):
        page.receive()
        wait_until(lambda: not accounts.has_people)
        stream_of(app).grants.check_soon()
        assert page.close_code() == 4401


def test_a_broken_file_lets_nobody_in_and_is_told(app: Flask, tmp_path: Path) -> None:
    (tmp_path / "accounts.json").write_text("{")
    client = app.test_client()
    answer = client.get("/api/recordings")
    assert (answer.status_code, answer.get_json()["code"]) == (503, "accounts")
    assert client.get("/health").get_json() == {"status": "camera_offline"}


def test_without_accounts_there_is_no_session_to_end(tmp_path: Path) -> None:
    with mounted_app(tmp_path) as app:
        client = app.test_client()
        assert client.get(SESSION).get_json() == {
            "auth": "open",
            "rights": [right.value for right in Right],
            "name": None,
            "role": None,
        }
        assert client.delete(SESSION).status_code == 404
        assert client.get("/pet-stream/api/people").status_code == 404


def test_who_watches_can_be_seen_and_ended_by_owners(app: Flask, accounts: Accounts) -> None:
    owner = app.test_client()
    sign_in(owner, accounts, "owner")
    token = accounts.add_token("Script", ["view"], by="test")
    with served(app) as url, WebSocket(url + "/api/stream/h264", None, **bearer(token)) as viewer:
        viewer.receive()
        wait_until(lambda: owner.get("/pet-stream/api/viewers").get_json()["viewers"])
        [row] = owner.get("/pet-stream/api/viewers").get_json()["viewers"]
        assert (row["name"], row["transport"], row["client"]) == (
            "Script",
            "websocket",
            "127.0.0.1",
        )
        path = f"/pet-stream/api/viewers/{row['id']}"
        assert app.test_client().delete(path, headers=bearer(token)).status_code == 403
        assert owner.delete(path).status_code == 204
        assert viewer.close_code() == 4409
        assert owner.delete(path).status_code == 404
    assert stream_of(app).places.active_count == 0


def test_a_viewer_is_ended_by_its_own_device_only(app: Flask, accounts: Accounts) -> None:
    anna, ben = app.test_client(), app.test_client()
    sign_in(anna, accounts, "owner")
    sign_in(ben, accounts, "owner")
    with served(app):
        answer = anna.post("/api/webrtc/offer", json={"type": "offer", "sdp": OFFER})
        path = f"/api/webrtc/{answer.get_json()['pc_id']}"
        assert ben.delete(path).status_code == 404
        assert ben.post(f"{path}/close").status_code == 404
        assert anna.delete(path).status_code == 204


def test_who_deletes_a_recording_is_in_the_audit_log(
    app: Flask, accounts: Accounts, tmp_path: Path
) -> None:
    folder = tmp_path / "recordings"
    folder.mkdir(exist_ok=True)
    (folder / "cat.h264").write_bytes(b"\0\0\0\1\x67")
    owner = app.test_client()
    sign_in(owner, accounts, "owner")
    assert owner.delete("/api/recordings/cat.h264").status_code == 204
    assert (tmp_path / "accounts.log").read_text().endswith("Owner: deletes cat.h264\n")
