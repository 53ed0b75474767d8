"""The network between page and server goes away, and comes back."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Page

from tests.camera.camera import Camera

from .cable import SERVER_ADDRESS, Cable, cable
from .chromium import EXECUTABLE, KEEP_PEERS, chromium, wait_until
from .conftest import Server, running_server
from .player import PLAYER, VEIL
from .test_live_view import LIVE
from .test_player import WAYS, in_state
from .watched import Watched, headlines

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(os.geteuid() != 0, reason="only root makes network namespaces"),
]

StartServer = Callable[[int], AbstractContextManager[Server]]

REMEMBER_ONLINE = f"""
window.saidOnline = null;
addEventListener('online', () => {{ window.saidOnline = {VEIL}; }});
"""


@pytest.fixture(scope="module")
def ends() -> Iterator[Cable]:
    with cable() as ends:
        yield ends


@pytest.fixture(scope="module")
def far_page(ends: Cable, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page]:
    """A page of Chromium at the other end of the cable."""
    wrapper = ends.browser_executable(tmp_path_factory.mktemp("far"), EXECUTABLE)
    with chromium(wrapper) as browser:
        page = browser.new_context(locale="en-GB").new_page()
        page.add_init_script(KEEP_PEERS)
        yield page


@pytest.fixture
def start(ends: Cable, segment_name: str, tmp_path: Path) -> StartServer:
    """Starts a server at its end, at a port (0: any)."""

    def start(port: int) -> AbstractContextManager[Server]:
        at = ends.in_server
        return running_server(segment_name, tmp_path, port=port, address=SERVER_ADDRESS, at=at)

    return start


@pytest.fixture
def far_server(start: StartServer) -> Iterator[Server]:
    with start(0) as server:
        yield server


def watch(page: Page, server: Server, way: str) -> None:
    page.goto(f"{server.url}/pet-stream/?transport={way}")
    page.wait_for_selector(LIVE)
    page.evaluate(REMEMBER_ONLINE)  # behind the page's own listeners


@pytest.mark.parametrize("way", WAYS)
def test_it_counts_down_while_offline_and_comes_back_the_moment_it_is_online(
    camera: Camera, far_server: Server, far_page: Page, ends: Cable, way: str, screenshots: Path
) -> None:
    watch(far_page, far_server, way)
    ends.pull_out()
    try:
        far_page.wait_for_selector(in_state("reconnecting"))
        wait_until(far_page, f"/Trying again in [4-9] s/.test({VEIL})")
        words = far_page.evaluate(VEIL)
        assert "No network" in words
        assert "Last picture at" in words
        (screenshots / f"{way}.png").write_bytes(far_page.screenshot())
    finally:
        ends.plug_in()
    wait_until(far_page, "window.saidOnline")
    assert "Trying again now" in far_page.evaluate("window.saidOnline")
    far_page.wait_for_selector(LIVE)
    assert far_page.evaluate(f"{PLAYER}.transport") == way


@pytest.mark.parametrize("way", WAYS)
def test_the_network_is_back_before_the_server_is(
    camera: Camera, start: StartServer, far_page: Page, ends: Cable, way: str
) -> None:
    with start(0) as server:
        watch(far_page, server, way)
        ends.pull_out()
        try:
            far_page.wait_for_selector(in_state("reconnecting"))
            server.process.stop(signal.SIGKILL)
        finally:
            ends.plug_in()
        wait_until(far_page, f"{VEIL}.includes('Server not reachable')")
    with start(urlsplit(server.url).port or 0):
        far_page.wait_for_selector(LIVE)


def test_udp_alone_goes_away_and_the_other_way_is_taken(
    camera: Camera, far_server: Server, far_page: Page, ends: Cable
) -> None:
    watch(far_page, far_server, "auto")
    assert far_page.evaluate(f"{PLAYER}.transport") == "webrtc"
    with ends.without_udp():
        far_page.wait_for_selector(in_state("reconnecting"))
        far_page.wait_for_selector(f'{LIVE}[data-player-transport="websocket"]')


def test_a_page_without_network_claims_nothing(
    camera: Camera, far_server: Server, far_page: Page, ends: Cable
) -> None:
    watched = Watched(far_page, f"{far_server.url}/pet-stream/")
    with watched.trouble("cable out") as said:
        ends.pull_out()
        try:
            watched.wait_until_told()
        finally:
            ends.plug_in()
    assert headlines(said)[0] == "No network"
