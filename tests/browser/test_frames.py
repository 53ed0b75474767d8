"""A card on another page shows the camera in a frame, signed in by a link."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from flask import Flask, request
from playwright.sync_api import Browser, Page

from pet_stream.accounts.accounts import Accounts
from pet_stream.web_server import WebServer
from tests.camera.camera import Camera

from .chromium import EXECUTABLE, chromium
from .conftest import Server, running_server

pytestmark = pytest.mark.browser

NAMED, OTHER = "home.example", "elsewhere.example"


@pytest.fixture
def browser() -> Iterator[Browser]:
    rules = f"MAP {NAMED} 127.0.0.1, MAP {OTHER} 127.0.0.1"
    with chromium(EXECUTABLE, f"--host-resolver-rules={rules}") as browser:
        yield browser


@pytest.fixture
def port() -> Iterator[int]:
    """Of a server of pages that show another one in a frame."""
    app = Flask("elsewhere", static_folder=None)
    page = "<!doctype html><title>Home</title><iframe src='{}' width=800 height=600></iframe>"
    app.add_url_rule("/", view_func=lambda: page.format(request.args["url"]))
    web_server = WebServer("127.0.0.1", 0)
    web_server.start(app)
    yield web_server.port
    web_server.stop()


@pytest.fixture
def server(segment_name: str, tmp_path: Path, port: int) -> Iterator[Server]:
    named = json.dumps([f"http://{NAMED}:{port}"])
    accounts = str(tmp_path / "accounts.json")
    with running_server(
        segment_name, tmp_path, AUTH="builtin", ACCOUNTS=accounts, FRAME_ANCESTORS=named
    ) as server:
        yield server


def link_to_page(page: Page, server: Server, accounts: Accounts) -> str:
    token = accounts.add_token("Home", ["view"], by="test")
    answer = page.request.post(
        f"{server.url}/pet-stream/api/links",
        headers={"Authorization": f"Bearer {token}"},
        data={"path": "/pet-stream/"},
    )
    return f"{server.url}/pet-stream/?{urlsplit(answer.json()['url']).query}"


def show_in_frame(page: Page, port: int, name: str, url: str) -> None:
    query = url.replace("?", "%3F").replace("=", "%3D")
    page.goto(f"http://{name}:{port}/?url={query}")


def test_a_named_page_shows_the_live_view_by_a_link(
    browser: Browser, server: Server, camera: Camera, port: int, tmp_path: Path
) -> None:
    page = browser.new_page()
    url = link_to_page(page, server, Accounts(tmp_path / "accounts.json"))
    show_in_frame(page, port, NAMED, url)
    framed = page.frame_locator("iframe")
    framed.locator("pet-stream[data-player-state=live]").wait_for()
    framed.locator("[data-recordings-panel]").wait_for(state="hidden")
    show_in_frame(page, port, NAMED, url[:-1] + ("A" if url[-1] != "A" else "B"))
    framed.locator("pet-stream[data-player-state=not-allowed]").wait_for()
    show_in_frame(page, port, OTHER, url)
    assert framed.locator("pet-stream").count() == 0
    page.close()
