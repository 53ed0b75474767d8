"""The secret that is shared with a TURN server, and what is made of it, reach nobody who has no
right to them."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from pet_stream.accounts.accounts import Accounts
from pet_stream.turn_secret import LIFETIME_S, TurnSecret
from tests.apps import mounted_app
from tests.web.test_accounts import bearer, sign_in

SECRET = "hidden-0123456789-hidden"
TURN = {"urls": ["turn:127.0.0.1:9", "turns:127.0.0.1:9?transport=tcp"]}
CONFIG = "/api/webrtc/config"
TOLD = [
    CONFIG,
    "/pet-stream/",
    "/health",
    "/metrics",
    "/status",
    "/api/debug/threads",
    "/api/debug/warnings",
    "/api/openapi.json",
    "/pet-stream/api/settings",
    "/pet-stream/api/session",
    "/pet-stream/api/people",
]
"""What an owner can read of the server."""


@pytest.fixture
def accounts(tmp_path: Path) -> Accounts:
    return Accounts(tmp_path / "accounts.json")


@pytest.fixture
def app(tmp_path: Path, accounts: Accounts) -> Iterator[Flask]:
    with mounted_app(
        tmp_path,
        AUTH="builtin",
        ACCOUNTS=tmp_path / "accounts.json",
        ICE_SERVERS=["stun:127.0.0.1:9", TURN],
        TURN_SECRET=SECRET,
        WHEP_WAITS=True,
    ) as app:
        yield app


def relay_of(client: FlaskClient, headers: dict[str, str]) -> tuple[str, str]:
    """Returns user name and credential of the relay."""
    answer = client.get(CONFIG, headers=headers)
    assert answer.headers["Cache-Control"] == "no-store"
    stun, turn = answer.get_json()["ice_servers"]
    assert set(stun) == {"urls"}
    assert turn["urls"] == TURN["urls"]
    return turn["username"], turn["credential"]


def test_who_may_watch_gets_credentials_for_an_hour(app: Flask, accounts: Accounts) -> None:
    client, before_s = app.test_client(), int(time.time())
    token = bearer(accounts.add_token("TV", ["view"], by="test"))
    username, credential = relay_of(client, token)
    expires_s, _, name = username.partition(":")
    assert before_s + LIFETIME_S <= int(expires_s) <= time.time() + LIFETIME_S
    assert "TV" not in name
    assert SECRET not in username + credential
    of_others = [
        relay_of(client, bearer(accounts.add_token(str(i), ["view"], by="test")))[0]
        for i in range(2)
    ]
    assert len({name, *(other.partition(":")[2] for other in of_others)}) == 3
    assert relay_of(client, token)[0].partition(":")[2] == name


def test_whep_says_the_same_in_link_headers(app: Flask, accounts: Accounts) -> None:
    client = app.test_client()
    token = bearer(accounts.add_token("TV", ["view"], by="test"))
    name = relay_of(client, token)[0].partition(":")[2]
    for link in client.options("/whep", headers=token).headers.getlist("Link")[1:]:
        found = re.fullmatch(
            r'<turns?:[^>]+>; rel="ice-server"; username="(\d+:(\w+))"; credential="([^"]+)"; '
            'credential-type="password"',
            link,
        )
        assert found is not None
        assert found[2] == name


def test_who_may_not_watch_gets_none(app: Flask, accounts: Accounts) -> None:
    client = app.test_client()
    scraper = bearer(accounts.add_token("Prometheus", ["metrics"], by="test"))
    for headers in ({}, bearer("wrong"), scraper):
        for method, path in (
            ("GET", CONFIG),
            ("OPTIONS", CONFIG),
            ("HEAD", CONFIG),
            ("POST", "/api/webrtc/offer"),
            ("OPTIONS", "/whep"),
            ("POST", "/whep"),
            ("GET", "/pet-stream/"),
            ("GET", "/health"),
        ):
            answer = client.open(path, method=method, headers=headers)
            said = str(answer.headers) + answer.get_data(as_text=True)
            assert not re.search(r"credential[\"'=]|\d{10}:\w{12}", said), (method, path)
            assert SECRET not in said
            assert "127.0.0.1:9" not in said


def test_the_secret_is_in_no_page_log_or_state(
    app: Flask, accounts: Accounts, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG")
    owner = app.test_client()
    sign_in(owner, accounts, "owner")
    pages = {path: owner.get(path).get_data(as_text=True) for path in TOLD}
    assert "turn:127.0.0.1:9" in pages[CONFIG]
    assert "ice-servers" not in pages["/pet-stream/"]  # the player asks
    assert SECRET not in "".join([*pages.values(), caplog.text])


def test_with_accounts_off_everybody_may_watch_and_gets_them(tmp_path: Path) -> None:
    with mounted_app(
        tmp_path, AUTH="off", ICE_SERVERS=["stun:127.0.0.1:9", TURN], TURN_SECRET=SECRET
    ) as app:
        username, credential = relay_of(app.test_client(), {})
        expires_s, _, name = username.partition(":")
        made_s = int(expires_s) - LIFETIME_S
        assert (username, credential) == TurnSecret(SECRET.encode()).credentials("", made_s)
        assert name.isalnum()
