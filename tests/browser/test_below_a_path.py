"""Everything works below a path that a proxy strips, without a word to the server about it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from flask import Flask, render_template_string
from playwright.sync_api import Page

from tests.apps import mounted_app, stream_of
from tests.camera.camera import Camera
from tests.stripping_proxy import stripping_proxy
from tests.waiting import wait_until
from tests.websocket.client import served

from .chromium import wait_until as wait_in_page
from .player import A_SECOND_RECORDED, LIST, PLAYER, RECORDER
from .test_live_view import LIVE

pytestmark = pytest.mark.browser

HOST_PAGE = """<!doctype html><title>web monitor</title><link rel="icon" href="data:,">
    {% from "pet_stream/player.html" import pet_stream_player, pet_stream_scripts %}
    {{ pet_stream_scripts() }} {{ pet_stream_player(label="The cat's room") }}"""


@pytest.fixture(params=["", "/camera"])
def url_prefix(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def app(camera: Camera, url_prefix: str, tmp_path: Path) -> Iterator[Flask]:
    with mounted_app(tmp_path, SHM=camera.segment, URL_PREFIX=url_prefix) as app:
        app.add_url_rule("/rooms/<name>", "room", lambda name: render_template_string(HOST_PAGE))
        yield app


@pytest.fixture
def cam(app: Flask) -> Iterator[str]:
    """The address of the app as the browser knows it."""
    with served(app) as address, stripping_proxy(urlsplit(address).port or 0) as cam:
        yield cam


def test_the_dashboard_shows_records_lists_plays_and_follows_the_state(
    cam: str, app: Flask, url_prefix: str, page: Page
) -> None:
    page.goto(f"{cam}{url_prefix}/pet-stream")
    assert page.url == f"{cam}{url_prefix}/pet-stream/"
    page.wait_for_selector(f'{LIVE}[data-player-transport="webrtc"]')
    wait_until(lambda: stream_of(app).live_state.listener_count == 1)
    page.click("[data-record]")
    page.wait_for_selector('[data-recorder-phase="recording"]')
    wait_in_page(page, A_SECOND_RECORDED)
    page.click("[data-record]")
    page.wait_for_selector('[data-recorder-phase="idle"]')
    wait_in_page(page, f"{LIST}.querySelector('.thumbnail img')?.naturalWidth > 0")
    page.click("[data-play]")
    wait_in_page(page, "document.querySelector('[data-playback] video')?.currentTime > 0.2")
    base = page.evaluate(
        f"fetch('{cam}{url_prefix}/api/webrtc/config').then((answer) => answer.json())"
    )["signaling_url"]
    assert base == cam + url_prefix


@pytest.mark.parametrize("url_prefix", [""])
def test_behind_a_proxy_that_hides_the_address_the_page_says_what_is_wrong(
    app: Flask, page: Page, page_errors: list[str]
) -> None:
    with (
        served(app) as address,
        stripping_proxy(urlsplit(address).port or 0, passes_host=False) as cam,
    ):
        page.goto(f"{cam}/pet-stream/")
        page.wait_for_selector('pet-stream[data-player-state="not-allowed"]')
        assert "proxy" in page.locator("pet-stream .note").inner_text()
        page.click("[data-record]")
        wait_in_page(
            page, f"/proxy/.test({RECORDER}.querySelector('[data-record-message]').innerText)"
        )
        page.close()
    assert all("403" in error for error in page_errors)
    page_errors.clear()


def test_the_element_plays_in_a_page_of_the_host_by_websocket_too(cam: str, page: Page) -> None:
    page.goto(f"{cam}/rooms/cat")
    page.wait_for_selector(LIVE)
    page.evaluate(f"{PLAYER}.setAttribute('transport', 'websocket')")
    page.wait_for_selector(f'{LIVE}[data-player-transport="websocket"]')
