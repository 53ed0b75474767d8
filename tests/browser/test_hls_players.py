"""hls.js shows the picture over HLS, on a page of another origin, and a bare <video> shows MP4."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask, Response
from playwright.sync_api import Page

from pet_stream.accounts.accounts import Accounts
from pet_stream.web_server import WebServer
from tests.camera.camera import Camera
from tests.players import bundle
from tests.web.test_accounts import bearer

from .chromium import wait_until
from .conftest import Footage, Server, running_server

pytestmark = pytest.mark.browser

PAGE = """<!doctype html><title>A page elsewhere</title><link rel="icon" href="data:,">
    <script type="module" src="/players.js"></script>
    <video autoplay muted playsinline></video>"""
VIDEO = 'document.querySelector("video")'
PLAY = f"([url, token]) => playHls({VIDEO}, url, token)"
INDEX = "/api/stream/index.m3u8"
SHOWN_S = 8
MAX_DELAY_S = 2.0


@pytest.fixture(scope="module")
def page_url() -> Iterator[str]:
    """A page with the player."""
    script = bundle("hls.mjs")
    app = Flask("elsewhere", static_folder=None)
    app.add_url_rule("/", "page", lambda: PAGE)
    app.add_url_rule("/players.js", "script", lambda: Response(script, mimetype="text/javascript"))
    web_server = WebServer("127.0.0.1", 0)
    web_server.start(app)
    yield f"http://localhost:{web_server.port}"
    web_server.stop()


@pytest.fixture
def token(tmp_path: Path) -> str:
    accounts = Accounts(tmp_path / "accounts.json")
    return accounts.add_token("TV", ["view", "manage"], by="test")


@pytest.fixture
def server(segment_name: str, tmp_path: Path, page_url: str, token: str) -> Iterator[Server]:
    """People sign in, and the page may use it."""
    with running_server(
        segment_name,
        tmp_path,
        AUTH="builtin",
        ACCOUNTS=str(tmp_path / "accounts.json"),
        ALLOWED_ORIGINS=json.dumps([page_url]),
    ) as server:
        yield server


def transports(page: Page, server: Server, token: str) -> list[str]:
    answer = page.request.get(f"{server.url}/pet-stream/api/viewers", headers=bearer(token))
    return [viewer["transport"] for viewer in answer.json()["viewers"]]


def test_hls_js_is_less_than_two_seconds_behind_and_goes_on_after_a_restart(
    segment_name: str, footage: Footage, server: Server, page: Page, page_url: str, token: str
) -> None:
    with Camera(segment_name, source=footage.path, fps=footage.fps):
        page.goto(page_url)
        wait_until(page, "Boolean(window.playHls)")
        page.request.get(f"{server.url}/health")  # starts it
        page.evaluate(PLAY, [server.url + INDEX, token])
        wait_until(page, f"{VIDEO}.videoWidth === 1280 && {VIDEO}.currentTime > 0")
        begun_s = page.evaluate(f"{VIDEO}.currentTime")
        wait_until(page, f"{VIDEO}.currentTime > {begun_s + 2} && hlsDelay() < {MAX_DELAY_S}")
        assert transports(page, server, token) == ["hls"]
    with Camera(segment_name, source=footage.path, fps=footage.fps):
        before = page.evaluate("Date.now()")
        wait_until(page, f"hls.playingDate.getTime() > {before} && !{VIDEO}.paused")
        assert not [error for error in page.evaluate("hlsErrors") if error["fatal"]]


def test_a_bare_video_element_plays_mp4_by_a_link(
    segment_name: str, footage: Footage, server: Server, page: Page, page_url: str, token: str
) -> None:
    with Camera(segment_name, source=footage.path, fps=footage.fps):
        page.goto(page_url)
        body = {"path": "/api/stream/live.mp4", "hours": 1}
        made = page.request.post(
            f"{server.url}/pet-stream/api/links", data=body, headers=bearer(token)
        )
        page.evaluate(f"(url) => {{ {VIDEO}.src = url; }}", made.json()["url"])
        wait_until(page, f"{VIDEO}.videoWidth === 1280 && {VIDEO}.currentTime > 1")
        assert transports(page, server, token) == ["mp4"]
        page.evaluate(f"{VIDEO}.removeAttribute('src'); {VIDEO}.load()")
        while transports(page, server, token):
            page.wait_for_timeout(20)
