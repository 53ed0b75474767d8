"""What pages of strangers get out of a real browser, the owner's. Which headers decide is in
`tests/attacks/test_foreign_pages.py`."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from flask import Flask
from playwright.sync_api import Browser, Page

from pet_stream.web_server import WebServer
from tests.camera.camera import Camera
from tests.waiting import wait_until

from .chromium import EXECUTABLE, KEEP_PEERS, chromium, wait_for_decoded
from .conftest import Server, running_server
from .test_embedding import SYMBOLS
from .test_live_view import LIVE

pytestmark = pytest.mark.browser

EVIL, REBOUND, OWN = "evil.example", "rebind.example", ("my_pi", "a_b.example", "localhost")
FOREIGN_PAGE = """<!doctype html><title>A page elsewhere</title>
    <iframe sandbox="allow-scripts" srcdoc="<title>Origin: null</title>"></iframe>"""

ATTACK = """async (camera) => {
    const started = fetch(camera + "/api/recording/start", { method: "POST", mode: "no-cors" });
    const listed = fetch(camera + "/api/recordings").then((answer) => answer.json());
    const shown = new Promise((resolve, reject) => {
        const image = new Image();
        image.onload = () => resolve("shown");
        image.onerror = reject;
        image.src = camera + "/api/snapshot.jpg";
    });
    const watched = new Promise((resolve, reject) => {
        const socket = new WebSocket(camera.replace("http", "ws") + "/api/stream/h264");
        socket.binaryType = "arraybuffer";
        socket.onmessage = ({ data }) => data instanceof ArrayBuffer && resolve("a picture");
        socket.onclose = ({ code }) => reject(code);
    });
    const outcomes = await Promise.allSettled([listed, shown, watched, started]);
    return outcomes.slice(0, 3).map(({ status }) => status);
}"""
"""Whether a page can list recordings, show a snapshot, watch live. It also starts a recording, and
can't see whether it has."""

EMBED_PLAYER = """async (camera) => {
    await import(camera + "/pet-stream/static/js/player.js");
    const player = document.createElement("pet-stream");
    player.setAttribute("src", camera);
    document.body.append(player);
}"""
IS_STYLED = (
    """document.querySelector("pet-stream").shadowRoot.querySelector("link").sheet !== null"""
)

NOTHING = ["rejected"] * 3
EVERYTHING = ["fulfilled"] * 3


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """All these names point here."""
    rules = ", ".join(f"MAP {name} 127.0.0.1" for name in (EVIL, REBOUND, *OWN))
    with chromium(EXECUTABLE, f"--host-resolver-rules={rules}") as browser:
        yield browser


@pytest.fixture
def server(segment_name: str, tmp_path: Path) -> Iterator[Server]:
    with running_server(segment_name, tmp_path, ALLOWED_HOSTS=json.dumps(OWN)) as server:
        yield server


@pytest.fixture
def foreign_url() -> Iterator[str]:
    """A page on another port: another origin, but for cookies and the like the same site."""
    app = Flask("elsewhere", static_folder=None)
    app.add_url_rule("/", view_func=lambda: FOREIGN_PAGE)
    web_server = WebServer("127.0.0.1", 0)
    web_server.start(app)
    yield f"http://{EVIL}:{web_server.port}/"
    web_server.stop()


def url_of(server: Server, name: str) -> str:
    return f"http://{name}:{urlsplit(server.url).port}"


def ask(page: Page, server: Server, path: str) -> Any:
    return page.request.get(server.url + path).json()


def is_recording(page: Page, server: Server) -> bool:
    return bool(ask(page, server, "/api/recording/status")["recording"])


def test_a_foreign_page_gets_nothing_and_our_own_everything(
    camera: Camera, server: Server, browser: Browser, foreign_url: str
) -> None:
    page = browser.new_page()
    wait_until(lambda: ask(page, server, "/health")["status"] == "ok")
    page.goto(foreign_url)
    framed = page.frames[1]
    assert framed.evaluate("origin") == "null"
    for name in OWN:  # browsers send Sec-Fetch-Site to localhost only
        for attacker in (page, framed):
            assert attacker.evaluate(ATTACK, url_of(server, name)) == NOTHING
    assert not is_recording(page, server)
    page.goto(url_of(server, "a_b.example") + "/pet-stream/")
    assert page.evaluate(ATTACK, url_of(server, "a_b.example")) == EVERYTHING
    assert is_recording(page, server)
    page.close()


def test_a_page_that_the_settings_name_gets_everything_and_has_the_player(
    camera: Camera, segment_name: str, tmp_path: Path, browser: Browser, foreign_url: str
) -> None:
    page = browser.new_page()
    page.add_init_script(KEEP_PEERS)
    origins = json.dumps([foreign_url.removesuffix("/")])
    with running_server(segment_name, tmp_path, ALLOWED_ORIGINS=origins) as server:
        camera_url = url_of(server, "localhost")
        page.goto(foreign_url)
        page.evaluate(EMBED_PLAYER, camera_url)
        page.wait_for_selector(LIVE)
        wait_for_decoded(page, 10)
        assert page.evaluate(IS_STYLED)
        assert set(page.evaluate(SYMBOLS)) == {True}
        assert page.evaluate(ATTACK, camera_url) == EVERYTHING
        page.close()


def test_a_page_whose_name_is_made_to_point_here_gets_nothing(
    camera: Camera, server: Server, browser: Browser
) -> None:
    page = browser.new_page()
    own_url = url_of(server, REBOUND)
    answer = page.goto(f"{own_url}/pet-stream/")
    assert answer is not None
    assert answer.status == 421
    assert answer.json()["code"] == "host"
    _, shown, watched = page.evaluate(ATTACK, own_url)
    assert (shown, watched) == ("rejected", "rejected")
    status = page.evaluate("(url) => fetch(url).then(({ status }) => status)", f"{own_url}/health")
    assert status == 421
    assert not is_recording(page, server)
    page.close()


def test_our_own_page_is_live_under_a_name_with_an_underscore(
    camera: Camera, server: Server, page: Page
) -> None:
    page.goto(url_of(server, "my_pi") + "/pet-stream")
    assert page.url == url_of(server, "my_pi") + "/pet-stream/"
    page.wait_for_selector(LIVE)
    wait_for_decoded(page, 10)
