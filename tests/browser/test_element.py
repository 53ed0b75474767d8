"""`<pet-stream>` in a page of the host: attributes, properties, its life in the DOM."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from tests.camera.camera import Camera

from .chromium import wait_until
from .conftest import Server
from .player import PLAYER, STATE
from .test_live_view import LIVE

pytestmark = pytest.mark.browser

VIEWERS = "fetch('/health').then((r) => r.json()).then((h) => h.webrtc_clients)"


@pytest.fixture
def element(camera: Camera, server: Server, page: Page) -> Page:
    page.goto(server.url)
    page.wait_for_selector(LIVE)
    return page


def test_moved_in_the_page_it_watches_on(element: Page) -> None:
    element.evaluate(
        f"""window.states = [];
        {PLAYER}.addEventListener('pet-stream:state', (event) => states.push(event.detail.state));
        const section = document.body.appendChild(document.createElement('section'));
        section.append({PLAYER});
        document.body.prepend({PLAYER});"""
    )
    before = element.evaluate(f"{PLAYER}.stats()")["framesDecoded"]
    wait_until(
        element,
        f"{PLAYER}.stats().then((stats) => stats.framesDecoded > {before + 30})",
    )
    assert element.evaluate("[states, peers.length]") == [[], 1]


def test_taken_out_it_gives_its_place_back_and_put_in_again_it_watches(element: Page) -> None:
    element.evaluate(f"window.kept = {PLAYER}; kept.remove()")
    wait_until(element, f"{VIEWERS}.then((count) => count === 0)")
    element.evaluate("document.body.append(kept)")
    element.wait_for_selector(LIVE)
    element.evaluate("kept.stop(); kept.remove()")
    element.evaluate("document.body.append(kept)")
    assert element.evaluate(STATE) == "closed", "it was stopped before it was taken out"


def test_another_way_is_taken_when_the_attributes_change(
    element: Page, page_errors: list[str]
) -> None:
    element.evaluate(
        f"""{PLAYER}.setAttribute('transport', 'websocket');
        {PLAYER}.decoder = 'mse';"""
    )
    element.wait_for_selector(f'{LIVE}[data-player-transport="websocket"]')
    assert element.evaluate(f"{PLAYER}.stats()")["way"] == "MSE"
    wait_until(element, f"{VIEWERS}.then((count) => count === 1)")
    element.evaluate(f"{PLAYER}.src = '/nowhere'")
    element.wait_for_selector('pet-stream[data-player-state="reconnecting"]')
    element.close()
    page_errors.clear()  # there is no server


def test_label_and_controls_follow_their_attributes(element: Page) -> None:
    frame, bar = element.locator("pet-stream .frame"), element.locator("pet-stream .controls")
    element.evaluate(f'{PLAYER}.label = "The cat\'s room"')
    assert frame.get_attribute("aria-label") == "The cat's room"
    assert element.evaluate(f"{PLAYER}.getAttribute('label')") == "The cat's room"
    element.evaluate(f"{PLAYER}.removeAttribute('label')")
    assert frame.get_attribute("aria-label") == "Live picture of the camera"
    for script, words in (
        ("PLAYER.lang = 'ja'", "カメラのライブ映像"),
        ("document.documentElement.lang = 'en'", "カメラのライブ映像"),  # its own one counts
        ("PLAYER.removeAttribute('lang')", "Live picture of the camera"),
        ("document.documentElement.lang = 'ja'", "カメラのライブ映像"),
        ("document.documentElement.lang = 'de'", "Live picture of the camera"),
    ):
        element.evaluate(script.replace("PLAYER", PLAYER))
        expect(frame).to_have_attribute("aria-label", words)
    element.evaluate(f"{PLAYER}.controls = 'off'")
    assert bar.is_hidden()
    element.evaluate(f"{PLAYER}.controls = 'on'")
    frame.hover()
    bar.wait_for(state="visible")
    assert element.evaluate("peers.length") == 1, "nothing of this needs a new connection"


def test_without_autoplay_it_waits_for_a_person(camera: Camera, server: Server, page: Page) -> None:
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(server.url)
    page.wait_for_selector(LIVE)
    asked.clear()
    page.evaluate("document.body.innerHTML = '<pet-stream autoplay=\"off\"></pet-stream>'")
    button = page.locator("pet-stream .retry")
    button.wait_for(state="visible")
    assert button.inner_text() == "Show the picture"
    assert not [url for url in asked if url.endswith("/offer")]
    button.click()
    page.wait_for_selector(LIVE)
