"""Players that this project did not write show the picture by WHEP, on a page of another origin."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask, Response
from playwright.sync_api import Page

from pet_stream.accounts.accounts import Accounts
from pet_stream.web_server import WebServer
from tests.camera.camera import Camera
from tests.players import bundle
from tests.waiting import wait_until as wait_for
from tests.web.test_accounts import bearer

from .chromium import wait_until
from .conftest import Server, running_server

pytestmark = pytest.mark.browser

PAGE = """<!doctype html><title>A page elsewhere</title><link rel="icon" href="data:,">
    <script type="module" src="/players.js"></script>
    <video autoplay muted playsinline></video>"""
PLAY = """([name, url, token]) => {
    const video = document.querySelector("video");
    window.stop = players[name](video, url, token);
}"""
SHOWS_LIVE_PICTURES = """(() => {
    const { videoWidth, currentTime } = document.querySelector("video");
    return videoWidth === 1280 && currentTime > 0.5;
})()"""


@pytest.fixture(scope="module")
def page_url() -> Iterator[str]:
    """A page with all players."""
    script = bundle("whep.mjs")
    app = Flask("elsewhere", static_folder=None)
    app.add_url_rule("/", "page", lambda: PAGE)
    app.add_url_rule("/players.js", "script", lambda: Response(script, mimetype="text/javascript"))
    web_server = WebServer("127.0.0.1", 0)
    web_server.start(app)
    yield f"http://localhost:{web_server.port}"
    web_server.stop()


@pytest.fixture
def accounts(tmp_path: Path) -> Accounts:
    return Accounts(tmp_path / "accounts.json")


@pytest.fixture
def token(accounts: Accounts) -> str:
    return accounts.add_token("TV", ["view", "manage"], by="test")


@pytest.fixture
def server(
    segment_name: str, tmp_path: Path, page_url: str, camera: Camera, token: str
) -> Iterator[Server]:
    """People sign in, and the page may use it."""
    with running_server(
        segment_name,
        tmp_path,
        AUTH="builtin",
        ACCOUNTS=str(tmp_path / "accounts.json"),
        ALLOWED_ORIGINS=json.dumps([page_url]),
    ) as server:
        yield server


def ask(page: Page, server: Server, path: str, token: str) -> Any:
    return page.request.get(server.url + path, headers=bearer(token)).json()


def transports(page: Page, server: Server, token: str) -> list[str]:
    viewers = ask(page, server, "/pet-stream/api/viewers", token)["viewers"]
    return [viewer["transport"] for viewer in viewers]


def play_and_stop(
    page: Page, page_url: str, server: Server, name: str, url: str, token: str, sent: str | None
) -> None:
    wait_for(lambda: ask(page, server, "/health", token)["status"] == "ok")
    page.goto(page_url)
    page.wait_for_function("() => window.players")
    page.evaluate(PLAY, [name, url, sent])
    wait_until(page, SHOWS_LIVE_PICTURES)
    assert transports(page, server, token) == ["whep"]
    page.evaluate("window.stop()")
    wait_for(lambda: transports(page, server, token) == [])


def test_whip_whep(
    page: Page, page_url: str, server: Server, token: str, page_errors: list[str]
) -> None:
    """It sends no If-Match, so its candidates are refused, and the picture comes without them. It
    closes its connection before it ends the session, which may be gone by then."""
    play_and_stop(page, page_url, server, "whip-whep", f"{server.url}/whep", token, token)
    assert page_errors
    assert [error for error in page_errors if not re.search(r"\b(428|404)\b", error)] == []
    page_errors.clear()


def test_eyevinns_player(page: Page, page_url: str, server: Server, token: str) -> None:
    url = f"{server.url}/whep"
    play_and_stop(page, page_url, server, "@eyevinn/webrtc-player", url, token, token)


def test_mediamtx_reader(page: Page, page_url: str, server: Server, token: str) -> None:
    """It sends its token with the offer only; a link is in each URL."""
    links = f"{server.url}/pet-stream/api/links"
    made = page.request.post(links, headers=bearer(token), data={"path": "/whep"}).json()
    url = made["url"]
    play_and_stop(page, page_url, server, "mediamtx-webrtc-react", url, token, None)
