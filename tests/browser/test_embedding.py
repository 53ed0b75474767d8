"""`<pet-stream>` in pages of others: it moves nothing, fits in, and says what forbids it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlencode

import pytest
from playwright.sync_api import Page

from tests.camera.camera import Camera

from .chromium import wait_until
from .conftest import Server, running_server
from .player import PLAYER, VEIL
from .test_live_view import LIVE

pytestmark = pytest.mark.browser

LOADER = '<script src="/pet-stream/static/js/pet-stream.js"></script>'
NOTE_SHIFTS = """
window.shifts = [];
new PerformanceObserver((list) => {
    for (const { value } of list.getEntries()) shifts.push(value);
}).observe({ type: "layout-shift", buffered: true });
"""
SYMBOLS = f"""[...{PLAYER}.shadowRoot.querySelectorAll('.control:not([hidden]) svg')].map(
    (svg) => svg.getBBox().width > 0)"""
NOT_ALLOWED = 'pet-stream[data-player-state="not-allowed"]'


def show(page: Page, server: Server, *, head: str = LOADER, player: str, policy: str = "") -> None:
    query = urlencode({"head": head, "player": player, "policy": policy})
    page.goto(f"{server.url}/embedded?{query}")


@pytest.fixture
def other_server(segment_name: str, tmp_path: Path) -> Iterator[Server]:
    """Another origin, which allows pages of none."""
    with running_server(segment_name, tmp_path / "other") as server:
        yield server


def test_nothing_on_the_page_moves(camera: Camera, server: Server, page: Page) -> None:
    page.add_init_script(NOTE_SHIFTS)
    show(page, server, player="<pet-stream></pet-stream>")
    page.wait_for_selector(LIVE)
    assert page.evaluate("shifts") == []


def test_parts_and_fit_are_the_pages_to_choose(camera: Camera, server: Server, page: Page) -> None:
    style = """<style>
        pet-stream { width: 400px; height: 400px; }
        pet-stream::part(badge) { opacity: 0.5; }
    </style>"""
    show(page, server, head=LOADER + style, player='<pet-stream fit="cover"></pet-stream>')
    page.wait_for_selector(LIVE)
    frame = page.locator("pet-stream .frame").bounding_box()
    assert frame is not None
    assert (frame["width"], frame["height"]) == (400, 400)
    styles = f"getComputedStyle({PLAYER}.video).objectFit"
    assert page.evaluate(styles) == "cover"
    page.evaluate(f"{PLAYER}.fit = 'fill'")
    assert page.evaluate(styles) == "fill"
    badge = f"getComputedStyle({PLAYER}.shadowRoot.querySelector('.badge')).opacity"
    assert page.evaluate(badge) == "0.5"
    assert set(page.evaluate(SYMBOLS)) == {True}


def test_a_snapshot_says_that_it_was_saved(camera: Camera, server: Server, page: Page) -> None:
    show(page, server, player="<pet-stream></pet-stream>")
    page.wait_for_selector(LIVE)
    with page.expect_download():
        name = page.evaluate(f"{PLAYER}.snapshot()")
    page.locator("pet-stream .note-over").wait_for(state="visible")
    for said in (".note-over", "[role=status]"):
        assert page.locator(f"pet-stream {said}").inner_text() == f"Picture saved: {name}"
    page.locator("pet-stream .note-over").wait_for(state="hidden")


def test_held_it_keeps_its_picture_and_gives_its_place_back(
    camera: Camera, server: Server, page: Page
) -> None:
    show(page, server, player="<pet-stream></pet-stream>")
    page.wait_for_selector(LIVE)
    page.evaluate(f"{PLAYER}.hold()")
    viewers = "fetch('/health').then((r) => r.json()).then((h) => h.webrtc_clients)"
    wait_until(page, f"{viewers}.then((count) => count === 0)")
    assert page.evaluate(f"[{PLAYER}.state, {PLAYER}.isHeld]") == ["paused", True]
    drawn = f"{PLAYER}.shadowRoot.querySelector('canvas.picture')"
    assert page.evaluate(f"{drawn}.checkVisibility() && {drawn}.width") == 1280
    page.evaluate(f"{PLAYER}.resume()")
    page.wait_for_selector(LIVE)
    assert not page.evaluate(f"{PLAYER}.isHeld")


@pytest.mark.parametrize(
    ("policy", "forbids"),
    [
        ("connect-src 'none'", "connect-src"),
        ("media-src 'self'", "media-src blob:"),
    ],
)
def test_what_a_policy_forbids_is_named(
    camera: Camera, server: Server, page: Page, page_errors: list[str], policy: str, forbids: str
) -> None:
    player = '<pet-stream transport="websocket" decoder="mse"></pet-stream>'
    show(page, server, player=player, policy=policy)
    page.wait_for_selector(NOT_ALLOWED)
    words = page.evaluate(VEIL)
    assert "Content-Security-Policy" in words
    assert forbids in words
    assert any("pet-stream: " in error and forbids in error for error in page_errors)
    page_errors.clear()


def test_a_server_that_does_not_allow_the_page_is_told_apart_from_one_that_is_gone(
    server: Server, other_server: Server, page: Page, page_errors: list[str]
) -> None:
    show(page, server, player=f'<pet-stream src="{other_server.url}"></pet-stream>')
    page.wait_for_selector(NOT_ALLOWED)
    assert "other sites may not show it" in page.evaluate(VEIL)
    page_errors.clear()  # of CORS
