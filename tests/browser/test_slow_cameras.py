"""A camera of few pictures a second, or of none for a while, over a WebSocket to Media Source
Extensions: they have to be told how long a picture lasts before the next one is there."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Page

from tests.camera.camera import Camera
from tests.waiting import TIMEOUT_S

from .bidi import BidiSession
from .chromium import wait_until
from .conftest import Footage, Server
from .player import PLAYER, STATE

pytestmark = pytest.mark.browser

MSE = "/pet-stream/?transport=websocket&decoder=mse"
IS_SOON = "pictures.at(-1) < 1_500"
WATCH = f"""(() => {{
    window.states = [];
    window.pictures = [];
    {PLAYER}.addEventListener('pet-stream:state', ({{ detail }}) => states.push(detail.state));
    const {{ video }} = {PLAYER};
    const await_picture = () => video.requestVideoFrameCallback(async () => {{
        await_picture();
        pictures.push((await {PLAYER}.stats())?.latencyMs ?? NaN);
    }});
    await_picture();
    return true;
}})()"""
"""Keeps the delay of each picture that is shown from now on, and what becomes of the state."""


def seen(count: int) -> str:
    """That many more pictures than at the last look."""
    return f"pictures.length - (window.looked ??= 0) >= {count} && (looked = pictures.length)"


@pytest.fixture
def slow_camera(footage: Footage, segment_name: str) -> Iterator[Camera]:
    """What a camera writes that is not the active one."""
    with Camera(segment_name, source=footage.path, fps=2) as camera:
        yield camera


def test_a_slow_camera_plays_in_chromium_as_its_rate_changes(
    slow_camera: Camera, server: Server, page: Page
) -> None:
    page.goto(server.url + MSE)
    wait_until(page, f"{STATE} === 'live'")
    page.evaluate(WATCH)
    wait_until(page, seen(4))
    for rate, count in [(30, 20), (1, 3)]:
        slow_camera.command(f"fps {rate}")
        wait_until(page, seen(count))
    assert page.evaluate("states") == []
    wait_until(page, IS_SOON)


def test_a_slow_camera_plays_in_firefox_and_goes_on_after_a_gap(
    slow_camera: Camera, server: Server, firefox_session: BidiSession
) -> None:
    session = firefox_session
    session.goto(server.url + MSE)
    session.wait_until(f"{STATE} === 'live'", TIMEOUT_S)
    session.evaluate(WATCH)
    session.wait_until(seen(4), TIMEOUT_S)
    slow_camera.command("stall 3000")
    session.wait_until("states.includes('camera-offline')", TIMEOUT_S)
    session.wait_until(f"{STATE} === 'live' && {seen(2)} && {IS_SOON}", TIMEOUT_S)
    assert not session.javascript_errors()
