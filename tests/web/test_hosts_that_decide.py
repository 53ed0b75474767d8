"""The examples in docs/rights.md, as they stand there, with Flask-Login and Flask-HTTPAuth."""

from __future__ import annotations

import base64
import re
import secrets
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask, abort, redirect, request
from flask.testing import FlaskClient
from flask_httpauth import HTTPBasicAuth
from flask_login import LoginManager, UserMixin, current_user, login_user, logout_user
from werkzeug.security import check_password_hash, generate_password_hash

from pet_stream import PetStream
from pet_stream.rights import ROLES, Right
from tests.apps import NO_CAMERA, stream_of
from tests.test_docs import DOCS
from tests.waiting import wait_until
from tests.websocket.client import WebSocket, served

OFFER = (Path(__file__).parent.parent / "webrtc" / "offers" / "chromium-156.sdp").read_text()


def example(word: str) -> str:
    """The block of Python in docs/rights.md that has `word`."""
    blocks = re.findall(r"(?ms)^```python\n(.*?)^```", (DOCS / "rights.md").read_text())
    [block] = [block for block in blocks if word in block]
    return str(block)


@pytest.fixture
def app(tmp_path: Path) -> Flask:
    app = Flask("host", static_folder=None)
    app.secret_key = "a secret of the test"
    app.config.update(
        TESTING=True,
        PET_STREAM_SHM=NO_CAMERA,
        PET_STREAM_RECORD_PATH=str(tmp_path / "recordings"),
        PET_STREAM_ICE_HOSTS=["127.0.0.1"],
    )
    return app


@pytest.fixture
def login_app(app: Flask) -> Iterator[Flask]:
    login_manager = LoginManager(app)
    login_manager.login_view = "sign_in"
    users: list[Any] = []
    names = {
        **{"app": app, "users": users, "login_manager": login_manager},
        **{"PetStream": PetStream, "Right": Right, "ROLES": ROLES, "UserMixin": UserMixin},
        **{"current_user": current_user, "logout_user": logout_user, "secrets": secrets},
        **{"abort": abort, "redirect": redirect, "request": request},
    }
    exec(example("login_manager"), names)
    users += [names["User"]("anna", "owner"), names["User"]("ben", "guest")]

    @app.post("/sign-in")
    def sign_in() -> str:
        [user] = [user for user in users if user.name == request.form["name"]]
        login_user(user)
        return "welcome"

    yield app
    stream_of(app).stop()


@pytest.fixture
def basic_app(app: Flask, people: dict[str, Any]) -> Iterator[Flask]:
    names = {
        **{"app": app, "auth": HTTPBasicAuth(), "people": people},
        **{"PetStream": PetStream, "Right": Right, "ROLES": ROLES},
        "check_password_hash": check_password_hash,
    }
    exec(example("@auth."), names)
    yield app
    stream_of(app).stop()


@pytest.fixture
def people() -> dict[str, Any]:
    """Of the second example; each one's password is the name."""
    return {
        name: {"role": role, "password": generate_password_hash(name, "pbkdf2:sha256:1")}
        for name, role in (("anna", "owner"), ("ben", "guest"))
    }


def signed_in(app: Flask, name: str) -> FlaskClient:
    client = app.test_client()
    assert client.post("/sign-in", data={"name": name}).status_code == 200
    return client


def cookie_of(client: FlaskClient) -> dict[str, str]:
    cookie = client.get_cookie("session")
    assert cookie is not None
    return {"Cookie": f"session={cookie.value}"}


def basic(name: str, password: str | None = None) -> dict[str, str]:
    text = f"{name}:{name if password is None else password}"
    return {"Authorization": f"Basic {base64.b64encode(text.encode()).decode()}"}


def test_with_flask_login_the_page_leads_to_the_sign_in_and_scripts_hear_401(
    login_app: Flask,
) -> None:
    client = login_app.test_client()
    page = client.get("/pet-stream/")
    assert (page.status_code, page.location.partition("?")[0]) == (302, "/sign-in")
    for answer in (client.get("/api/recordings"), client.post("/api/recording/start")):
        assert answer.status_code == 401
        assert answer.get_json()["code"] == "unauthorized"
    assert client.get("/health").get_json().keys() == {"status"}


def test_with_flask_login_each_role_has_its_rights(login_app: Flask) -> None:
    owner, guest = signed_in(login_app, "anna"), signed_in(login_app, "ben")
    for client in (owner, guest):
        assert client.get("/pet-stream/").status_code == 200
        assert "camera" in client.get("/health").get_json()
    assert owner.get("/api/recordings").status_code == 200
    refused = guest.get("/api/recordings")
    assert (refused.status_code, refused.get_json()["code"]) == (403, "not_allowed")


@pytest.mark.parametrize("path", ["/api/stream/ws", "/api/stream/h264"])
def test_with_flask_login_a_sign_out_ends_what_is_open(login_app: Flask, path: str) -> None:
    """Also what a copy of the cookie has opened."""
    stream = stream_of(login_app)
    with served(login_app) as url:
        with WebSocket(url + path) as page:
            assert page.close_code() == 4401
        client = signed_in(login_app, "anna")
        offer = {"type": "offer", "sdp": OFFER}
        assert client.post("/api/webrtc/offer", json=offer).status_code == 200
        copied = cookie_of(client)
        with WebSocket(url + path, None, **copied) as page:
            assert page.receive()["type"] in ("state", "status")
            stream.grants.check_soon()
            assert client.post("/sign-out").status_code == 302
            stream.grants.check_soon()
            assert page.close_code() == 4401
        wait_until(lambda: stream.peers.get().pending_count == 0)
        with WebSocket(url + path, None, **copied) as page:
            assert page.close_code() == 4401


def test_with_flask_httpauth_a_browser_is_asked_for_the_password(basic_app: Flask) -> None:
    client = basic_app.test_client()
    for headers in ({}, basic("anna", "wrong"), basic("eve"), {"Authorization": "Bearer x"}):
        for path in ("/pet-stream/", "/api/recordings"):
            answer = client.get(path, headers=headers)
            assert answer.status_code == 401
            assert answer.headers["WWW-Authenticate"].startswith("Basic ")


def test_with_flask_httpauth_each_role_has_its_rights(basic_app: Flask) -> None:
    client = basic_app.test_client()
    for name, status in (("anna", 200), ("ben", 403)):
        assert client.get("/pet-stream/", headers=basic(name)).status_code == 200
        assert client.get("/api/recordings", headers=basic(name)).status_code == status


@pytest.mark.parametrize("path", ["/api/stream/ws", "/api/stream/h264"])
def test_with_flask_httpauth_a_person_who_is_removed_loses_what_is_open(
    basic_app: Flask, people: dict[str, Any], path: str
) -> None:
    stream = stream_of(basic_app)
    with served(basic_app) as url:
        with WebSocket(url + path) as page:
            assert page.close_code() == 4401
        with WebSocket(url + path, None, **basic("ben")) as page:
            assert page.receive()["type"] in ("state", "status")
            people["ben"]["role"] = "monitor"  # metrics only
            stream.grants.check_soon()
            assert page.close_code() == 4401
        with WebSocket(url + path, None, **basic("ben")) as page:
            assert page.close_code() == 4403
        del people["ben"]
        with WebSocket(url + path, None, **basic("ben")) as page:
            assert page.close_code() == 4401
